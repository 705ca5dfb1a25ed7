#include "metric_impl.h"

#include <math.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/registry.h"

struct lathe_metric {
    const lathe_metric_type *type;
    void *opts;
    int classes;
    double *state;
    size_t numbers; /* size of the state */
    size_t samples;
    bool many; /* the samples came with targets */
    /* every sample, for types that keep them */
    lathe_real *scores;
    int *labels; /* one a sample, or `classes` a sample */
    size_t room_scores, room_labels;
};

lathe_metric *lathe_metric_new(const lathe_metric_type *type, int classes, const void *opts)
{
    if (!type) return lathe_fail_null("lathe_metric_new", "type"), NULL;
    if (classes < (type->multilabel ? 1 : 2)) {
        lathe_fail(LATHE_EARG, "lathe_metric_new: %s needs at least %d classes, not %d", type->name,
            type->multilabel ? 1 : 2, classes);
        return NULL;
    }
    lathe_metric *metric = lathe_alloc(1, sizeof *metric);
    if (!metric) return NULL;
    metric->type = type;
    metric->classes = classes;
    metric->opts = lathe_alloc(1, type->opts_size);
    if (!metric->opts ||
        lathe_fields_resolve(type->name, type->fields, opts, metric->opts, type->opts_size) ||
        (type->check && type->check(metric->opts, classes)))
        goto fail;
    metric->numbers = type->numbers ? type->numbers(metric->opts, classes) : 0;
    if (metric->numbers && !(metric->state = lathe_alloc(metric->numbers, sizeof *metric->state))) goto fail;
    return metric;
fail:
    lathe_metric_free(metric);
    return NULL;
}

void lathe_metric_free(lathe_metric *metric)
{
    if (!metric) return;
    lathe_free(metric->opts);
    lathe_free(metric->state);
    lathe_free(metric->scores);
    lathe_free(metric->labels);
    lathe_free(metric);
}

lathe_status lathe_check_samples(const char *who, int classes, const lathe_real *scores, const int *labels,
    bool many, size_t count)
{
    if (!scores || !labels) return lathe_fail_null(who, !scores ? "scores" : many ? "targets" : "labels");
    size_t numbers = (size_t)classes, each = many ? numbers : 1;
    int limit = many ? 2 : classes;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < each; k++)
            if (labels[i * each + k] < 0 || labels[i * each + k] >= limit)
                return lathe_fail(LATHE_EARG, "%s: sample %zu has the %s %d, legal are 0 to %d", who, i,
                    many ? "target" : "label", labels[i * each + k], limit - 1);
        for (size_t k = 0; k < numbers; k++)
            if (!isfinite(scores[i * numbers + k]))
                return lathe_fail(LATHE_EARG, "%s: sample %zu has the score %g for class %zu", who, i,
                    (double)scores[i * numbers + k], k);
    }
    return LATHE_OK;
}

/*
 * `block` with room for `need` objects, at least doubled when it must grow; NULL after a failure, which
 * leaves it as it was.
 */
static void *reserve(void *block, size_t *room, size_t need, size_t size)
{
    if (need <= *room) return block;
    size_t more = *room > need / 2 ? 2 * *room : need;
    void *grown = lathe_grow(block, *room, more, size);
    if (grown) *room = more;
    return grown;
}

static lathe_status keep(lathe_metric *metric, const lathe_real *scores, const int *labels, size_t count,
    bool many)
{
    size_t classes = (size_t)metric->classes, each = many ? classes : 1, samples, need_scores;
    if (!lathe_size_add(metric->samples, count, &samples) || !lathe_size_mul(samples, classes, &need_scores))
        return lathe_fail(LATHE_ENOMEM, "lathe_metric_update: more samples than an address space holds");
    lathe_real *grown_scores = reserve(metric->scores, &metric->room_scores, need_scores, sizeof *scores);
    if (!grown_scores) return LATHE_ENOMEM;
    metric->scores = grown_scores;
    int *grown_labels = reserve(metric->labels, &metric->room_labels, samples * each, sizeof *labels);
    if (!grown_labels) return LATHE_ENOMEM;
    metric->labels = grown_labels;
    memcpy(metric->scores + metric->samples * classes, scores, count * classes * sizeof *scores);
    memcpy(metric->labels + metric->samples * each, labels, count * each * sizeof *labels);
    return LATHE_OK;
}

