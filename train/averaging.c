/* Averages of the weights, which are what a run evaluates and calls its best: settings.ema,
 * settings.swa_start. */
#include "../optim/averaged.h"

#include "../core/alloc.h"
#include "run_impl.h"

lathe_status lathe_run_average_open(lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    lathe_run_state *state = run->state;
    lathe_status status = lathe_settings_swa(s, run->steps_per_epoch, &state->swa);
    if (status || (!state->swa.every && s->ema == 0)) return status;
    state->averaged = lathe_averaged_new(lathe_nn_params(run->net),
        &(lathe_averaged_opts){ .decay = s->ema, .warmup = s->ema_warmup });
    return state->averaged ? LATHE_OK : lathe_error();
}

lathe_status lathe_run_average_weights(lathe_run *run)
{
    const lathe_swa *swa = &run->state->swa;
    const uint64_t made = run->step + 1;
    if (!run->state->averaged) return LATHE_OK;
    if (swa->every && (made < swa->start || (made - swa->start) % swa->every)) return LATHE_OK;
    return lathe_averaged_update(run->state->averaged);
}

/* Running statistics of the averaged weights: forward over the training data without chance, each batch
 * counted the same. */
static lathe_status gather_statistics(lathe_run *run)
{
    uint64_t count = 0;
    lathe_loader *loader = lathe_run_loader(run, run->feed->train);
    lathe_status status = loader ? LATHE_OK : lathe_error();
    for (lathe_batch batch; !status && lathe_loader_next(loader, &batch);) {
        lathe_tape_begin(run->tape, LATHE_TRAIN);
        lathe_tape_statistics(run->tape, 1 / (double)++count);
        if (batch.size == 1 && count > 1) continue; /* one number a channel would have no variance */
        if (!lathe_nn_forward(run->net, lathe_input(run->tape, &batch))) status = lathe_error();
    }
    lathe_tape_statistics(run->tape, 0);
    if (!status) status = lathe_loader_status(loader);
    lathe_loader_free(loader);
    lathe_tape_seed(run->tape, run->settings.seed, lathe_run_batches_done(run));
    return status;
}

bool lathe_run_has_average(const lathe_run *run)
{
    return run->state->averaged && *lathe_averaged_updates(run->state->averaged);
}

lathe_status lathe_run_average_enter(lathe_run *run)
{
    lathe_run_state *state = run->state;
    if (!lathe_run_has_average(run)) return LATHE_OK;
    lathe_status status = lathe_averaged_swap(state->averaged);
    state->has_average = !status;
    size_t buffers = lathe_run_copy_net(run, LATHE_NET_BUFFERS, NULL, false);
    if (status || !state->swa.every || !buffers) return status;
    if (!state->own_buffers) state->own_buffers = lathe_alloc_raw(buffers, sizeof(lathe_real));
    if (!state->own_buffers) return lathe_error();
    lathe_run_copy_net(run, LATHE_NET_BUFFERS, state->own_buffers, false);
    return gather_statistics(run);
}

void lathe_run_average_leave(lathe_run *run)
{
    lathe_run_state *state = run->state;
    if (!state->has_average) return;
    state->has_average = false;
    lathe_averaged_swap(state->averaged);
    if (state->own_buffers) lathe_run_copy_net(run, LATHE_NET_BUFFERS, state->own_buffers, true);
}
