/* The loop: steps, epochs, evaluation. */
#include <math.h>
#include <string.h>

#include "logger_impl.h"

/* ---- evaluation ---------------------------------------------------------------------------------------- */

lathe_status lathe_run_evaluate(lathe_run *run, const lathe_dataset *data, lathe_measure *measure,
    lathe_score *score)
{
    if (!run || !data || !score)
        return lathe_fail_null("lathe_run_evaluate", !run ? "run" : !data ? "data" : "score");
    lathe_loader *loader = lathe_run_loader(run, data);
    if (!loader) return lathe_error();
    const lathe_evaluate_opts opts = { .loss = run->state->plain_opts, .measure = measure };
    lathe_status status = lathe_evaluate(run->task, run->net, run->tape, loader, &opts, score);
    lathe_loader_free(loader);
    return status;
}

/* ---- a step -------------------------------------------------------------------------------------------- */

static lathe_status finish_step(lathe_run *run, const lathe_step_row *row)
{
    run->step++;
    if (run->seconds_to_first_step == 0) run->seconds_to_first_step = lathe_run_clock() - run->state->opened;
    lathe_status status = lathe_history_add_step(&run->history, row);
    if (!status) status = lathe_loggers_step(run, row);
    bool last = run->hooks.on_step && !run->hooks.on_step(run->hooks.context, run, row);
    if (last && run->end == LATHE_RUN_OPEN && run->step < run->total_steps) run->end = LATHE_RUN_INTERRUPTED;
    return status;
}

/* Is a save asked for at this step? */
static bool save_is_due(const lathe_run *run)
{
    const lathe_save_every *every = &run->state->save_every;
    if (run->end != LATHE_RUN_OPEN) return false;
    if (every->seconds > 0) return lathe_run_clock() - run->state->saved >= every->seconds;
    return every->steps && run->step % every->steps == 0;
}

static bool at_epoch_end(const lathe_run *run) { return run->step % lathe_run_epoch_steps(run) == 0; }

/* ---- an epoch ------------------------------------------------------------------------------------------ */

/* The number that says how good an epoch was, made so that less is better. */
static double judge(const lathe_run *run, const lathe_epoch_row *row)
{
    switch ((lathe_early_stop)run->settings.early_stop) {
    case LATHE_EARLY_STOP_VAL_LOSS: return row->val_loss;
    case LATHE_EARLY_STOP_TRAIN_LOSS: return row->train_loss;
    case LATHE_EARLY_STOP_VAL_ACCURACY: return -row->val_accuracy;
    case LATHE_EARLY_STOP_OFF: break;
    }
    return run->feed->val ? -row->val_accuracy : row->train_loss;
}

/* Stop if the epochs have not improved for long enough. */
static void stop_early(lathe_run *run, double value, uint64_t epoch)
{
    lathe_run_state *state = run->state;
    const lathe_settings *s = &run->settings;
    double delta =
        s->min_delta_mode == LATHE_MIN_DELTA_REL ? s->min_delta * fabs(state->reference) : s->min_delta;
    if (value < state->reference - delta || isnan(state->reference)) {
        state->reference = value;
        state->waited = 0;
    } else state->waited++;
    bool going_on = run->end == LATHE_RUN_OPEN && run->step < run->total_steps;
    if (s->early_stop == LATHE_EARLY_STOP_OFF || state->waited < (uint64_t)s->patience || !going_on) return;
    run->end = LATHE_RUN_EARLY_STOP;
    lathe_run_message(run, "early stop after epoch %llu: no improvement for %d epochs",
        (unsigned long long)epoch + 1, s->patience);
}

/* Whether to stop, and whether the epoch was the best so far. */
static lathe_status compare_epoch(lathe_run *run, const lathe_epoch_row *row)
{
    const lathe_settings *s = &run->settings;
    double value = judge(run, row);
    stop_early(run, value, row->epoch);
    bool accuracy = s->early_stop == LATHE_EARLY_STOP_VAL_ACCURACY ||
        (s->early_stop == LATHE_EARLY_STOP_OFF && run->feed->val);
    double former = accuracy ? -run->best : run->best;
    if (isnan(value) || value >= former) return LATHE_OK;
    run->best = accuracy ? -value : value;
    run->best_epoch = row->epoch;
    run->state->best_step = run->step;
    return lathe_run_best_keep(run);
}

