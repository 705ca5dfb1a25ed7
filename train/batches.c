/* Can the net train on each batch of an epoch? Asked before the first step, not found at the epoch's end. */
#include <string.h>

#include "../core/ops/batch_norm.h"
#include "../nn/trace.h"
#include "run_impl.h"

/* The batch norm of the net that sees one number a channel of one picture; NULL without one. */
static const lathe_trace_node *find_narrow_norm(const lathe_trace *trace)
{
    for (int i = 0; i < trace->nodes; i++) {
        const lathe_shape *x = &trace->node[i].out.shape;
        if (!strncmp(trace->node[i].op->name, "batch_norm", strlen("batch_norm")) &&
            lathe_shape_count(x) == (size_t)x->dim[1] &&
            !((const lathe_batch_norm_opts *)trace->node[i].attributes)->frozen)
            return &trace->node[i];
    }
    return NULL;
}

/* Returns true if the run comes to a training batch of one picture. */
static bool has_single(const lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    const size_t count = run->feed->train->count, size = (size_t)s->batch_size;
    if (size == 1 || count == 1) return true;
    const bool dropped = s->drop_last && count >= size;
    return count % size == 1 && !dropped && run->total_steps >= lathe_run_epoch_steps(run);
}

lathe_status lathe_run_check_batches(lathe_run *run)
{
    if (!run) return lathe_fail_null("lathe_run_check_batches", "run");
    if (!has_single(run)) return LATHE_OK;
    const lathe_dataset *data = run->feed->data;
    lathe_shape image = { 3, { data->channels, data->height, data->width } };
    if (lathe_transforms_size(run->feed->transforms, image.dim[0], &image.dim[1], &image.dim[2]))
        return lathe_error();
    lathe_trace *trace = lathe_nn_trace(run->learner->net, image);
    if (!trace) return lathe_error();
    lathe_status status = LATHE_OK;
    const lathe_trace_node *norm = find_narrow_norm(trace);
    const size_t count = run->feed->train->count;
    const int size = run->settings.batch_size;
    if (norm && size > 1 && count > 1)
        status = lathe_fail(LATHE_ESHAPE,
            "%zu training pictures in batches of %d: the last batch has one, and batch norm '%s' cannot "
            "train "
            "on one number a channel; leave that batch out (--drop-last) or choose another --batch-size",
            count, size, norm->layer);
    else if (norm)
        status = lathe_fail(LATHE_ESHAPE,
            "%zu training picture%s in batches of %d: batch norm '%s' cannot train on one number a channel; "
            "batches of at least two pictures are needed",
            count, count > 1 ? "s" : "", size, norm->layer);
    lathe_trace_free(trace);
    return status;
}
