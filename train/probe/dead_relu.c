/*
 * Dead ReLUs: the share of ReLU outputs that are 0 for every picture of a batch. An output is one number of a
 * picture: a feature, or a channel at one place. A ReLU that is computed together with another operation
 * counts where its result lies: after an addition, and after a pooling.
 */
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/exchange.h"
#include "../../core/op.h"
#include "probe_impl.h"

typedef struct dead {
    lathe_probe base;
    bool measured;       /* the step's first batch was */
    unsigned char *zero; /* [units]: 1 if the output is 0 in all pictures */
    size_t units, room;
} dead;

/* "relu", and operations that end or begin with it: add_relu, relu_max_pool2d. leaky_relu is never dead. */
static bool is_relu(const char *name)
{
    const size_t length = strlen(name);
    if (!strcmp(name, "leaky_relu")) return false;
    return !strcmp(name, "relu") || !strncmp(name, "relu_", 5) ||
        (length > 5 && !strcmp(name + length - 5, "_relu"));
}

/* Add the outputs of x: which of them are 0 in all pictures of this process. */
static lathe_status add_units(dead *d, const lathe_tensor *x)
{
    const size_t each = lathe_tensor_per_image(x), images = (size_t)x->shape.dim[0];
    if (d->units + each > d->room) {
        const size_t more = lathe_plus(d->room, d->room > each ? d->room : each);
        unsigned char *grown = lathe_grow(d->zero, d->room, more, sizeof *grown);
        if (!grown) return lathe_error();
        d->zero = grown;
        d->room = more;
    }
    for (size_t unit = 0; unit < each; unit++) {
        bool zero = true;
        for (size_t image = 0; image < images && zero; image++)
            zero = x->data[lathe_tensor_place(x, image * each + unit)] == 0;
        d->zero[d->units++] = zero;
    }
    return LATHE_OK;
}

/* Which outputs are 0 in all pictures of all processes that share the batch. */
static lathe_status join(dead *d)
{
    const lathe_exchange *exchange = lathe_context_exchange(lathe_optim_context(d->base.learner->optim));
    const size_t size = (size_t)exchange->size;
    unsigned char *all = lathe_alloc_raw(size, d->units);
    lathe_status status = all ? lathe_exchange_each(exchange, d->zero, all, d->units) : lathe_error();
    for (size_t i = 0; i < size * d->units && !status; i++) d->zero[i % d->units] &= all[i];
    lathe_free(all);
    return status;
}

static lathe_status begin(lathe_probe *probe)
{
    ((dead *)probe)->measured = false;
    return LATHE_OK;
}

static lathe_status forward(lathe_probe *probe, const lathe_batch *batch)
{
    dead *d = (dead *)probe;
    lathe_status status = LATHE_OK;
    size_t zeros = 0;
    if (d->measured) return LATHE_OK;
    d->measured = true;
    d->units = 0;
    for (const lathe_node *node = lathe_tape_newest(probe->learner->tape); node && !status;
         node = node->before) {
        if (!is_relu(node->op->name) || node->out->layout == LATHE_PLAIN) continue;
        status = lathe_node_numbers(node) ? add_units(d, node->out) : lathe_error();
    }
    if (batch->whole && d->units && !status) status = join(d);
    if (!d->units || status) return status;
    for (size_t i = 0; i < d->units; i++) zeros += d->zero[i];
    probe->value[0] = (double)zeros / (double)d->units;
    return LATHE_OK;
}

static void close(lathe_probe *probe) { lathe_free(((dead *)probe)->zero); }

const lathe_probe_type lathe_dead_relu_probe = {
    .name = "dead_relu",
    .summary = "share of ReLU outputs that are 0 for every picture of the step's first batch",
    .size = sizeof(dead),
    .close = close,
    .begin = begin,
    .forward = forward,
};
