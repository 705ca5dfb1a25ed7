/*
 * Dead ReLUs: the share of ReLU outputs that are 0 for every picture of a batch. An output is one number of a
 * picture: a feature, or a channel at one place. A ReLU that is computed together with another operation
 * counts where its result lies: after an addition, and after a pooling.
 */
#include <string.h>

#include "../../core/op.h"
#include "probe_impl.h"

typedef struct dead {
    lathe_probe base;
    bool measured; /* the step's first batch was */
} dead;

/* "relu", and operations that end or begin with it: add_relu, relu_max_pool2d. leaky_relu is never dead. */
static bool is_relu(const char *name)
{
    const size_t length = strlen(name);
    if (!strcmp(name, "leaky_relu")) return false;
    return !strcmp(name, "relu") || !strncmp(name, "relu_", 5) ||
        (length > 5 && !strcmp(name + length - 5, "_relu"));
}

/* The outputs that are 0 in all pictures of the batch. */
static size_t zeros_of(const lathe_tensor *x)
{
    const size_t each = lathe_tensor_per_image(x), images = (size_t)x->shape.dim[0];
    size_t zeros = 0;
    for (size_t unit = 0; unit < each; unit++) {
        bool zero = true;
        for (size_t image = 0; image < images && zero; image++)
            zero = x->data[lathe_tensor_place(x, image * each + unit)] == 0;
        zeros += zero;
    }
    return zeros;
}

static lathe_status begin(lathe_probe *probe)
{
    ((dead *)probe)->measured = false;
    return LATHE_OK;
}

static lathe_status forward(lathe_probe *probe, const lathe_batch *batch)
{
    dead *d = (dead *)probe;
    size_t zeros = 0, all = 0;
    (void)batch;
    if (d->measured) return LATHE_OK;
    d->measured = true;
    for (const lathe_node *node = lathe_tape_newest(probe->learner->tape); node; node = node->before) {
        if (!is_relu(node->op->name) || node->out->layout == LATHE_PLAIN) continue;
        zeros += zeros_of(node->out);
        all += lathe_tensor_per_image(node->out);
    }
    if (all) probe->value[0] = (double)zeros / (double)all;
    return LATHE_OK;
}

const lathe_probe_type lathe_dead_relu_probe = {
    .name = "dead_relu",
    .summary = "share of ReLU outputs that are 0 for every picture of the step's first batch",
    .size = sizeof(dead),
    .begin = begin,
    .forward = forward,
};
