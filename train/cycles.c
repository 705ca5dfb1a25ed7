/*
 * The weights at each end of a cycle, cycle-1.safetensors and so on: the snapshots of an ensemble (Huang et
 * al., arXiv 1704.00109). Like the best weights they are those that are evaluated: averaged ones if there are
 * any.
 */
#include <stdio.h>

#include "../core/alloc.h"
#include "../io/file.h"
#include "run_impl.h"

static const char prefix[] = "cycle-", suffix[] = ".safetensors";

/* The number of cycles that have ended after `step` steps. */
static uint64_t cycles_until(const lathe_run *run, uint64_t step)
{
    uint64_t count = 0;
    for (uint64_t t = 1; t <= step; t++) count += lathe_sched_begins_cycle(run->learner->sched, t);
    return count;
}

/* Remove what a former run, or an abandoned part of this one, has left. */
static lathe_status remove_later(const lathe_run *run)
{
    const char *folder = run->settings.out;
    size_t count = 0;
    if (!*folder || !lathe_file_exists(folder)) return LATHE_OK;
    const uint64_t kept = cycles_until(run, run->learner->step);
    uint64_t *number = lathe_file_numbers(folder, prefix, suffix, &count);
    lathe_status status = number ? LATHE_OK : lathe_error();
    for (size_t i = 0; i < count && !status; i++) {
        char name[64], path[LATHE_SETTING_LONG + 64];
        if (number[i] <= kept) continue;
        snprintf(name, sizeof name, "%s%llu%s", prefix, (unsigned long long)number[i], suffix);
        status = lathe_file_join(folder, name, path, sizeof path);
        if (!status) status = lathe_file_remove(path);
    }
    lathe_free(number);
    return status;
}

lathe_status lathe_run_open_cycles(lathe_run *run)
{
    if (run->settings.keep_cycles && !cycles_until(run, run->total_steps))
        lathe_run_message(run,
            "keep_cycles: the schedule %.80s ends no cycle in this run, so nothing is kept",
            run->settings.sched);
    return remove_later(run);
}

lathe_status lathe_run_keep_cycle(lathe_run *run)
{
    const uint64_t step = run->learner->step;
    if (!run->settings.keep_cycles || run->end == LATHE_RUN_NAN) return LATHE_OK;
    if (!lathe_sched_begins_cycle(run->learner->sched, step)) return LATHE_OK;
    char name[64];
    snprintf(name, sizeof name, "%s%llu%s", prefix, (unsigned long long)cycles_until(run, step), suffix);
    lathe_status status = lathe_learner_average_enter(run->learner);
    if (!status && lathe_learner_is_finite(run->learner))
        status = lathe_keeper_save_weights(run->keeper, name);
    lathe_learner_average_leave(run->learner);
    return status;
}
