/* Whole runs that take milliseconds: a net of 120 numbers on 50 pictures of 6 x 6, for tests of what happens
 * around the training. */
#ifndef LATHE_TESTS_TINY_H
#define LATHE_TESTS_TINY_H

#include "folder.h"
#include "support.h"

/** Convolution, batch norm, dropout, linear. tiny_settings registers it. */
extern const lathe_model_type tiny_model;

/** A key of the settings and its text. Lists end in a NULL key. */
typedef struct tiny_pair {
    const char *key, *text;
} tiny_pair;

/**
 * Settings of a run into the test's folder "out" (NULL: into none): 40 pictures in batches of 4, so 10 steps
 * an epoch, 10 more for validation, 4 for the test, flipped and cropped at random, with `pairs` (NULL: none)
 * set after that. Writes the pictures when called first.
 */
lathe_settings tiny_settings(const char *out, const tiny_pair *pairs);

/** Set a key or fail the test. */
void tiny_set(lathe_settings *settings, const char *key, const char *text);

/** Train from the settings to the end; fails the test on a failure. The caller frees the run. */
lathe_run *tiny_train(const lathe_settings *settings);

/** The same, but stop and save after step `last`; the run is freed. */
void tiny_train_until(const lathe_settings *settings, uint64_t last);

/** Fail unless the files of two runs in the test's folder have the same bytes; `what` begins the message. */
void tiny_assert_same(const char *what, const char *a, const char *b, const char *name);

/** The same for steps.csv, epochs.csv, log.jsonl, last.safetensors and best.safetensors. */
void tiny_assert_same_runs(const char *what, const char *a, const char *b);

/** Does a file's tensor of that name, which must be there, hold these numbers, bit for bit? At most 128. */
bool tiny_holds(const lathe_safetensors *file, const char *name, const lathe_real *numbers, size_t count);

/** True in the long ring, LATHE_TEST_LONG in the environment: every point, not a sample of them. */
bool tiny_long(void);

#endif
