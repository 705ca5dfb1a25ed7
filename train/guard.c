/*
 * What is not a number. A step is good if its loss and its gradients are finite: one pass over the gradients, which shows what backward did;
 * whatever forward did is in the loss, for no operation hides a NaN. What the optimizer did to the weights shows in the next step, or
 * before they are saved. Only when something is found is it looked for: forward on the tape, backward by doing the step once more.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "run_impl.h"

/* How many of them are not finite. x - x is 0 for a finite number, else NaN; without branches, so that it is as fast as memory. */
static size_t bad_in(const lathe_real *numbers, size_t count)
{
    size_t bad = 0;
    for (size_t at = 0; at < count;) {
        size_t end = count - at > 4096 ? at + 4096 : count;
        int some = 0;
        for (size_t i = at; i < end; i++) some |= !(numbers[i] - numbers[i] == 0);
        for (size_t i = at; some && i < end; i++) bad += isfinite(numbers[i]) ? 0 : 1;
        at = end;
    }
    return bad;
}

/* Is this number a picture's, not that of a tail lane? */
static bool counts(const lathe_tensor *tensor, size_t index)
{
    if (tensor->layout != LATHE_BATCHED) return true;
    size_t block = index / (LATHE_LANES * lathe_tensor_per_image(tensor));
    return block * LATHE_LANES + index % LATHE_LANES < (size_t)tensor->shape.dim[0];
}

static bool is_bad(const lathe_tensor *tensor, const lathe_real *numbers)
{
    if (!numbers || !bad_in(numbers, tensor->stored)) return false;
    for (size_t i = 0; i < tensor->stored; i++)
        if (!isfinite(numbers[i]) && counts(tensor, i)) return true;
    return false;
}

/* ---- whose fault it is -------------------------------------------------------------------------------------- */

/* "[-1.5, 2e+38], mean 3" of the finite numbers, and how many are not. */
static void put_range(const lathe_tensor *tensor, char *text, size_t size)
{
    double low = HUGE_VAL, high = -HUGE_VAL, sum = 0;
    size_t finite = 0, bad = 0;
    for (size_t i = 0; i < tensor->stored; i++) {
        double number = (double)tensor->data[i];
        if (!counts(tensor, i)) continue;
        if (!isfinite(number)) {
            bad++;
            continue;
        }
        finite++;
        sum += number;
        low = fmin(low, number), high = fmax(high, number);
    }
    int used = finite ? snprintf(text, size, "%.3g to %.3g, mean %.3g", low, high, sum / (double)finite) : snprintf(text, size, "none finite");
    if (bad && used > 0 && (size_t)used < size) snprintf(text + used, size - (size_t)used, ", %zu not finite", bad);
}

/* "layer 3, linear" */
static const char *node_name(const lathe_node *node, char text[128])
{
    const char *scope = node->scope && *node->scope ? node->scope : NULL;
    snprintf(text, 128, "%s%.80s%s%s", scope ? "layer " : "", scope ? scope : "", scope ? ", " : "", node->op->name);
    return text;
}

static bool made_by_a_node(const lathe_tape *tape, const lathe_tensor *tensor)
{
    for (const lathe_node *node = lathe_tape_newest(tape); node; node = node->before)
        if (node->out == tensor) return true;
    return false;
}

/* The oldest operation whose result is bad, and what of its inputs was so already. */
static bool blame_forward(const lathe_run *run, char *text, size_t size)
{
    const lathe_node *first = NULL;
    char name[128], range[128] = "";
    for (const lathe_node *node = lathe_tape_newest(run->tape); node; node = node->before)
        if (is_bad(node->out, node->out->data)) first = node;
    if (!first) return false;
    node_name(first, name);
    for (int i = 0; i < first->inputs; i++) {
        const lathe_tensor *in = first->in[i];
        bool statistic = in && in->name && !in->grad; /* changed by this very forward */
        if (!in || statistic || !is_bad(in, in->data) || made_by_a_node(run->tape, in)) continue;
        if (in->name && run->step)
            snprintf(text, size, "optimizer %s made %.80s so in step %llu", lathe_optim_type_of(run->optim)->name, in->name,
                (unsigned long long)run->step - 1);
        else if (in->name) snprintf(text, size, "the first weights %.80s are so", in->name);
        else snprintf(text, size, "the input of %s is so", name);
        return true;
    }
    if (first->inputs && first->in[0]) put_range(first->in[0], range, sizeof range);
    snprintf(text, size, "first in %s, forward, of an input of %s", name, range);
    return true;
}

/* The first operation whose backward gives a bad gradient. */
typedef struct culprit {
    bool found;
    char name[128], range[128];
} culprit;

static void look_at_backward(void *context, const lathe_node *node)
{
    culprit *c = context;
    for (int i = 0; i < node->inputs && !c->found; i++) {
        const lathe_tensor *in = node->in[i];
        if (!in || !in->has_grad || !is_bad(in, in->grad)) continue;
        c->found = true;
        node_name(node, c->name);
        put_range(node->in[0], c->range, sizeof c->range);
    }
}

