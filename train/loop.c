/*
 * The loop: steps, epochs, evaluation. It knows feed, learner and keeper, which do not know
 * each other.
 */
#include <string.h>

#include "../core/exchange.h"
#include "run_impl.h"

/* ---- a step -------------------------------------------------------------------------------------------- */

/* The next batch of the feed, or with `features` (NULL: none) one of known features. */
static bool next_batch(lathe_feed *feed, lathe_features *features, lathe_batch *batch)
{
    return features ? lathe_features_next(features, batch) : lathe_feed_next(feed, batch);
}

static lathe_status batch_status(const lathe_feed *feed, const lathe_features *features)
{
    return features ? lathe_features_status(features) : lathe_feed_status(feed);
}

static lathe_status make_step(lathe_feed *feed, lathe_features *features, lathe_learner *learner,
    int accumulate, lathe_step_row *row, bool *more)
{
    double samples;
    lathe_batch batch;
    const uint64_t batches = lathe_feed_share(feed, (uint64_t)accumulate, &samples);
    *more = next_batch(feed, features, &batch);
    if (!*more) return batch_status(feed, features);
    lathe_status status = lathe_learner_begin(learner, samples);
    for (uint64_t i = 0; i < batches && !status; i++) {
        if (i && !next_batch(feed, features, &batch)) return batch_status(feed, features);
        status = lathe_learner_add(learner, &batch);
    }
    return status ? status : lathe_learner_finish(learner, row);
}

lathe_status lathe_train_step(lathe_feed *feed, lathe_learner *learner, int accumulate, lathe_step_row *row,
    bool *more)
{
    if (!feed || !learner || !row || !more)
        return lathe_fail_null("lathe_train_step",
            !feed        ? "feed" :
                !learner ? "learner" :
                !row     ? "row" :
                           "more");
    if (accumulate < 1)
        return lathe_fail(LATHE_EARG, "lathe_train_step: accumulate = %d is below 1", accumulate);
    return make_step(feed, NULL, learner, accumulate, row, more);
}

/* What a process sees alone after a step, and all must know: a failure, a signal, a clock. */
enum { FAILED = 1, LAST = 2, SAVE = 4 };

static lathe_status finish_step(lathe_run *run, const lathe_step_row *row)
{
    const lathe_exchange *exchange = run->state->exchange;
    if (run->learner->stopped) run->end = LATHE_RUN_NAN;
    const double now = lathe_run_clock();
    run->seconds = now - run->state->began;
    if (run->seconds_to_first_step == 0) run->seconds_to_first_step = now - run->state->opened;
    lathe_status status = lathe_keeper_step(run->keeper, row);
    uint64_t flags = status ? FAILED : 0;
    if (run->hooks.on_step && !run->hooks.on_step(run->hooks.context, run, row)) flags |= LAST;
    if (lathe_exchange_is_first(exchange) && lathe_keeper_is_due(run->keeper)) flags |= SAVE;
    if (lathe_exchange_agree(exchange, &flags)) return lathe_error();
    run->state->save_is_due = flags & SAVE;
    if (flags & LAST && run->end == LATHE_RUN_OPEN && run->learner->step < run->total_steps)
        run->end = LATHE_RUN_INTERRUPTED;
    return flags & FAILED ? lathe_exchange_settle(exchange, status) : LATHE_OK;
}

/* Save, in rank 0's folder. All know whether it could. */
static lathe_status save(lathe_run *run, bool also_step)
{
    return lathe_exchange_settle(run->state->exchange, lathe_keeper_save(run->keeper, also_step));
}

bool lathe_run_at_epoch_end(const lathe_run *run)
{
    return run->learner->step % lathe_run_epoch_steps(run) == 0;
}

bool lathe_run_at_end(const lathe_run *run) { return run->learner->step >= run->total_steps; }

/* Returns true if the weights of the present step were found to be the best. */
static bool is_best(const lathe_run *run)
{
    return run->keeper->has_best && run->keeper->best_step == run->learner->step;
}

/* Returns false if the weights are non-finite. The run then ends, and the former checkpoint stays. */
static bool weights_are_finite(lathe_run *run)
{
    bool finite = lathe_learner_is_finite(run->learner);
    if (!finite) run->end = LATHE_RUN_NAN;
    return finite;
}

/* ---- an epoch ------------------------------------------------------------------------------------------ */

/*
 * Give the schedule the value of validation, or of training without a validation set: the loss, or the task's
 * first metric if the schedule wants more.
 */
