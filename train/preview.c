#include "run.h"

#include "../core/alloc.h"

/* An optimizer needs parameters: one block of zeros. */
static lathe_status preview_with(const lathe_settings *settings, lathe_optim *optim, double steps_per_epoch, uint64_t steps,
    lathe_step_row *rows)
{
    lathe_sched *sched = lathe_settings_sched(settings, optim, steps_per_epoch);
    if (!sched) return lathe_error();
    for (uint64_t t = 0; t < steps; t++) {
        uint64_t epoch = steps_per_epoch >= 1 ? t / (uint64_t)steps_per_epoch : 0;
        rows[t] = (lathe_step_row){ t, epoch, lathe_optim_lr(optim, 0), lathe_optim_momentum(optim, 0), 0 };
        lathe_sched_step(sched);
    }
    lathe_sched_free(sched);
    return LATHE_OK;
}

lathe_status lathe_run_preview(const lathe_settings *settings, double steps_per_epoch, uint64_t steps, lathe_step_row *rows)
{
    if (!settings || (steps && !rows)) return lathe_fail(LATHE_EARG, "lathe_run_preview: settings or rows is NULL");
    lathe_status status = lathe_settings_check(settings);
    lathe_real *numbers = status ? NULL : lathe_alloc(2 * LATHE_LANES, sizeof *numbers);
    if (!numbers) return lathe_error();
    lathe_tensor weight = { .shape = { 2, { LATHE_LANES, 1 } }, .stored = LATHE_LANES, .data = numbers, .grad = numbers + LATHE_LANES,
        .needs_grad = true, .name = "weight" };
    lathe_tensor *tensors[] = { &weight };
    const lathe_params params = { .tensor = tensors, .count = 1, .data = weight.data, .grad = weight.grad, .size = LATHE_LANES };
    lathe_optim *optim = lathe_settings_optim(settings, &params, steps_per_epoch);
    status = optim ? preview_with(settings, optim, steps_per_epoch, steps, rows) : lathe_error();
    lathe_optim_free(optim);
    lathe_free(numbers);
    return status;
}
