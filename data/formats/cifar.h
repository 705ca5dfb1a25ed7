/* CIFAR-10 and CIFAR-100 in their binary form. */
#ifndef LATHE_DATA_FORMATS_CIFAR_H
#define LATHE_DATA_FORMATS_CIFAR_H

#include "../dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * CIFAR-10: 50,000 + 10,000 colour pictures of 32x32 in 10 classes. The files are data_batch_1.bin to
 * data_batch_5.bin, or test_batch.bin, plain or gzipped. Each is a list of records: a label, then 1,024 red,
 * 1,024 green and 1,024 blue bytes, row by row. A file may have any number of records.
 *
 * dir      their folder. NULL: cifar10 in the folder that the environment variable LATHE_DATA names, or in
 *          /usr/share/datasets.
 * Errors   LATHE_EIO; LATHE_EFORMAT with the file's name and the reason: no records, a length that is not a
 *          multiple of 3,073, a label above 9, damaged gzip data. Returns NULL.
 * Source   A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009;
 *          https://www.cs.toronto.edu/~kriz/cifar.html
 * Same as  torchvision.datasets.CIFAR10
 */
lathe_dataset *lathe_data_cifar10(const char *dir, lathe_split split);

/** CIFAR-100, in train.bin and test.bin: 100 classes. The coarse label of each record is skipped. */
lathe_dataset *lathe_data_cifar100(const char *dir, lathe_split split);

#ifdef __cplusplus
}
#endif
#endif
