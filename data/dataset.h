/* Datasets: numbered pictures with labels. */
#ifndef LATHE_DATA_DATASET_H
#define LATHE_DATA_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_dataset lathe_dataset;

typedef enum lathe_split { LATHE_SPLIT_TRAIN, LATHE_SPLIT_TEST } lathe_split;

/** One sample: a picture of 8-bit numbers, channel after channel, row after row, and its class. */
typedef struct lathe_sample {
    const uint8_t *pixels; /* [C, H, W]; lives as long as the data set, or as `scratch` given to read */
    int channels, height, width;
    int label;
} lathe_sample;

/** A kind of data set: a name and how to read one sample. */
typedef struct lathe_dataset_type {
    const char *name;
    /**
     * Sample `index` into *sample. `scratch` has room for one picture (channels*height*width bytes) and may hold its pixels.
     * Called from several threads at once. Errors: LATHE_EIO, LATHE_EFORMAT.
     */
    lathe_status (*read)(const lathe_dataset *data, size_t index, uint8_t *scratch, lathe_sample *sample);
    void (*close)(lathe_dataset *data); /* give back what `state` owns; NULL: nothing */
} lathe_dataset_type;

/** A data set. Read its fields as you like. */
struct lathe_dataset {
    const lathe_dataset_type *type;
    char *name;                     /* "fashion-mnist" */
    size_t count;
    int channels, height, width;    /* of every sample */
    int classes;
    const char *const *class_names; /* [classes] */
    const int *labels;              /* [count], known without decoding a picture */
    double mean[4], std[4];         /* of each channel, of pixels scaled to 0 ... 1: for normalisation */
    size_t skipped;                 /* files left out because they could not be read ... */
    const char *const *skipped_why; /* [skipped]: ... and the message of each */
    void *state;                    /* the kind's own */
};

/** Close a data set. NULL is fine. Subsets and loaders made from it must be freed before. */
void lathe_data_free(lathe_dataset *data);

/** Sample `index`, as the type's read. Errors: LATHE_EARG beyond the end. */
lathe_status lathe_data_read(const lathe_dataset *data, size_t index, uint8_t *scratch, lathe_sample *sample);

#ifdef __cplusplus
}
#endif
#endif