static lathe_status take_in(lathe_metric *metric, const lathe_real *scores, const int *labels, size_t count,
    bool many)
{
    if (!metric) return lathe_fail_null("lathe_metric_update", "metric");
    if (count == 0) return LATHE_OK;
    if (many && !metric->type->multilabel)
        return lathe_fail(LATHE_EARG, "lathe_metric_update_many: %s takes one label a sample, no targets",
            metric->type->name);
    if (metric->samples && many != metric->many)
        return lathe_fail(LATHE_ESTATE,
            "lathe_metric_update: %s has samples with %s already, and these come with %s", metric->type->name,
            metric->many ? "targets" : "labels", many ? "targets" : "labels");
    lathe_status status =
        lathe_check_samples("lathe_metric_update", metric->classes, scores, labels, many, count);
    if (!status && metric->type->keeps_samples) status = keep(metric, scores, labels, count, many);
    if (status) return status;
    if (metric->type->update)
        metric->type->update(&(lathe_metric_view){ metric->opts, metric->classes, metric->state, count, many,
            scores, many ? NULL : labels, many ? labels : NULL });
    metric->many = many;
    metric->samples += count;
    return LATHE_OK;
}

lathe_status lathe_metric_update(lathe_metric *metric, const lathe_real *scores, const int *labels,
    size_t count)
{
    return take_in(metric, scores, labels, count, false);
}

lathe_status lathe_metric_update_many(lathe_metric *metric, const lathe_real *scores, const int *targets,
    size_t count)
{
    return take_in(metric, scores, targets, count, true);
}

lathe_metric_view lathe_metric_view_of(const lathe_metric *metric)
{
    return (lathe_metric_view){ metric->opts, metric->classes, metric->state, metric->samples, metric->many,
        metric->scores, metric->many ? NULL : metric->labels, metric->many ? metric->labels : NULL };
}

double lathe_metric_compute(const lathe_metric *metric)
{
    if (!metric || !metric->samples) return NAN;
    lathe_metric_view all = lathe_metric_view_of(metric);
    double value = NAN;
    return metric->type->compute(&all, &value) ? NAN : value;
}

lathe_status lathe_metric_per_class(const lathe_metric *metric, double *values, int classes)
{
    if (!metric || !values) return lathe_fail_null("lathe_metric_per_class", metric ? "values" : "metric");
    if (!metric->type->per_class)
        return lathe_fail(LATHE_EARG, "lathe_metric_per_class: %s has no values of single classes",
            metric->type->name);
    if (classes != metric->classes)
        return lathe_fail(LATHE_EARG, "lathe_metric_per_class: %d values given for %d classes", classes,
            metric->classes);
    for (int k = 0; k < classes; k++) values[k] = NAN;
    if (!metric->samples) return LATHE_OK;
    lathe_metric_view all = lathe_metric_view_of(metric);
    return metric->type->per_class(&all, values);
}

void lathe_metric_reset(lathe_metric *metric)
{
    if (!metric) return;
    metric->samples = 0;
    if (metric->state) memset(metric->state, 0, metric->numbers * sizeof *metric->state);
}

const lathe_metric_type *lathe_metric_type_of(const lathe_metric *metric)
{
    return metric ? metric->type : NULL;
}
int lathe_metric_classes(const lathe_metric *metric) { return metric ? metric->classes : 0; }
const void *lathe_metric_opts(const lathe_metric *metric) { return metric ? metric->opts : NULL; }
size_t lathe_metric_samples(const lathe_metric *metric) { return metric ? metric->samples : 0; }

int lathe_argmax(const lathe_real *scores, int classes)
{
    if (!scores) return 0;
    int best = 0;
    for (int k = 1; k < classes; k++)
        if (scores[k] > scores[best]) best = k;
    return best;
}

void lathe_scores_softmax(const lathe_real *scores, int classes, double *p)
{
    double largest = (double)scores[lathe_argmax(scores, classes)], sum = 0;
    for (int k = 0; k < classes; k++) sum += p[k] = exp((double)scores[k] - largest);
    for (int k = 0; k < classes; k++) p[k] /= sum;
}

/* ---- by name ------------------------------------------------------------------------------------------- */

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_metric_type *type = object;
    if (!type->compute || (!type->update && !type->keeps_samples))
        return lathe_registry_refuse(registry, type, "compute or update is NULL");
    return lathe_registry_check_fields(registry, type, type->fields, type->opts_size);
}

extern const void *const lathe_metric_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "metric",
    .prefix = "lathe_metric",
    .table = lathe_metric_types,
    .check = check_type };

const lathe_metric_type *lathe_metric_at(int index) { return lathe_registry_at(&registry, index); }

const lathe_metric_type *lathe_metric_find(const char *name) { return lathe_registry_find(&registry, name); }

lathe_status lathe_metric_register(const lathe_metric_type *type)
{
    return lathe_registry_add(&registry, type);
}
