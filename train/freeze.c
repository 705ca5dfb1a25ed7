/*
 * Frozen parameters: settings.freeze, freeze_norm and unfreeze_after. Which parameters are frozen follows
 * from the settings and the step alone, so a resumed run needs nothing of it in its checkpoint.
 */
#include <fnmatch.h>
#include <string.h>

#include "../core/alloc.h"
#include "../nn/layers/batch_norm.h"
#include "run_impl.h"

/* The length of a parameter's layer in its name: of "fc" in "fc.bias"; 0 for "bias". */
static size_t layer_length(const char *name)
{
    const char *point = strrchr(name, '.');
    return point ? (size_t)(point - name) : 0;
}

/* Returns true if a parameter is outside the layer of the last parameter, the head. */
static bool is_body(const lathe_params *params, int number)
{
    const char *last = params->tensor[params->count - 1]->name, *name = params->tensor[number]->name;
    const size_t length = layer_length(last);
    return layer_length(name) != length || memcmp(name, last, length) != 0;
}

/* Mark the parameters that a pattern matches. Errors: LATHE_ENAME without one. */
static lathe_status mark(const lathe_params *params, const char *pattern, bool *frozen)
{
    const bool on = *pattern != '!';
    const char *name = pattern + !on;
    int count = 0;
    for (int i = 0; i < params->count; i++) {
        if (strcmp(name, "body") ? fnmatch(name, params->tensor[i]->name, 0) : !is_body(params, i)) continue;
        frozen[i] = on;
        count++;
    }
    if (count) return LATHE_OK;
    return lathe_fail(LATHE_ENAME,
        "settings: freeze: no parameter has a name like '%.100s'; names go from %s to %s", name,
        params->tensor[0]->name, params->tensor[params->count - 1]->name);
}

static lathe_status mark_all(const lathe_params *params, const char *list, bool *frozen)
{
    lathe_status status = LATHE_OK;
    char *copy = lathe_strdup(list), *rest = copy;
    if (!copy) return lathe_error();
    while (rest && !status) {
        char *pattern = rest + strspn(rest, " ");
        rest = strchr(pattern, ',');
        if (rest) *rest++ = '\0';
        for (size_t end = strlen(pattern); end && pattern[end - 1] == ' ';) pattern[--end] = '\0';
        status = mark(params, pattern, frozen);
    }
    lathe_free(copy);
    return status;
}

/* Freeze the norms of the layers without a trained parameter, or all norms. A norm has no layers in it. */
static void freeze_norms(lathe_layer *layer, bool all)
{
    bool trained = false;
    for (int i = 0; i < layer->tensors; i++) trained |= layer->tensor[i]->needs_grad;
    if (!layer->children && (all || !trained)) lathe_nn_freeze_norm(layer, true);
    for (int i = 0; i < layer->children; i++) freeze_norms(layer->child[i], all);
}

lathe_status lathe_run_freeze(lathe_run *run, lathe_layer *net)
{
    const lathe_settings *s = &run->settings;
    lathe_freezing *f = &run->state->freezing;
    const lathe_params *params = lathe_nn_params(net);
    lathe_status status = lathe_settings_unfreeze_after(s, run->steps_per_epoch, &f->until);
    if (!status && *s->freeze) {
        f->frozen = lathe_alloc((size_t)params->count, sizeof *f->frozen);
        status = f->frozen ? mark_all(params, s->freeze, f->frozen) : lathe_error();
    }
    if (status) return status;
    int frozen = 0;
    for (int i = 0; i < params->count && f->frozen; i++) {
        lathe_nn_freeze_param(params->tensor[i], f->frozen[i]);
        frozen += f->frozen[i];
    }
    f->on = frozen > 0;
    if (s->freeze_norm) freeze_norms(net, !*s->freeze);
    if (f->on && *s->unfreeze_after && f->until >= run->total_steps && !s->no_warnings)
        lathe_run_message(run, "the run of %llu steps ends before unfreeze_after = %s: frozen layers stay so",
            (unsigned long long)run->total_steps, s->unfreeze_after);
    if (frozen < params->count) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "settings: freeze = '%.100s' freezes all %d parameters: nothing is trained",
        s->freeze, frozen);
}

lathe_status lathe_run_unfreeze(lathe_run *run)
{
    lathe_freezing *f = &run->state->freezing;
    const lathe_params *params = lathe_nn_params(run->learner->net);
    if (!f->on || run->learner->step < f->until || lathe_features_at_end(run->state->features))
        return LATHE_OK;
    f->on = false;
    for (int i = 0; i < params->count; i++) lathe_nn_freeze_param(params->tensor[i], false);
    if (run->learner->step == f->until)
        lathe_run_message(run, "all parameters are trained from step %llu on",
            (unsigned long long)run->learner->step);
    return lathe_run_close_features(run);
}
