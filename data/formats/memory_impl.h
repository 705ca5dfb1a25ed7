/* Private: what the formats share. */
#ifndef LATHE_DATA_FORMATS_MEMORY_IMPL_H
#define LATHE_DATA_FORMATS_MEMORY_IMPL_H

#include "../open.h"
#include "../pictures/image.h"
#include "memory.h"

/** The largest number of classes. */
#define LATHE_DATA_CLASSES_MAX 65536

/**
 * As lathe_data_memory, but the data set takes over the arrays (from lathe_alloc), also after a failure. The
 * caller has checked the labels, because its messages can name a file. opts->classes is not 0.
 */
lathe_dataset *lathe_data_adopt(uint8_t *pixels, int *labels, const lathe_memory_opts *opts);

/** Copies of the names in one block, for lathe_free; "0", "1", ... for NULL. Errors: LATHE_ENOMEM: NULL. */
const char *const *lathe_data_names(const char *const *names, int count);

/**
 * Mean and standard deviation of each channel of pixels [count, channels, area] / 255; std is at least 1/255.
 */
void lathe_data_moments(const uint8_t *pixels, size_t count, int channels, size_t area, double *mean,
    double *std);

/** Check that the options only ask for the set's own pictures of size x size. Errors: LATHE_EARG. */
lathe_status lathe_data_fixed(const char *name, const lathe_data_opts *opts, int size, int channels);

#endif
