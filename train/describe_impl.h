/* Private: what a checkpoint says about the data its numbers are of, as texts of its metadata, and back. */
#ifndef LATHE_TRAIN_DESCRIBE_IMPL_H
#define LATHE_TRAIN_DESCRIBE_IMPL_H

#include "../data/dataset.h"

/** A text of the metadata. `of` gives it for a data set, to be given to lathe_free. Errors: LATHE_ENOMEM:
 * NULL. */
typedef struct lathe_description {
    const char *key;
    char *(*of)(const lathe_dataset *data);
    bool counts; /* says how much there is, not what it means: another data set may differ in it */
} lathe_description;

/** Number `index` of all; NULL after the last. */
const lathe_description *lathe_description_at(int index);

#endif
