/*
 * State: what a checkpoint stores of an object, and how the object gets it back. The writer of checkpoints
 * knows only this interface. The objects (a learner, a feed, your own) know nothing of files or folders.
 */
#ifndef LATHE_IO_STATE_H
#define LATHE_IO_STATE_H

#include "safetensors.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Tensors and texts of a checkpoint under construction. Zeros are empty notes. */
typedef struct lathe_notes {
    lathe_saved *tensor;
    lathe_metadata *text;
    int tensors, texts;
    int tensor_room, text_room;
    lathe_status status; /* the first failure; after it nothing is added */
} lathe_notes;

/**
 * Add a text, which is copied. The key must live as long as the notes. NULL means that the text could not be
 * made.
 */
void lathe_notes_text(lathe_notes *notes, const char *key, const char *text);

/** Add a count. */
void lathe_notes_count(lathe_notes *notes, const char *key, uint64_t count);

/** Add `numbers` [count] in the form of lathe_numbers_text. */
void lathe_notes_numbers(lathe_notes *notes, const char *key, const double *numbers, int count);

/**
 * Add a tensor named PREFIX and NAME with the numbers `values` in the tensor's shape (NULL: its own numbers).
 * `prefix` (may be NULL), the tensor and the numbers must live until lathe_notes_write.
 */
void lathe_notes_tensor(lathe_notes *notes, const char *prefix, const lathe_tensor *tensor,
    const lathe_real *values);

/** Check that the notes can be written. Errors: those of lathe_safetensors_writable. */
lathe_status lathe_notes_check(const lathe_notes *notes);

/**
 * Write the notes as a safetensors file. Errors: the first failure to add, or those of
 * lathe_safetensors_write.
 */
lathe_status lathe_notes_write(const lathe_notes *notes, const char *path);

/** The bytes of that file, for lathe_free. Errors: those of lathe_safetensors_bytes: returns NULL. */
char *lathe_notes_bytes(const lathe_notes *notes, size_t *size);

/** Free the contents; the notes are empty then. */
void lathe_notes_free(lathe_notes *notes);

/** The count in a text of the file's metadata. Errors: LATHE_EFORMAT naming the file and the key. */
lathe_status lathe_noted_count(const lathe_safetensors *file, const char *key, uint64_t *count);

/** The numbers [count] in such a text. Errors: LATHE_EFORMAT naming the file and the key. */
lathe_status lathe_noted_numbers(const lathe_safetensors *file, const char *key, double *numbers, int count);

/** How an object is saved and restored. Every function but `save` may be NULL. */
typedef struct lathe_state {
    const char *name; /* for messages: "learner" */
    void *object;     /* argument of the functions; must outlive its use */
    /** The tensors [*count] of the trained model. A file of the best weights has these tensors only. */
    lathe_tensor *const *(*tensors)(void *object, int *count);
    /**
     * Gives these tensors the values that are evaluated, such as averages; with `enter` false their own
     * values again.
     */
    lathe_status (*evaluated)(void *object, bool enter);
    /**
     * Adds what a checkpoint stores besides the tensors. Without `whole`, only the description of the
     * tensors.
     */
    void (*save)(void *object, lathe_notes *notes, bool whole);
    /** Checks that the file belongs to this object. Nothing changes. Errors: LATHE_EFORMAT, LATHE_EARG. */
    lathe_status (*check)(const void *object, const lathe_safetensors *file);
    /** Restores what `save` has stored, after the tensors. Errors: LATHE_EFORMAT, LATHE_ESHAPE. */
    lathe_status (*load)(void *object, const lathe_safetensors *file);
} lathe_state;

#ifdef __cplusplus
}
#endif
#endif
