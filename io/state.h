/*
 * State: what a checkpoint holds of an object, and how the object gets it back. Whoever writes checkpoints
 * knows this interface alone; the objects (a learner, a feed, your own) know nothing of files or folders.
 */
#ifndef LATHE_IO_STATE_H
#define LATHE_IO_STATE_H

#include "safetensors.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Tensors and texts of a checkpoint while they are gathered. Zeros are an empty one. */
typedef struct lathe_notes {
    lathe_saved *tensor;
    lathe_metadata *text;
    int tensors, texts;
    int tensor_room, text_room;
    lathe_status status; /* the first failure; after it nothing more is added */
} lathe_notes;

/** Add a text, which is copied; the key must live as long as the notes. NULL stands for a failure to make the
 * text. */
void lathe_notes_text(lathe_notes *notes, const char *key, const char *text);

/** Add a count. */
void lathe_notes_count(lathe_notes *notes, const char *key, uint64_t count);

/** Add `numbers` [count] as lathe_numbers_text writes them. */
void lathe_notes_numbers(lathe_notes *notes, const char *key, const double *numbers, int count);

/**
 * Add a tensor of the name "PREFIXNAME" with the numbers `values` in the tensor's shape; NULL: its own
 * numbers. `prefix` (NULL: none), the tensor and the numbers must live until lathe_notes_write.
 */
void lathe_notes_tensor(lathe_notes *notes, const char *prefix, const lathe_tensor *tensor,
    const lathe_real *values);

/**
 * Write them as a safetensors file. Errors: the first failure to add, or those of lathe_safetensors_write.
 */
lathe_status lathe_notes_write(const lathe_notes *notes, const char *path);

/** Give back what they hold; they are empty then. */
void lathe_notes_free(lathe_notes *notes);

/** The count that a text of the file's metadata holds. Errors: LATHE_EFORMAT naming the file and the key. */
lathe_status lathe_noted_count(const lathe_safetensors *file, const char *key, uint64_t *count);

/** The numbers [count] that such a text holds. Errors: LATHE_EFORMAT naming the file and the key. */
lathe_status lathe_noted_numbers(const lathe_safetensors *file, const char *key, double *numbers, int count);

/** How an object is saved and restored. All functions but `save` may be NULL. */
typedef struct lathe_state {
    const char *name; /* for messages: "learner" */
    void *object;     /* given to the functions; must outlive its use */
    /**
     * The tensors [*count] that are the trained model: a file of the best weights holds them and no others.
     */
    lathe_tensor *const *(*tensors)(void *object, int *count);
    /**
     * Give those tensors the values that are evaluated, such as averages, or (`enter` false) their own again.
     */
    lathe_status (*evaluated)(void *object, bool enter);
    /**
     * Add what a checkpoint holds beside the tensors. Without `whole` only what tells what the tensors are.
     */
    void (*save)(void *object, lathe_notes *notes, bool whole);
    /** Does the file belong to this object? Nothing is changed. Errors: LATHE_EFORMAT, LATHE_EARG. */
    lathe_status (*check)(const void *object, const lathe_safetensors *file);
    /**
     * Restore what `save` has saved. The tensors are restored before. Errors: LATHE_EFORMAT, LATHE_ESHAPE.
     */
    lathe_status (*load)(void *object, const lathe_safetensors *file);
} lathe_state;

#ifdef __cplusplus
}
#endif
#endif
