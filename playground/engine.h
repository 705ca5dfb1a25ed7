/*
 * The engine of the playground: one run on the page's pictures, driven step by step. It is compiled to
 * WebAssembly; playground/page reaches it through binding.js. It uses lathe's public headers alone.
 *
 * A step is lathe_learner_step on the next batch of the feed, as in `lathe train`. So the same settings give
 * the same curve there. Functions that can fail return false or NULL; lathe_error_message has the reason.
 */
#ifndef LATHE_PLAYGROUND_ENGINE_H
#define LATHE_PLAYGROUND_ENGINE_H

#include <lathe/lathe.h>

/** The run. Everything is NULL or 0 before engine_configure. */
typedef struct engine {
    lathe_settings settings;
    uint64_t steps; /* the run's length, for schedules that need it */
    double steps_per_epoch;
    int schedule; /* counts the schedules that this run has had */
    lathe_feed *feed;
    lathe_model *model;
    lathe_layer *net;
    lathe_optim *optim;
    lathe_sched *sched;
    lathe_task *task;
    lathe_learner *learner;
    lathe_dataset *some; /* the first `some_count` validation pictures */
    size_t some_count;
} engine;

/** The engine of this WebAssembly instance. */
extern engine the_engine;

/** Where binding.js puts the four files of the pictures. */
#define ENGINE_DATA "fashion-mnist:/data"

/** Loss and accuracy on the first `count` validation pictures; 0: on all. */
bool engine_score(size_t count, lathe_score *score);

/** Keep the run's state after its present step; a snapshot of the same step is replaced. */
bool engine_keep(void);

/** Forget all snapshots. */
void engine_forget(void);

#endif
