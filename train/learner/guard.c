/*
 * Non-finite values. The loss shows any in forward, because no operation hides a NaN. The gradients of
 * biases, shifts and scales show any in backward: each is a sum over all gradients of its layer's results,
 * and there are few of them. A non-finite value in a single weight's gradient, or from the optimizer, shows
 * in the next loss or before the weights are saved. A run that may skip steps checks every gradient.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/exchange.h"
#include "../../core/op.h"
#include "learner_impl.h"

/*
 * Returns true if a number is not finite. x - x is 0 for a finite number, else NaN: without branches, so it
 * vectorises.
 */
static bool any_bad(const lathe_real *numbers, size_t count)
{
    int bad = 0;
    for (size_t i = 0; i < count; i++) bad |= !(numbers[i] - numbers[i] == 0);
    return bad;
}

static bool is_bad(const lathe_tensor *tensor, const lathe_real *numbers)
{
    if (!numbers || !any_bad(numbers, tensor->stored)) return false;
    for (size_t i = 0; i < tensor->stored; i++)
        if (!isfinite(numbers[i]) && !lathe_tensor_is_tail(tensor, i)) return true;
    return false;
}

/* ---- whose fault it is --------------------------------------------------------------------------------- */

/* Write "[-1.5, 2e+38], mean 3" for the finite numbers, and how many are non-finite. */
static void put_range(const lathe_tensor *tensor, char *text, size_t size)
{
    double low = HUGE_VAL, high = -HUGE_VAL, sum = 0;
    size_t finite = 0, bad = 0;
    for (size_t i = 0; i < tensor->stored; i++) {
        double number = (double)tensor->data[i];
        if (lathe_tensor_is_tail(tensor, i)) continue;
        if (!isfinite(number)) {
            bad++;
            continue;
        }
        finite++;
        sum += number;
        low = fmin(low, number), high = fmax(high, number);
    }
    int used = finite ? snprintf(text, size, "%.3g to %.3g, mean %.3g", low, high, sum / (double)finite) :
                        snprintf(text, size, "none finite");
    if (bad && used > 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, ", %zu not finite", bad);
}

/* "layer 3, linear" */
static const char *node_name(const lathe_node *node, char text[128])
{
    const char *scope = node->scope && *node->scope ? node->scope : NULL;
    snprintf(text, 128, "%s%.80s%s%s", scope ? "layer " : "", scope ? scope : "", scope ? ", " : "",
        node->op->name);
    return text;
}

/* The operation whose result it is; NULL: none of the tape's. */
static const lathe_node *maker_of(const lathe_tape *tape, const lathe_tensor *tensor)
{
    const lathe_node *node = lathe_tape_newest(tape);
    while (node && node->out != tensor) node = node->before;
    return node;
}

/*
 * A parameter was non-finite before the step. The cause is its gradient in the step before, which is still
 * there, or the optimizer.
 */
static void blame_step_before(const lathe_learner *learner, const lathe_node *node,
    const lathe_tensor *weight, char *text, size_t size)
{
    char name[128];
    unsigned long long step = (unsigned long long)learner->step;
    if (!step) snprintf(text, size, "the first weights %.80s are so", weight->name);
    else if (learner->images && any_bad(weight->grad, weight->stored))
        snprintf(text, size, "first in %s, backward, the gradient of %.80s in step %llu",
            node_name(node, name), weight->name, step - 1);
    else
        snprintf(text, size, "optimizer %s made %.80s so in step %llu",
            lathe_optim_type_of(learner->optim)->name, weight->name, step - 1);
}

/*
 * The first operation with a non-finite result or gradient, as a text. Processes that share the batch see
 * different pictures: the first operation of all of them counts.
 */
typedef struct blame {
    uint64_t at; /* operations before it; NOTHING: none found */
    char text[384];
} blame;

#define NOTHING UINT64_MAX

static bool found_by_any(const lathe_learner *learner, blame *b)
{
    const lathe_exchange *exchange = lathe_context_exchange(lathe_tape_context(learner->tape));
    blame *all = exchange ? lathe_alloc((size_t)exchange->size, sizeof *all) : NULL;
    if (all && !lathe_exchange_each(exchange, b, all, sizeof *all))
        for (int r = exchange->size - 1; r >= 0; r--)
            if (all[r].at <= b->at) *b = all[r];
    lathe_free(all);
    return b->at != NOTHING;
}

/* Find the oldest operation with a non-finite result, and its non-finite inputs. */
static void blame_forward(const lathe_learner *learner, blame *b)
{
    const lathe_node *first = NULL;
    char name[128], range[128] = "";
    b->at = NOTHING;
    for (const lathe_node *node = lathe_tape_newest(learner->tape); node; node = node->before) {
        if (first) b->at++;
        if (is_bad(node->out, lathe_node_numbers(node))) first = node, b->at = 0;
    }
    if (!first) return;
    node_name(first, name);
    for (int i = 0; i < first->inputs; i++) {
        const lathe_tensor *in = first->in[i];
        bool statistic = in && in->name && !in->grad; /* changed by this forward */
        if (!in || statistic || !is_bad(in, in->data) || maker_of(learner->tape, in)) continue;
        if (in->name) blame_step_before(learner, first, in, b->text, sizeof b->text);
        else snprintf(b->text, sizeof b->text, "the input of %s is so", name);
        return;
    }
    if (first->inputs && first->in[0]) put_range(first->in[0], range, sizeof range);
    snprintf(b->text, sizeof b->text, "first in %s, forward, of an input of %s", name, range);
}

