/* The rates of a schedule, without a run. */
#include "../core/alloc.h"
#include "run_impl.h"

void lathe_sched_tell(const lathe_settings *settings, const lathe_run_hooks *hooks, const lathe_optim *optim,
    const lathe_sched *sched, double steps_per_epoch, uint64_t steps)
{
    char line[256];
    if (settings->no_warnings || !hooks->on_message) return;
    if (lathe_sched_describe(sched, steps, steps_per_epoch, line)) hooks->on_message(hooks->context, line);
    for (int n = 0; lathe_sched_warning(sched, steps, n, line); n++) hooks->on_message(hooks->context, line);
    for (int n = 0; lathe_settings_note(settings, optim, sched, n, line); n++)
        hooks->on_message(hooks->context, line);
}

/* Make an optimizer with one block of zeros, and the schedule for it. */
static lathe_status preview_with(const lathe_settings *settings, lathe_optim *optim, double steps_per_epoch,
    uint64_t steps, const lathe_run_hooks *hooks, lathe_step_row *rows)
{
    static const lathe_run_hooks none;
    lathe_sched *sched = lathe_settings_sched(settings, optim, steps_per_epoch, steps);
    if (!sched) return lathe_error();
    lathe_sched_tell(settings, hooks ? hooks : &none, optim, sched, steps_per_epoch, steps);
    for (uint64_t t = 0; rows && t < steps; t++) {
        uint64_t epoch = steps_per_epoch >= 1 ? t / (uint64_t)steps_per_epoch : 0;
        rows[t] = (lathe_step_row){ .step = t,
            .epoch = epoch,
            .lr = lathe_optim_lr(optim, 0),
            .momentum = lathe_optim_momentum(optim, 0) };
        lathe_sched_step(sched);
    }
    lathe_sched_free(sched);
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
    lathe_settings own = *settings;
    own.groups[0] = '\0'; /* there is only one weight */
    lathe_optim *optim = lathe_settings_optim(&own, &params, steps_per_epoch);
    status = optim ? preview_with(&own, optim, steps_per_epoch, steps, hooks, rows) : lathe_error();
    lathe_optim_free(optim);
    lathe_free(numbers);
    return status;
}
