/* Private: which samples a split holds out. */
#ifndef LATHE_DATA_SPLIT_IMPL_H
#define LATHE_DATA_SPLIT_IMPL_H

#include "split.h"

/**
 * Mark the held out samples in held [data->count]. Uses name, count, classes and labels. Errors:
 * lathe_data_split.
 */
lathe_status lathe_split_mark(const lathe_dataset *data, const lathe_split_opts *opts, bool *held);

#endif
