#include "learner.h"

#include <string.h>

#include "../../core/alloc.h"
#include "learner_impl.h"

static lathe_status check(const lathe_learner_opts *o)
{
    static const char who[] = "lathe_learner_new";
    if (!(o->clip_norm >= 0) || !(o->clip_value >= 0) || !(o->clip_agc >= 0))
        return lathe_fail(LATHE_EARG,
            "%s: opts.clip_norm, clip_value, clip_agc = %g, %g, %g: none is below 0", who, o->clip_norm,
            o->clip_value, o->clip_agc);
    if (o->ema != 0 && o->swa_every)
        return lathe_fail(LATHE_EARG, "%s: opts.ema and opts.swa_every are two averages; choose one", who);
    if (o->on_nan < LATHE_NAN_STOP || o->on_nan > LATHE_NAN_IGNORE)
        return lathe_fail(LATHE_EARG, "%s: opts.on_nan = %d is not one of 0, 1, 2", who, o->on_nan);
    return LATHE_OK;
}

static lathe_status open(lathe_learner *learner)
{
    const lathe_learner_opts *o = &learner->opts;
    lathe_learning *own = learner->own;
    const size_t numbers = learner->task->numbers, groups = (size_t)lathe_optim_groups(learner->optim);
    learner->counted = lathe_alloc(numbers, sizeof *learner->counted);
    own->counted = learner->counted ? lathe_alloc(numbers, sizeof *own->counted) : NULL;
    learner->tape = own->counted ? lathe_tape_new(NULL) : NULL;
    if (!learner->tape) return lathe_error();
    lathe_tape_seed(learner->tape, o->seed, 0);
    if (groups > 1 && !(own->group_rates = lathe_alloc(groups - 1, 2 * sizeof *own->group_rates)))
        return lathe_error();
    if (o->ema == 0 && !o->swa_every) return LATHE_OK;
    own->averaged = lathe_averaged_new(lathe_optim_params(learner->optim),
        &(lathe_averaged_opts){ .decay = o->ema, .warmup = o->ema_warmup });
    return own->averaged ? LATHE_OK : lathe_error();
}

lathe_learner *lathe_learner_new(lathe_layer *net, lathe_optim *optim, lathe_sched *sched, lathe_task *task,
    const lathe_learner_opts *opts)
{
    static const lathe_learner_opts none;
    if (!net || !optim || !task)
        return lathe_fail_null("lathe_learner_new", !net ? "net" : !optim ? "optim" : "task"), NULL;
    if (!task->loss) return lathe_fail(LATHE_EARG, "lathe_learner_new: the task has no loss"), NULL;
    if (check(opts ? opts : &none)) return NULL;
    lathe_learner *learner = lathe_alloc(1, sizeof *learner);
    if (!learner) return NULL;
    *learner = (lathe_learner){ .net = net,
        .optim = optim,
        .sched = sched,
        .task = task,
        .opts = opts ? *opts : none,
        .own = lathe_alloc(1, sizeof *learner->own) };
    if (learner->own && !open(learner)) return learner;
    lathe_learner_free(learner);
    return NULL;
}

void lathe_learner_free(lathe_learner *learner)
{
    if (!learner) return;
    lathe_tape_free(learner->tape);
    lathe_free(learner->counted);
    if (learner->own) {
        lathe_free(learner->own->counted);
        lathe_free(learner->own->group_rates);
        lathe_free(learner->own->own_buffers);
        lathe_free(learner->own->buffers);
        lathe_averaged_free(learner->own->averaged);
    }
    lathe_free(learner->own);
    lathe_free(learner);
}

size_t lathe_learner_copy_buffers(const lathe_learner *learner, lathe_real *kept, bool back)
{
    int count;
    size_t numbers = 0;
    lathe_tensor *const *state = lathe_nn_state(learner->net, &count);
    for (int i = 0; i < count; i++) {
        size_t size = state[i]->stored * sizeof *kept;
        if (state[i]->grad) continue; /* a parameter */
        if (kept && back) memcpy(state[i]->data, kept + numbers, size);
        else if (kept) memcpy(kept + numbers, state[i]->data, size);
        numbers += state[i]->stored;
    }
    return numbers;
}

void lathe_learner_epoch(lathe_learner *learner, lathe_epoch_row *row)
{
    if (!learner || !row) return;
    row->train_loss = lathe_average_value(&learner->loss);
    lathe_task_compute(learner->task, learner->counted, row->train);
    learner->loss = (lathe_average){ 0 };
    memset(learner->counted, 0, learner->task->numbers * sizeof *learner->counted);
}

lathe_status lathe_learner_evaluate(lathe_learner *learner, lathe_loader *loader, lathe_measure *measure,
    lathe_score *score)
{
    if (!learner) return lathe_fail_null("lathe_learner_evaluate", "learner");
    const lathe_evaluate_opts opts = { .loss = learner->opts.plain_loss, .measure = measure };
    return lathe_evaluate(learner->task, learner->net, learner->tape, loader, &opts, score);
}