static void observe(lathe_run *run, const lathe_epoch_row *row)
{
    lathe_sched *sched = run->learner->sched;
    bool val = run->feed->val;
    double loss = val ? row->val_loss : row->train_loss, first = val ? row->val[0] : row->train[0];
    if (run->learner->task->type->metrics[0].lower_is_better) first = -first;
    lathe_sched_observe(sched, lathe_sched_wants_more(sched) ? first : loss);
}

/* State of a partial epoch, restored if the run continues as if it had not ended. */
typedef struct partial {
    lathe_average loss;
    uint64_t waited;
    double reference, sched[LATHE_SCHED_STATE];
} partial;

static partial partial_so_far(const lathe_run *run)
{
    const lathe_learner *learner = run->learner;
    partial p = { learner->loss, run->state->waited, run->state->reference, { 0 } };
    memcpy(run->state->kept, learner->counted, learner->task->numbers * sizeof *learner->counted);
    memcpy(p.sched, lathe_sched_state(learner->sched), sizeof p.sched);
    return p;
}

static void restore_partial(lathe_run *run, const partial *p)
{
    lathe_learner *learner = run->learner;
    learner->loss = p->loss;
    memcpy(learner->counted, run->state->kept, learner->task->numbers * sizeof *learner->counted);
    run->state->waited = p->waited;
    run->state->reference = p->reference;
    memcpy(lathe_sched_state(learner->sched), p->sched, sizeof p->sched);
    lathe_sched_seek(learner->sched, lathe_sched_steps(learner->sched));
}

static lathe_status finish_epoch(lathe_run *run, uint64_t epoch, double seconds, uint64_t images)
{
    const partial before = partial_so_far(run);
    double start = lathe_run_clock();
    lathe_score val = lathe_score_none();
    lathe_epoch_row row = { .epoch = epoch,
        .step = run->learner->step,
        .images_per_second = (double)images / seconds };
    lathe_status status = lathe_learner_average_enter(run->learner);
    if (!status && run->feed->val) status = lathe_run_evaluate(run, run->feed->val, NULL, &val);
    lathe_learner_epoch(run->learner, &row);
    row.val_loss = val.loss;
    memcpy(row.val, val.metric, sizeof row.val);
    if (!status && lathe_run_at_epoch_end(run)) status = lathe_run_eval_epoch(run, &val);
    row.seconds = seconds + run->state->measuring + lathe_run_clock() - start;
    if (!status) status = lathe_keeper_epoch(run->keeper, &row);
    if (!status) observe(run, &row);
    if (!status) status = lathe_run_judge_epoch(run, &row);
    lathe_learner_average_leave(run->learner);
    if (!lathe_run_at_epoch_end(run)) restore_partial(run, &before);
    if (!status) status = save(run, run->end == LATHE_RUN_OPEN && lathe_keeper_is_due(run->keeper));
    if (!status && run->hooks.on_epoch) run->hooks.on_epoch(run->hooks.context, run, &row);
    return status;
}

/* After a step within an epoch: measure and save, if it is time. The best weights are saved at once. */
static lathe_status finish_inner_step(lathe_run *run)
{
    lathe_status status = LATHE_OK;
    if (run->end == LATHE_RUN_NAN || lathe_run_at_epoch_end(run)) return LATHE_OK;
    if (lathe_run_eval_is_due(run)) status = lathe_run_eval(run);
    if (status || lathe_run_at_end(run)) return status; /* the loop's end saves */
    const bool due = run->state->save_is_due;
    if (run->end != LATHE_RUN_OPEN || (!due && !is_best(run)) || !weights_are_finite(run)) return LATHE_OK;
    return save(run, due);
}

/* Train from the present step to the end of the epoch, or of the run. */
static lathe_status train_epoch(lathe_run *run)
{
    lathe_status status = LATHE_OK;
    double start = lathe_run_clock();
    bool more = true;
    uint64_t images = run->learner->images, epoch = run->learner->step / lathe_run_epoch_steps(run);
    run->state->measuring = 0;
    while (!status && run->end == LATHE_RUN_OPEN && !lathe_run_at_end(run)) {
        lathe_step_row row;
        bool looks;
        status = lathe_run_unfreeze(run);
        if (!status) status = lathe_run_probe_begin(run, &looks);
        if (!status)
            status = make_step(run->feed, run->state->features, run->learner, run->settings.accumulate, &row,
                &more);
        if (status || !more) break;
        status = finish_step(run, &row);
        if (!status && looks) status = lathe_run_probe_end(run);
        if (!status) status = lathe_run_keep_cycle(run);
        if (!status) status = finish_inner_step(run);
    }
    double seconds = lathe_run_clock() - start - run->state->measuring;
    run->train_seconds += seconds;
    if (status || run->end == LATHE_RUN_NAN || !weights_are_finite(run)) return status;
    if (lathe_run_at_epoch_end(run) || lathe_run_at_end(run))
        return finish_epoch(run, epoch, seconds, run->learner->images - images);
    return save(run, false);
}