static void look_at_backward(void *context, const lathe_node *node)
{
    blame *b = context;
    char name[128], range[128];
    if (*b->text) return;
    for (int i = 0; i < node->inputs && !*b->text; i++) {
        const lathe_tensor *in = node->in[i];
        if (!in || !in->has_grad || !is_bad(in, in->grad)) continue;
        node_name(node, name);
        const lathe_node *maker = maker_of(node->tape, node->in[0]);
        if (maker) lathe_node_numbers(maker); /* a norm may have left them to this node */
        put_range(node->in[0], range, sizeof range);
        snprintf(b->text, sizeof b->text, "first in %s, backward, of an input of %s", name, range);
    }
    b->at++;
}

/* Repeat the step's forward and backward, and check each gradient when it is made. */
static void blame_backward(lathe_learner *learner, const lathe_batch *batch, blame *b)
{
    lathe_tensor *output;
    *b = (blame){ 0 };
    lathe_tape_seed(learner->tape, learner->opts.seed, lathe_tape_step(learner->tape));
    lathe_optim_zero_grad(learner->optim);
    lathe_tape_on_backward(learner->tape, look_at_backward, b);
    lathe_backward(lathe_learner_forward(learner, batch, &output));
    lathe_tape_on_backward(learner->tape, NULL, NULL);
    lathe_context_reduce(lathe_tape_context(learner->tape));
    if (!*b->text) b->at = NOTHING;
    if (found_by_any(learner, b)) return;
    snprintf(b->text, sizeof b->text, "%s",
        batch->whole ?
            "the sum over the batch is so" :
            "done once more, the step is good: its numbers came out otherwise on the same machine");
}

/* The first parameter with a non-finite gradient among those that are checked; NULL without one. */
static const lathe_tensor *bad_gradient(const lathe_learner *learner, bool all)
{
    const lathe_params *params = lathe_optim_params(learner->optim);
    for (int i = 0; i < params->count; i++) {
        const lathe_tensor *tensor = params->tensor[i];
        bool looked_at = all || tensor->shape.rank < 2;
        if (looked_at && tensor->needs_grad && tensor->has_grad && any_bad(tensor->grad, tensor->stored))
            return tensor;
    }
    return NULL;
}

/* ---- what the loop calls ------------------------------------------------------------------------------- */

lathe_status lathe_guard_begin(lathe_learner *learner)
{
    lathe_learning *own = learner->own;
    if (learner->opts.on_nan != LATHE_NAN_SKIP) return LATHE_OK;
    if (!own->buffers)
        own->buffers =
            lathe_alloc_raw(lathe_learner_copy_buffers(learner, NULL, false) + 1, sizeof(lathe_real));
    if (!own->buffers) return lathe_error();
    lathe_learner_copy_buffers(learner, own->buffers, false);
    return LATHE_OK;
}

/* Send the message, and end the run if the settings say so or nothing else is possible. */
static void tell(lathe_learner *learner, const char *what, const char *where, bool can_skip)
{
    bool skips = can_skip && learner->opts.on_nan == LATHE_NAN_SKIP;
    snprintf(learner->not_finite, sizeof learner->not_finite, "step %llu: %s: %s",
        (unsigned long long)learner->step, what, where);
    char line[sizeof learner->not_finite + 32];
    snprintf(line, sizeof line, "%s; %s", learner->not_finite,
        skips ? "the step is skipped" : "the run stops");
    if (learner->opts.on_message) learner->opts.on_message(learner->opts.context, line);
    if (!skips) learner->stopped = true;
}

static bool found(lathe_learner *learner, const char *what, const char *where)
{
    if (learner->opts.on_nan == LATHE_NAN_SKIP)
        lathe_learner_copy_buffers(learner, learner->own->buffers, true);
    tell(learner, what, where, true);
    return true;
}

bool lathe_guard_loss(lathe_learner *learner, double loss)
{
    blame b = { 0 };
    if (isfinite(loss) || learner->opts.on_nan == LATHE_NAN_IGNORE) return false;
    blame_forward(learner, &b);
    if (!found_by_any(learner, &b)) snprintf(b.text, sizeof b.text, "nothing before it is so");
    return found(learner, isnan(loss) ? "the loss is not a number" : "the loss is infinite", b.text);
}

bool lathe_guard_gradients(lathe_learner *learner, const lathe_batch *batch, bool all)
{
    char what[192];
    blame b;
    const int policy = learner->opts.on_nan;
    const lathe_tensor *gradient =
        policy == LATHE_NAN_IGNORE ? NULL : bad_gradient(learner, all || policy == LATHE_NAN_SKIP);
    if (!gradient) return false;
    snprintf(what, sizeof what, "the gradient of %.120s is not finite", gradient->name);
    blame_backward(learner, batch, &b);
    return found(learner, what, b.text);
}

bool lathe_learner_is_finite(lathe_learner *learner)
{
    if (!learner) return false;
    char what[192], where[128];
    int count;
    if (learner->opts.on_nan == LATHE_NAN_IGNORE) return true;
    lathe_tensor *const *state = lathe_nn_state(learner->net, &count);
    for (int i = 0; i < count; i++) {
        if (!any_bad(state[i]->data, state[i]->stored)) continue;
        bool weight = state[i]->grad;
        snprintf(what, sizeof what, "%.120s is not finite, and was not saved", state[i]->name);
        if (weight)
            snprintf(where, sizeof where, "optimizer %s made it so in step %llu or before",
                lathe_optim_type_of(learner->optim)->name,
                (unsigned long long)learner->step - (learner->step > 0));
        else snprintf(where, sizeof where, "a statistic of forward");
        tell(learner, what, where, false);
        return false;
    }
    return true;
}
