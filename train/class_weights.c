/* Weights of classes in the loss: settings.class_weights. */
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "run_impl.h"
#include "settings/settings_impl.h"

/* Read the numbers of a list into `weights` (NULL: only check them). *count becomes their number. */
static lathe_status read_list(const char *text, lathe_real *weights, int *count)
{
    *count = 0;
    for (const char *at = text;; (*count)++) {
        char number[64];
        size_t length = strcspn(at, ",");
        double weight;
        snprintf(number, sizeof number, "%.*s", length < sizeof number ? (int)length : 0, at);
        if (!lathe_parse_double(number, &weight) || weight < 0)
            return lathe_fail(LATHE_EARG,
                "settings: class_weights = '%.200s': number %d is not a number >= 0; was balanced "
                "meant?",
                text, *count + 1);
        if (weights) weights[*count] = (lathe_real)weight;
        if (!at[length]) break;
        at += length + 1;
    }
    ++*count;
    return LATHE_OK;
}

static bool balanced(const lathe_settings *settings) { return !strcmp(settings->class_weights, "balanced"); }

lathe_status lathe_class_weights_check(const lathe_settings *settings, const lathe_loss_type *loss)
{
    int count;
    if (!*settings->class_weights) return LATHE_OK;
    if (!loss->class_weights)
        return lathe_fail(LATHE_EARG,
            "settings: loss %s has no weights of classes, yet class_weights is given", loss->name);
    return balanced(settings) ? LATHE_OK : read_list(settings->class_weights, NULL, &count);
}

lathe_status lathe_run_weigh_classes(lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    int count, classes = run->feed->data->classes;
    if (!*s->class_weights) return LATHE_OK;
    if (!balanced(s) && read_list(s->class_weights, NULL, &count)) return lathe_error();
    if (!balanced(s) && count != classes)
        return lathe_fail(LATHE_EARG, "settings: class_weights = '%.200s' has %d numbers, %s has %d classes",
            s->class_weights, count, run->feed->data->name, classes);
    lathe_real *weights = lathe_alloc((size_t)classes, sizeof *weights);
    if (!weights) return lathe_error();
    if (balanced(s)) lathe_feed_class_weights(run->feed, weights);
    else read_list(s->class_weights, weights, &count);
    run->state->class_weights = weights;
    *run->state->loss_type->class_weights(run->state->loss_opts) = weights;
    return LATHE_OK;
}
