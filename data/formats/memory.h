/* A data set in memory: your own arrays. The readers of MNIST and CIFAR use it too. */
#ifndef LATHE_DATA_FORMATS_MEMORY_H
#define LATHE_DATA_FORMATS_MEMORY_H

#include "../dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A description of the pictures. Sizes and `count` are required. */
typedef struct lathe_memory_opts {
    const char *name;               /* NULL: "memory" */
    size_t count;                   /* pictures */
    int channels, height, width;    /* of each; channels 1 ... 4 */
    int classes;                    /* at most 65536; 0: the largest label + 1 */
    const char *const *class_names; /* [classes], copied; NULL: "0", "1", ... */
    const char *task;               /* a name that lives on; NULL: "classify" */
    const double *mean, *std;       /* [channels]; both NULL: measured from the pixels */
} lathe_memory_opts;

/**
 * A data set of `count` pictures: pixels [count, C, H, W], labels [count], both copied.
 * Errors   LATHE_EARG (sizes, a label outside 0 ... classes-1, std <= 0), LATHE_ENOMEM: returns NULL.
 * Same as  torch.utils.data.TensorDataset
 */
lathe_dataset *lathe_data_memory(const uint8_t *pixels, const int *labels, const lathe_memory_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
