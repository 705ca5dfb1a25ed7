/* Private: who reads a data set. */
#ifndef LATHE_DATA_DATASET_IMPL_H
#define LATHE_DATA_DATASET_IMPL_H

#include "dataset.h"

/** Count a loader or a subset that reads `data`, from any thread. lathe_data_free then waits for it. */
void lathe_data_hold(const lathe_dataset *data);

/** The end of lathe_data_hold. Frees data that lathe_data_free was called for. NULL is fine. */
void lathe_data_release(const lathe_dataset *data);

#endif
