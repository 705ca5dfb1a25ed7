/*
 * Measurements of the validation set within an epoch: the curve that shows what a cycle of the schedule does.
 * They change no bit of the training, because evaluation draws no random numbers and changes no statistics.
 */
#include <math.h>
#include <string.h>

#include "run_impl.h"

lathe_status lathe_run_open_evals(lathe_run *run)
{
    lathe_run_state *state = run->state;
    const lathe_settings *s = &run->settings;
    const lathe_dataset *val = run->feed->val;
    lathe_status status = lathe_settings_eval_every(s, run->steps_per_epoch, &state->distance);
    if (status || !(state->distance > 0)) return status;
    if (!val) {
        state->distance = 0;
        lathe_run_message(run, "eval_every = %s: there is no validation set, so nothing is measured",
            s->eval_every);
        return LATHE_OK;
    }
    if (!s->eval_count || (size_t)s->eval_count >= val->count) return LATHE_OK;
    state->some = lathe_feed_choose(val, (size_t)s->eval_count, s->seed);
    return state->some ? LATHE_OK : lathe_error();
}

/* Is a step, from 1, a rounded multiple of the distance? */
static bool is_multiple(double distance, uint64_t step)
{
    const double nearest = floor((double)step / distance + 0.5);
    return nearest >= 1 && floor(nearest * distance + 0.5) == (double)step;
}

bool lathe_run_eval_is_due(const lathe_run *run)
{
    const double distance = run->state->distance;
    if (!(distance > 0) || !run->learner->step) return false;
    return lathe_run_at_epoch_end(run) || is_multiple(distance, run->learner->step);
}

static lathe_status add_row(lathe_run *run, const lathe_score *score)
{
    lathe_eval_row row = { .step = run->learner->step, .loss = score->loss };
    memcpy(row.metric, score->metric, sizeof row.metric);
    lathe_status status = lathe_keeper_eval(run->keeper, &row);
    return status ? status : lathe_run_judge_eval(run, &row);
}

lathe_status lathe_run_eval(lathe_run *run)
{
    const double start = lathe_run_clock();
    lathe_score score;
    lathe_status status = lathe_learner_average_enter(run->learner);
    if (!status)
        status = lathe_run_evaluate(run, run->state->some ? run->state->some : run->feed->val, NULL, &score);
    if (!status) status = add_row(run, &score);
    lathe_learner_average_leave(run->learner);
    run->state->measuring += lathe_run_clock() - start;
    return status;
}

lathe_status lathe_run_eval_epoch(lathe_run *run, const lathe_score *whole)
{
    lathe_score score = *whole;
    lathe_status status = LATHE_OK;
    if (!(run->state->distance > 0)) return LATHE_OK;
    if (run->state->some) status = lathe_run_evaluate(run, run->state->some, NULL, &score);
    return status ? status : add_row(run, &score);
}

/* ---- probes -------------------------------------------------------------------------------------------- */

lathe_status lathe_run_open_probes(lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    lathe_run_state *state = run->state;
    lathe_status status = lathe_settings_probe_every(s, run->steps_per_epoch, &state->probe_distance);
    if (status || !(state->probe_distance > 0)) return status;
    state->probes = lathe_probes_new(s->probe, run->learner, run->feed, s->seed);
    return state->probes ? LATHE_OK : lathe_error();
}

lathe_status lathe_run_probe_begin(lathe_run *run, bool *looks)
{
    const double distance = run->state->probe_distance;
    *looks = distance > 0 && is_multiple(distance, run->learner->step + 1);
    return *looks ? lathe_probes_begin(run->state->probes) : LATHE_OK;
}

lathe_status lathe_run_probe_end(lathe_run *run)
{
    const double *values, start = lathe_run_clock();
    if (run->learner->stopped) return lathe_probes_cancel(run->state->probes), LATHE_OK;
    lathe_status status = lathe_probes_end(run->state->probes, &values);
    run->state->measuring += lathe_run_clock() - start;
    return status ? status : lathe_keeper_probe(run->keeper, values);
}
