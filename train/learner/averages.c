/* Averages of the weights, which are evaluated and saved as the best: opts.ema, opts.swa_every. */
#include "../../core/alloc.h"
#include "../../core/shard.h"
#include "learner_impl.h"

lathe_status lathe_learner_average(lathe_learner *learner)
{
    const uint64_t start = learner->opts.swa_start, every = learner->opts.swa_every, made = learner->step + 1;
    if (!learner->own->averaged) return LATHE_OK;
    if (every && (made < start || (made - start) % every)) return LATHE_OK;
    return lathe_averaged_update(learner->own->averaged);
}

/* Each batch has equal weight. */
lathe_status lathe_learner_statistics(lathe_learner *learner)
{
    uint64_t count = 0;
    if (!learner) return lathe_fail_null("lathe_learner_statistics", "learner");
    if (!learner->opts.on_statistics || !lathe_learner_copy_buffers(learner, NULL, false)) return LATHE_OK;
    lathe_loader *loader = learner->opts.on_statistics(learner->opts.context);
    lathe_status status = loader ? LATHE_OK : lathe_error();
    for (lathe_batch batch; !status && lathe_loader_next(loader, &batch);) {
        lathe_tape_begin(learner->tape, LATHE_TRAIN);
        lathe_tape_statistics(learner->tape, 1 / (double)++count);
        if (lathe_batch_whole(&batch) == 1 && count > 1) continue; /* one number a channel has no variance */
        if (!lathe_nn_forward(learner->net, lathe_input(learner->tape, &batch))) status = lathe_error();
    }
    lathe_tape_statistics(learner->tape, 0);
    if (!status) status = lathe_loader_status(loader);
    lathe_loader_free(loader);
    lathe_tape_seed(learner->tape, learner->opts.seed, learner->batches);
    return status;
}

bool lathe_learner_has_average(const lathe_learner *learner)
{
    return learner && learner->own->averaged && *lathe_averaged_updates(learner->own->averaged);
}

lathe_status lathe_learner_average_enter(lathe_learner *learner)
{
    if (!learner) return lathe_fail_null("lathe_learner_average_enter", "learner");
    lathe_learning *own = learner->own;
    if (!lathe_learner_has_average(learner)) return LATHE_OK;
    lathe_status status = lathe_averaged_swap(own->averaged);
    own->has_average = !status;
    size_t buffers = lathe_learner_copy_buffers(learner, NULL, false);
    if (status || !learner->opts.swa_every || !learner->opts.on_statistics || !buffers) return status;
    if (!own->own_buffers) own->own_buffers = lathe_alloc_raw(buffers, sizeof(lathe_real));
    if (!own->own_buffers) return lathe_error();
    lathe_learner_copy_buffers(learner, own->own_buffers, false);
    return lathe_learner_statistics(learner);
}

void lathe_learner_average_leave(lathe_learner *learner)
{
    if (!learner || !learner->own->has_average) return;
    learner->own->has_average = false;
    lathe_averaged_swap(learner->own->averaged);
    if (learner->own->own_buffers) lathe_learner_copy_buffers(learner, learner->own->own_buffers, true);
}
