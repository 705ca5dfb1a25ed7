/* Private: what a checkpoint says about the data its numbers are of, as texts of its metadata, and back. */
#ifndef LATHE_TRAIN_DESCRIBE_IMPL_H
#define LATHE_TRAIN_DESCRIBE_IMPL_H

#include "../core/arena.h"
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

/** Numbers with commas between them, such that they read back. */
char *lathe_numbers_text(const double *numbers, int count);

/** `count` numbers with commas between, up to a line's end or the text's, where *text is then. False if there
 * are not so many. */
bool lathe_numbers_read(const char **text, double *numbers, int count);

/**
 * Names one a line, back into the arena: *names [*count]. In a name a backslash begins an escape: \\, \n,
 * \xHH for each byte that is no text. Errors: LATHE_EFORMAT (an escape that is none, no name), LATHE_ENOMEM.
 */
lathe_status lathe_names_read(lathe_arena *arena, const char *text, const char *const **names, int *count);

/** The word for a task, as the metadata has it; and back, false if there is none of that word. */
const char *lathe_task_name(lathe_task task);
bool lathe_task_find(const char *name, lathe_task *task);

#endif
