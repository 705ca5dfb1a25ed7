/* What decides: which weights are the best, and whether a run stops early. */
#include <math.h>
#include <string.h>

#include "run_impl.h"

static bool stops_early(const lathe_run *run) { return strcmp(run->settings.early_stop, "off"); }

lathe_status lathe_run_choose_watched(lathe_run *run)
{
    const lathe_task *task = run->state->task;
    const bool by_eval = run->settings.best == LATHE_BEST_EVAL;
    lathe_task_column *watched = &run->state->watched;
    *watched = (lathe_task_column){ .metric = -1, .lower_is_better = true };
    if (by_eval && !run->feed->val)
        return lathe_fail(LATHE_EARG, "settings: best = eval needs a validation set; give val_split or fold");
    if (stops_early(run)) {
        lathe_status status = lathe_task_column_find(task, run->settings.early_stop, watched);
        if (!status && by_eval && !watched->validation)
            status = lathe_fail(LATHE_EARG,
                "settings: early_stop = %.40s is no column of evals.csv, which best = eval looks at",
                run->settings.early_stop);
        return status;
    }
    if (!run->feed->val) return LATHE_OK;
    watched->validation = true;
    if (!task->metrics) return LATHE_OK;
    watched->metric = 0;
    watched->lower_is_better = task->type->metrics[0].lower_is_better;
    return LATHE_OK;
}

/* Stop if the rows have not improved for too long. `value`: lower is better. */
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
    bool going_on = run->end == LATHE_RUN_OPEN && !lathe_run_at_end(run);
    if (!stops_early(run) || state->waited < (uint64_t)s->patience || !going_on) return;
    run->end = LATHE_RUN_EARLY_STOP;
    if (s->best == LATHE_BEST_EVAL)
        lathe_run_message(run, "early stop after step %llu: no improvement for %d measurements",
            (unsigned long long)run->learner->step, s->patience);
    else
        lathe_run_message(run, "early stop after epoch %llu: no improvement for %d epochs",
            (unsigned long long)epoch + 1, s->patience);
}

/* Judge a row by its loss and metrics. */
static lathe_status judge(lathe_run *run, double loss, const double *metric, uint64_t epoch)
{
    const lathe_task_column *watched = &run->state->watched;
    const double sign = watched->lower_is_better ? 1 : -1;
    const double value = sign * (watched->metric >= 0 ? metric[watched->metric] : loss);
    stop_early(run, value, epoch);
    if (isnan(value) || value >= sign * run->keeper->best) return LATHE_OK;
    return lathe_keeper_best(run->keeper, sign * value, epoch);
}

lathe_status lathe_run_judge_epoch(lathe_run *run, const lathe_epoch_row *row)
{
    if (run->settings.best == LATHE_BEST_EVAL) return LATHE_OK;
    const bool val = run->state->watched.validation;
    return judge(run, val ? row->val_loss : row->train_loss, val ? row->val : row->train, row->epoch);
}

lathe_status lathe_run_judge_eval(lathe_run *run, const lathe_eval_row *row)
{
    if (run->settings.best != LATHE_BEST_EVAL) return LATHE_OK;
    return judge(run, row->loss, row->metric, (row->step - 1) / lathe_run_epoch_steps(run));
}

bool lathe_run_has_stopped_early(const lathe_run *run)
{
    const bool row =
        lathe_run_at_epoch_end(run) || (run->settings.best == LATHE_BEST_EVAL && lathe_run_eval_is_due(run));
    return stops_early(run) && row && !lathe_run_at_end(run) &&
        run->state->waited >= (uint64_t)run->settings.patience;
}
