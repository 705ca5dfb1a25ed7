#include "beside.h"

#include <string.h>

#include "../core/alloc.h"
#include "run_impl.h"

/* A copy of the run with optimizer, loader, tape and counts of its own; both share data and net. */
struct lathe_beside {
    lathe_run run;
    lathe_feed feed;
    lathe_run_state state;
    lathe_run *of;
    lathe_real *kept; /* the net's numbers as they were */
    double *counted;  /* [2, task->numbers]: see lathe_run_state */
};

lathe_beside *lathe_beside_new(lathe_run *run)
{
    if (!run) return lathe_fail_null("lathe_beside_new", "run"), NULL;
    lathe_beside *beside = lathe_alloc(1, sizeof *beside);
    if (!beside) return NULL;
    beside->kept = lathe_alloc_raw(lathe_run_copy_net(run, LATHE_NET_ALL, NULL, false), sizeof *beside->kept);
    beside->counted = lathe_alloc(lathe_times(2, run->task->numbers), sizeof *beside->counted);
    if (!beside->kept || !beside->counted) {
        lathe_free(beside->kept);
        lathe_free(beside->counted);
        lathe_free(beside);
        return NULL;
    }
    beside->of = run;
    lathe_run_copy_net(run, LATHE_NET_ALL, beside->kept, false);
    return beside;
}

static void close_parts(lathe_beside *beside)
{
    lathe_optim_free(beside->run.optim);
    lathe_loader_free(beside->feed.loader);
    lathe_tape_free(beside->run.tape);
}

static lathe_status open_parts(lathe_beside *beside, uint64_t seed)
{
    const lathe_run *of = beside->of;
    const lathe_settings *s = &of->settings;
    lathe_run *run = &beside->run;
    close_parts(beside);
    *run = *of;
    beside->state = *of->state;
    run->state = &beside->state;
    beside->state.counted = beside->counted;
    beside->state.step_counted = beside->counted + of->task->numbers;
    beside->feed = *of->feed;
    beside->feed.taken = 0;
    run->feed = &beside->feed;
    run->hooks = (lathe_run_hooks){ 0 };
    run->settings.on_nan = LATHE_NAN_IGNORE;
    run->sched = NULL;
    run->step = run->images = 0;
    beside->state.averaged = NULL;
    beside->feed.loader = lathe_loader_new(of->feed->train,
        &(lathe_loader_opts){ .batch_size = s->batch_size,
            .shuffle = true,
            .balanced = s->sampler == LATHE_SAMPLER_BALANCED,
            .drop_last = s->drop_last,
            .transforms = of->feed->transforms,
            .seed = seed,
            .workers = s->workers });
    run->optim = lathe_settings_optim(s, lathe_nn_params(of->net), of->steps_per_epoch);
    run->tape = lathe_tape_new(NULL);
    if (!beside->feed.loader || !run->optim || !run->tape) return lathe_error();
    lathe_tape_seed(run->tape, seed, 0);
    return LATHE_OK;
}

lathe_status lathe_beside_restart(lathe_beside *beside, uint64_t seed, bool present)
{
    if (!beside) return lathe_fail_null("lathe_beside_restart", "beside");
    lathe_status status = LATHE_OK;
    if (present) lathe_run_copy_net(beside->of, LATHE_NET_ALL, beside->kept, true);
    else status = lathe_nn_init(beside->of->net, seed);
    return status ? status : open_parts(beside, seed);
}

lathe_status lathe_beside_step(lathe_beside *beside, double lr, double *loss, double *accuracy)
{
    if (!beside || !loss || !accuracy)
        return lathe_fail_null("lathe_beside_step", !beside ? "beside" : !loss ? "loss" : "accuracy");
    lathe_batch batch;
    lathe_step_row row;
    lathe_run *run = &beside->run;
    if (!beside->feed.loader)
        return lathe_fail(LATHE_ESTATE, "lathe_beside_step: lathe_beside_restart comes first");
    const double made = lathe_optim_lr(run->optim, 0);
    for (int g = lathe_optim_groups(run->optim) - 1; g >= 0; g--)
        lathe_optim_set_lr(run->optim, g, made > 0 ? lathe_optim_lr(run->optim, g) / made * lr : lr);
    beside->state.loss = (lathe_average){ 0 };
    memset(beside->counted, 0, run->task->numbers * sizeof *beside->counted);
    double samples;
    const uint64_t batches = lathe_feed_share(run->feed, (uint64_t)run->settings.accumulate, &samples);
    bool more = lathe_feed_next(run->feed, &batch);
    if (!more && !lathe_feed_status(run->feed))
        more = lathe_feed_next(run->feed, &batch); /* an epoch has ended */
    if (!more) return lathe_error();
    lathe_status status = lathe_run_step(run, &batch, batches, samples, &row);
    run->step++;
    *loss = row.loss;
    *accuracy = beside->counted[0] / beside->counted[1];
    return status;
}

void lathe_beside_free(lathe_beside *beside)
{
    if (!beside) return;
    close_parts(beside);
    lathe_run_copy_net(beside->of, LATHE_NET_ALL, beside->kept, true);
    lathe_free(beside->kept);
    lathe_free(beside->counted);
    lathe_free(beside);
}