/* A schedule that watches something gets validation's number, or training's where there is no validation. */
static void observe(lathe_run *run, const lathe_epoch_row *row)
{
    bool more = lathe_sched_wants_more(run->sched);
    if (run->feed->val) lathe_sched_observe(run->sched, more ? row->val_accuracy : row->val_loss);
    else lathe_sched_observe(run->sched, more ? row->train_accuracy : row->train_loss);
}

/* What an epoch has gathered, for one that is not whole: the run may be told to go on, as if it had not
 * ended. */
typedef struct gathered {
    lathe_average loss;
    uint64_t waited;
    double reference, sched[LATHE_SCHED_STATE];
} gathered;

static gathered gathered_so_far(const lathe_run *run)
{
    const lathe_run_state *state = run->state;
    gathered g = { state->loss, state->waited, state->reference, { 0 } };
    memcpy(state->kept_counted, state->counted, run->task->numbers * sizeof *state->counted);
    memcpy(g.sched, lathe_sched_state(run->sched), sizeof g.sched);
    return g;
}

static void gather_again(lathe_run *run, const gathered *g)
{
    lathe_run_state *state = run->state;
    state->loss = g->loss;
    memcpy(state->counted, state->kept_counted, run->task->numbers * sizeof *state->counted);
    state->waited = g->waited;
    state->reference = g->reference;
    memcpy(lathe_sched_state(run->sched), g->sched, sizeof g->sched);
    lathe_sched_seek(run->sched, lathe_sched_steps(run->sched));
}

/* The checkpoint first, then the best weights: see settle_best in resume.c. */
static lathe_status save_epoch(lathe_run *run, bool is_best)
{
    lathe_status status = is_best ? lathe_loggers_best(run) : LATHE_OK;
    if (!status) status = lathe_run_folder_save(run, save_is_due(run));
    return !status && is_best ? lathe_run_folder_save_best(run) : status;
}

static lathe_status finish_epoch(lathe_run *run, uint64_t epoch, double seconds, uint64_t images)
{
    lathe_run_state *state = run->state;
    const gathered before = gathered_so_far(run);
    double start = lathe_run_clock();
    lathe_score val = lathe_score_none();
    double trained[LATHE_TASK_METRICS];
    lathe_task_compute(run->task, state->counted, trained);
    lathe_status status = lathe_run_average_enter(run);
    if (!status && run->feed->val) status = lathe_run_evaluate(run, run->feed->val, NULL, &val);
    const lathe_epoch_row row = { epoch, run->step, lathe_average_value(&state->loss), trained[0], val.loss,
        val.metric[0], seconds + lathe_run_clock() - start, (double)images / seconds };
    state->loss = (lathe_average){ 0 };
    memset(state->counted, 0, run->task->numbers * sizeof *state->counted);
    if (!status) status = lathe_history_add_epoch(&run->history, &row);
    if (!status) status = lathe_run_folder_epoch(run, &row);
    if (!status) observe(run, &row);
    if (!status) status = compare_epoch(run, &row);
    lathe_run_average_leave(run);
    if (!at_epoch_end(run)) gather_again(run, &before);
    if (!status) status = save_epoch(run, state->best_step == run->step);
    if (!status && run->hooks.on_epoch) run->hooks.on_epoch(run->hooks.context, run, &row);
    return status;
}