/* ---- the test ------------------------------------------------------------------------------------------ */

/* Returns true if the run is tested with the stored best weights, not with the net's own. */
static bool tests_kept_weights(const lathe_run *run)
{
    return run->feed->val && run->keeper->has_best && !run->state->restored;
}

lathe_status lathe_run_tested_enter(lathe_run *run)
{
    if (!run) return lathe_fail_null("lathe_run_tested_enter", "run");
    if (tests_kept_weights(run)) return lathe_keeper_swap_best(run->keeper);
    return run->state->restored ? LATHE_OK : lathe_learner_average_enter(run->learner);
}

void lathe_run_tested_leave(lathe_run *run)
{
    if (!run) return;
    lathe_learner_average_leave(run->learner);
    if (tests_kept_weights(run)) lathe_keeper_swap_best(run->keeper);
}

/* Test the run. After an early stop the net keeps the best weights. */
static lathe_status test(lathe_run *run)
{
    bool best = tests_kept_weights(run);
    lathe_status status = lathe_run_tested_enter(run);
    if (!status) status = lathe_run_evaluate(run, run->feed->test, NULL, &run->test_score);
    run->state->restored = best && run->end == LATHE_RUN_EARLY_STOP;
    lathe_run_tested_leave(run);
    return status;
}

/* ---- the run ------------------------------------------------------------------------------------------- */

/* Prepare the first step, or the step after the present one. */
static lathe_status prepare(lathe_run *run)
{
    const lathe_keeper *keeper = run->keeper;
    const uint64_t done = run->learner->batches;
    lathe_status status = LATHE_OK;
    run->end = LATHE_RUN_OPEN;
    run->learner->stopped = false;
    if (run->state->restored) status = lathe_keeper_swap_best(run->keeper);
    run->state->restored = false;
    lathe_tape_seed(run->learner->tape, run->settings.seed, done);
    if (!status && done) status = lathe_feed_seek(run->feed, done);
    if (!status) status = lathe_run_open_features(run);
    bool is_part = lathe_keeper_whole_epochs(keeper) < keeper->history.epochs;
    if (!status && is_part && !lathe_run_at_end(run)) status = lathe_keeper_drop_part(run->keeper);
    if (lathe_run_has_stopped_early(run)) run->end = LATHE_RUN_EARLY_STOP;
    /* A run that ended within an epoch and is resumed must write that epoch's row again. */
    bool ends_here = run->learner->step == run->total_steps && !lathe_run_at_epoch_end(run) && !is_part;
    if (!status && ends_here)
        status = finish_epoch(run, run->learner->step / lathe_run_epoch_steps(run), 0, 0);
    return status;
}

static const char *end_name(lathe_run_end end)
{
    switch (end) {
    case LATHE_RUN_COMPLETE: return "complete";
    case LATHE_RUN_EARLY_STOP: return "early_stop";
    case LATHE_RUN_INTERRUPTED: return "interrupted";
    case LATHE_RUN_NAN: return "nan";
    default: return "open";
    }
}

lathe_status lathe_run_train(lathe_run *run)
{
    if (!run) return lathe_fail_null("lathe_run_train", "run");
    run->state->began = lathe_run_clock() - run->seconds;
    lathe_status status = lathe_run_check_batches(run);
    if (!status) status = prepare(run);
    while (!status && run->end == LATHE_RUN_OPEN && !lathe_run_at_end(run)) status = train_epoch(run);
    if (!status && run->end == LATHE_RUN_OPEN) run->end = LATHE_RUN_COMPLETE;
    if (!status && run->end == LATHE_RUN_NAN)
        status = lathe_keeper_flush(run->keeper); /* the last good checkpoint stays */
    if (!status && (run->end == LATHE_RUN_COMPLETE || run->end == LATHE_RUN_EARLY_STOP)) status = test(run);
    if (!status)
        status = lathe_keeper_end(run->keeper,
            &(lathe_ending){ .how = end_name(run->end),
                .what = run->end == LATHE_RUN_NAN ? run->learner->not_finite : NULL,
                .test = run->test_score.count ? &run->test_score : NULL });
    run->seconds = lathe_run_clock() - run->state->began;
    return status;
}
