/* The functions that binding.js calls. Texts are UTF-8, ended by a zero; settings are lines "key=value". */
#ifndef LATHE_PLAYGROUND_EXPORTS_H
#define LATHE_PLAYGROUND_EXPORTS_H

#include <stdbool.h>
#include <stdint.h>

/** The reason why the last call failed; "" if it did not. */
const char *engine_message(void);

/**
 * What can be chosen, and what the pictures are, as JSON: version, models, optimizers, schedulers, classes,
 * image, train, val. NULL after a failure. Valid until the next call.
 */
const char *engine_about(void);

/**
 * The learning rate and the momentum of each step, [steps], of the schedule in these settings, which are
 * changed. engine_notes then has lathe's notes about the schedule, one a line.
 */
bool engine_preview(char *settings, double steps_per_epoch, int steps, float *lr, float *momentum);
const char *engine_notes(void);

/** Begin a run with these settings, which are changed. The former run ends, also after a failure. */
bool engine_configure(char *settings);

/** Steps made so far, and pictures trained on, which a rewind does not take back. */
int engine_at(void);
double engine_images(void);

/** Give the run another schedule from the present step on. After a failure it keeps its own. */
bool engine_schedule(char *settings);

/** What engine_step did. A step with a non-finite loss or gradient changes no weight: the run has stopped. */
enum { ENGINE_MADE, ENGINE_FAILED, ENGINE_STOPPED };

/** Make one step. row: its loss, learning rate and momentum. */
int engine_step(double row[3]);
const char *engine_why_stopped(void);

/** Loss and accuracy on the first `count` validation pictures; 0: on all. */
bool engine_evaluate(int count, double scores[2]);

/** Restore the last snapshot at or before `step` and forget the later ones. Returns its step; -1: failure. */
int engine_rewind(int step);

/** The first layer's weights: size becomes count, height, width. Valid until the next call; NULL: failure. */
const float *engine_filters(int size[3]);

/**
 * Find the `most` validation pictures of which the net is surest, and wrong. Returns their number, -1 after a
 * failure. Their numbers lie in `mistake`: [most, 2] label and prediction; `probability` [most]; `pixels`
 * [most, height * width].
 */
int engine_mistakes(int most, int *mistake, double *probability, uint8_t *pixels);

/**
 * Loss and accuracy [points, 2] on the first `count` validation pictures, on the straight line between the
 * weights of the last snapshots at or before two steps. Running statistics between the ends are computed
 * anew. The run stays as it is.
 */
bool engine_line(int step_a, int step_b, int points, int count, double *scores);

#endif
