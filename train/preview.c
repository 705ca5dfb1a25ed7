#include "../core/alloc.h"
#include "run_impl.h"

/* The part of a run that its schedule needs: an optimizer with one block of zeros. */
static lathe_status preview_with(lathe_run *run, lathe_step_row *rows)
{
    run->sched = lathe_settings_sched(&run->settings, run->optim, run->steps_per_epoch, run->total_steps);
    if (!run->sched) return lathe_error();
    lathe_run_tell_schedule(run);
    for (uint64_t t = 0; rows && t < run->total_steps; t++) {
        uint64_t epoch = run->steps_per_epoch >= 1 ? t / (uint64_t)run->steps_per_epoch : 0;
        rows[t] = (lathe_step_row){ t, epoch, lathe_optim_lr(run->optim, 0),
            lathe_optim_momentum(run->optim, 0), 0 };
        lathe_sched_step(run->sched);
    }
    lathe_sched_free(run->sched);
    return LATHE_OK;
}

lathe_status lathe_run_preview(const lathe_settings *settings, double steps_per_epoch, uint64_t steps,
    const lathe_run_hooks *hooks, lathe_step_row *rows)
{
    if (!settings) return lathe_fail_null("lathe_run_preview", "settings");
    if (!(steps_per_epoch >= 0 && steps_per_epoch <= 0x1p53))
        return lathe_fail(LATHE_EARG, "lathe_run_preview: steps_per_epoch = %g is not legal: [0, 2^53]",
            steps_per_epoch);
    lathe_status status = lathe_settings_check(settings);
    lathe_real *numbers = status ? NULL : lathe_alloc(2 * LATHE_LANES, sizeof *numbers);
    if (!numbers) return lathe_error();
    lathe_tensor weight = { .shape = { 2, { LATHE_LANES, 1 } },
        .stored = LATHE_LANES,
        .data = numbers,
        .grad = numbers + LATHE_LANES,
        .needs_grad = true,
        .name = "weight" };
    lathe_tensor *tensors[] = { &weight };
    const lathe_params params = { .tensor = tensors,
        .count = 1,
        .data = weight.data,
        .grad = weight.grad,
        .size = LATHE_LANES };
    lathe_run run = { .settings = *settings, .steps_per_epoch = steps_per_epoch, .total_steps = steps };
    if (hooks) run.hooks = *hooks;
    run.settings.groups[0] = '\0'; /* there is only this weight */
    run.optim = lathe_settings_optim(&run.settings, &params, steps_per_epoch);
    status = run.optim ? preview_with(&run, rows) : lathe_error();
    lathe_optim_free(run.optim);
    lathe_free(numbers);
    return status;
}