/* Do the step's forward and backward once more, looking at each gradient as it is made. */
static void blame_backward(lathe_run *run, const lathe_batch *batch, char *text, size_t size)
{
    culprit c = { .found = false };
    lathe_tensor *output;
    lathe_tape_seed(run->tape, run->settings.seed, run->step);
    lathe_tape_on_backward(run->tape, look_at_backward, &c);
    lathe_run_compute(run, batch, &output);
    lathe_tape_on_backward(run->tape, NULL, NULL);
    if (c.found) snprintf(text, size, "first in %s, backward, of an input of %s", c.name, c.range);
    else snprintf(text, size, "done once more, the step is good: its numbers came out otherwise on the same machine");
}

/* The parameter whose gradient is bad, NULL if none is. */
static const lathe_tensor *bad_gradient(const lathe_run *run)
{
    const lathe_params *params = lathe_optim_params(run->optim);
    for (int i = 0; i < params->count; i++) {
        const lathe_tensor *tensor = params->tensor[i];
        if (tensor->needs_grad && tensor->has_grad && bad_in(tensor->grad, tensor->stored)) return tensor;
    }
    return NULL;
}

/* ---- buffers ------------------------------------------------------------------------------------------------ */

/* Running statistics and the like: what forward itself changes. Copies to or from the run's keeping; returns how many numbers. */
static size_t copy_buffers(lathe_run *run, lathe_real *kept, bool back)
{
    int count;
    size_t numbers = 0;
    lathe_tensor *const *state = lathe_nn_state(run->net, &count);
    for (int i = 0; i < count; i++) {
        size_t size = state[i]->stored * sizeof *kept;
        if (state[i]->grad) continue; /* a parameter */
        if (kept && back) memcpy(state[i]->data, kept + numbers, size);
        else if (kept) memcpy(kept + numbers, state[i]->data, size);
        numbers += state[i]->stored;
    }
    return numbers;
}

/* ---- what the loop calls ------------------------------------------------------------------------------------ */

lathe_status lathe_guard_begin(lathe_run *run)
{
    lathe_run_state *state = run->state;
    if (run->settings.on_nan != LATHE_NAN_SKIP) return LATHE_OK;
    if (!state->buffers) state->buffers = lathe_alloc_raw(copy_buffers(run, NULL, false) + 1, sizeof(lathe_real));
    if (!state->buffers) return lathe_error();
    copy_buffers(run, state->buffers, false);
    return LATHE_OK;
}

/* Tell, and end the run if the settings want it or nothing else can be done. */
static void tell(lathe_run *run, const char *what, const char *where, bool can_skip)
{
    bool skips = can_skip && run->settings.on_nan == LATHE_NAN_SKIP;
    snprintf(run->not_a_number, sizeof run->not_a_number, "step %llu: %s: %s", (unsigned long long)run->step, what, where);
    lathe_run_message(run, "%s; %s", run->not_a_number, skips ? "the step is skipped" : "the run stops");
    if (!skips) run->end = LATHE_RUN_NAN;
}

bool lathe_guard_step(lathe_run *run, const lathe_batch *batch, double loss)
{
    char what[192], where[384];
    if (run->settings.on_nan == LATHE_NAN_IGNORE) return false;
    const lathe_tensor *gradient = isfinite(loss) ? bad_gradient(run) : NULL;
    if (isfinite(loss) && !gradient) return false;
    if (gradient) snprintf(what, sizeof what, "the gradient of %.120s is not finite", gradient->name);
    else snprintf(what, sizeof what, "the loss is %s", isnan(loss) ? "not a number" : "infinite");
    if (gradient || !blame_forward(run, where, sizeof where)) blame_backward(run, batch, where, sizeof where);
    if (run->settings.on_nan == LATHE_NAN_SKIP) copy_buffers(run, run->state->buffers, true);
    tell(run, what, where, true);
    return true;
}

bool lathe_guard_weights(lathe_run *run)
{
    char what[192], where[128];
    int count;
    if (run->settings.on_nan == LATHE_NAN_IGNORE) return true;
    lathe_tensor *const *state = lathe_nn_state(run->net, &count);
    for (int i = 0; i < count; i++) {
        if (!bad_in(state[i]->data, state[i]->stored)) continue;
        bool weight = state[i]->grad;
        snprintf(what, sizeof what, "%.120s is not finite, and was not saved", state[i]->name);
        if (weight)
            snprintf(where, sizeof where, "optimizer %s made it so in step %llu or before", lathe_optim_type_of(run->optim)->name,
                (unsigned long long)run->step - (run->step > 0));
        else snprintf(where, sizeof where, "a statistic of forward");
        tell(run, what, where, false);
        return false;
    }
    return true;
}