/* From where the run stands to the end of the epoch, or of the run. */
static lathe_status train_epoch(lathe_run *run)
{
    lathe_status status = LATHE_OK;
    double start = lathe_run_clock();
    uint64_t images = run->images, epoch = run->step / lathe_run_epoch_steps(run);
    lathe_batch batch;
    while (!status && run->end == LATHE_RUN_OPEN && run->step < run->total_steps) {
        lathe_step_row row;
        double samples;
        const uint64_t batches = lathe_feed_share(run->feed, (uint64_t)run->settings.accumulate, &samples);
        if (!lathe_feed_next(run->feed, &batch)) break;
        status = lathe_run_step(run, &batch, batches, samples, &row);
        if (!status) status = finish_step(run, &row);
        bool finished = at_epoch_end(run) || run->step == run->total_steps; /* saved below */
        if (!status && !finished && save_is_due(run) && lathe_guard_weights(run))
            status = lathe_run_folder_save(run, true);
    }
    if (!status) status = lathe_feed_status(run->feed);
    double seconds = lathe_run_clock() - start;
    run->train_seconds += seconds;
    if (status || run->end == LATHE_RUN_NAN || !lathe_guard_weights(run)) return status;
    if (at_epoch_end(run) || run->step == run->total_steps)
        return finish_epoch(run, epoch, seconds, run->images - images);
    return lathe_run_folder_save(run, false);
}

/* Are the best weights, which are not the net's own, what the run is tested with? */
static bool tests_kept_weights(const lathe_run *run)
{
    return run->feed->val && run->state->has_best && !run->state->restored;
}

lathe_status lathe_run_tested_enter(lathe_run *run)
{
    if (!run) return lathe_fail_null("lathe_run_tested_enter", "run");
    if (tests_kept_weights(run)) lathe_run_best_swap(run);
    else if (!run->state->restored) return lathe_run_average_enter(run);
    return LATHE_OK;
}

void lathe_run_tested_leave(lathe_run *run)
{
    if (!run) return;
    lathe_run_average_leave(run);
    if (tests_kept_weights(run)) lathe_run_best_swap(run);
}

/* The test; after an early stop the net keeps the best weights. */
static lathe_status test(lathe_run *run)
{
    bool best = tests_kept_weights(run);
    lathe_status status = lathe_run_tested_enter(run);
    if (!status) status = lathe_run_evaluate(run, run->feed->test, NULL, &run->test_score);
    run->state->restored = best && run->end == LATHE_RUN_EARLY_STOP;
    lathe_run_tested_leave(run);
    return status;
}

/* Did an earlier part of the run end in an early stop? */
static bool has_stopped_early(const lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    return s->early_stop != LATHE_EARLY_STOP_OFF && at_epoch_end(run) && run->step < run->total_steps &&
        run->state->waited >= (uint64_t)s->patience;
}

/* Before the first step, or on from where the run stands. */
static lathe_status prepare(lathe_run *run)
{
    uint64_t done = lathe_run_batches_done(run);
    lathe_status status = LATHE_OK;
    run->end = LATHE_RUN_OPEN;
    if (run->state->restored) lathe_run_best_swap(run);
    run->state->restored = false;
    lathe_tape_seed(run->tape, run->settings.seed, done);
    if (done) status = lathe_feed_seek(run->feed, done);
    if (!status && lathe_run_whole_epochs(run) < run->history.epochs && run->step < run->total_steps)
        status = lathe_run_folder_drop_part(run);
    if (has_stopped_early(run)) run->end = LATHE_RUN_EARLY_STOP;
    /* A run that ended within an epoch, and is read back, has that epoch's row to make again. */
    bool ends_here = run->step == run->total_steps && !at_epoch_end(run) &&
        lathe_run_whole_epochs(run) == run->history.epochs;
    if (!status && ends_here) status = finish_epoch(run, run->step / lathe_run_epoch_steps(run), 0, 0);
    return status;
}

lathe_status lathe_run_train(lathe_run *run)
{
    if (!run) return lathe_fail_null("lathe_run_train", "run");
    double start = lathe_run_clock();
    lathe_status status = prepare(run);
    while (!status && run->end == LATHE_RUN_OPEN && run->step < run->total_steps) status = train_epoch(run);
    if (!status && run->end == LATHE_RUN_OPEN) run->end = LATHE_RUN_COMPLETE;
    if (!status && run->end == LATHE_RUN_NAN)
        status = lathe_loggers_flush(run); /* the checkpoint stays the last good one */
    if (!status && (run->end == LATHE_RUN_COMPLETE || run->end == LATHE_RUN_EARLY_STOP)) status = test(run);
    if (!status) status = lathe_loggers_end(run);
    run->seconds += lathe_run_clock() - start;
    return status;
}
