/* IDX files, the format of MNIST and Fashion-MNIST: plain or gzipped. */
#ifndef LATHE_DATA_FORMATS_IDX_H
#define LATHE_DATA_FORMATS_IDX_H

#include "../dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the two files do not say. NULL or zeros: class names "0", "1", ..., mean and std measured. */
typedef struct lathe_idx_opts {
    const char *name;               /* NULL: the name of the pictures' file */
    int classes;                    /* 1 ... 65536; 0: up to the largest label */
    int first_label;                /* label of the first class: 1 in EMNIST's letters; 0 ... 255 */
    const char *const *class_names; /* [classes] */
    const double *mean, *std;       /* [1] */
    /** With mean and std: keep the unpacked pictures of a gzipped file in the user's cache folder. */
    bool cache;
    /** Keep them in memory, too, if they need at most this; 0: 1 GiB, 1: read each from the cache folder. */
    size_t cache_bytes;
} lathe_idx_opts;

/**
 * Pictures and labels from two IDX files. The content of a file decides whether it is gzipped.
 *
 *     pictures  00 00 08 03, count, rows, columns (four bytes each, highest first), then a byte a pixel
 *     labels    00 00 08 01, count, then a byte a label
 *
 * Memory   the unpacked pictures, unless they are read from the cache folder. A size in a header is allocated
 *          only if the file's length agrees with it.
 * Errors   LATHE_EIO; LATHE_EFORMAT with the file's name and the reason: another magic number or element
 *          type, no pictures, a size of 0 or above 16,384, a length that does not fit the header, truncated
 *          or damaged gzip data, trailing bytes, different counts, a label out of range. Returns NULL.
 * Source   http://yann.lecun.com/exdb/mnist/
 */
lathe_dataset *lathe_data_idx(const char *pictures, const char *labels, const lathe_idx_opts *opts);

/**
 * Fashion-MNIST: 60,000 + 10,000 grey pictures of clothing, 28x28, 10 classes.
 *
 * The unpacked pictures are kept in the folder lathe of the user's cache folder, so that the next run starts
 * at once. The environment variable LATHE_CACHE names another folder, or is "off".
 * dir      the folder of train-images-idx3-ubyte[.gz] and the other files. NULL: fashion-mnist in the folder
 *          that the environment variable LATHE_DATA names, or in /usr/share/datasets, where Debian's
 *          dataset-fashion-mnist puts it.
 * Source   H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST", arXiv:1708.07747.
 * Same as  torchvision.datasets.FashionMNIST
 */
lathe_dataset *lathe_data_fashion_mnist(const char *dir, lathe_split split);

/**
 * MNIST: 60,000 + 10,000 handwritten digits, 28x28. `dir` as above; the default folder is called mnist.
 *
 * Sets of other classes in the same form, such as EMNIST, are read too: with labels above 9 the classes are
 * those up to the largest training label. They begin with class 1 if no training label is 0. mean and std are
 * then measured. The path may end with the beginning of the files' names, as in "DIR/emnist-letters" for
 * emnist-letters-train-images-idx3-ubyte.gz and emnist-letters-test-images-idx3-ubyte.gz.
 */
lathe_dataset *lathe_data_mnist(const char *dir, lathe_split split);

#ifdef __cplusplus
}
#endif
#endif
