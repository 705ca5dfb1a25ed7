#include "measure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../metrics/average_precision.h"
#include "../metrics/text.h"
#include "evaluate.h"
#include "task_impl.h"

static const lathe_batch empty;

/* ---- making one ---------------------------------------------------------------------------------------- */

/* One more, of a view; `text` is `length` characters long. */
static lathe_status add_metric(lathe_measure *measure, const char *text, size_t length, int index,
    const lathe_task_view *view)
{
    const char *owner = view->name ? view->name : "";
    size_t room = lathe_plus(lathe_plus(strlen(owner), length), 2);
    char *name = lathe_alloc(1, room);
    if (!name) return lathe_error();
    int before = snprintf(name, room, "%s%s", owner, view->name ? "." : "");
    memcpy(name + before, text, length);
    measure->name[measure->metrics] = name;
    measure->view[measure->metrics] = index;
    measure->metric[measure->metrics++] = lathe_metric_from_text(name + before, view->classes);
    return measure->metric[measure->metrics - 1] ? LATHE_OK : lathe_error();
}

static lathe_status add_listed(lathe_measure *measure, const char *text, int index,
    const lathe_task_view *view)
{
    lathe_status status = LATHE_OK;
    for (bool more = *text; more && !status;) {
        size_t length = strcspn(text, ",");
        more = text[length] == ',';
        status = add_metric(measure, text, length, index, view);
        text += length + 1;
    }
    return status;
}

/* One of each type that fits. */
static lathe_status add_all(lathe_measure *measure, const lathe_task *task, int index,
    const lathe_task_view *view)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; lathe_metric_at(i) && !status; i++) {
        const lathe_metric_type *type = lathe_metric_at(i);
        bool fits = view->many ? type->multilabel : !task->type->dense || !type->keeps_samples;
        if (fits) status = add_metric(measure, type->name, strlen(type->name), index, view);
    }
    return status;
}

/* Metrics of one view at most. */
static size_t most_metrics(const char *text)
{
    size_t count = 1;
    for (const char *c = text; c && *c; c++) count += *c == ',';
    while (!text && lathe_metric_at((int)count)) count++;
    return count;
}

static lathe_status set_up(lathe_measure *measure, lathe_task *task, const lathe_measure_opts *opts)
{
    lathe_task_view view;
    int views = 0;
    while (task->type->view(task, views, NULL, &empty, &view)) views++;
    bool one = views == 1 && !view.many;
    size_t room = lathe_times(most_metrics(opts->metrics), (size_t)views);
    measure->metric = lathe_alloc(room, sizeof(lathe_metric *));
    measure->name = lathe_alloc(room, sizeof(char *));
    measure->view = lathe_alloc(room, sizeof *measure->view);
    if (!measure->metric || !measure->name || !measure->view) return lathe_error();
    if ((opts->curve || opts->mistakes > 0) && !lathe_task_single_class(task))
        return lathe_fail(LATHE_EARG, "%s for data of one class a picture; %s has others",
            opts->curve ? "curves of precision and recall are" : "mistakes are", task->data->name);
    if (one && !(measure->confusion = lathe_confusion_new(view.classes))) return lathe_error();
    if (opts->curve && !(measure->curve = lathe_metric_average_precision(view.classes, NULL)))
        return lathe_error();
    measure->classes = task->data->classes;
    measure->samples = lathe_alloc((size_t)measure->classes, sizeof *measure->samples);
    if (!measure->samples) return lathe_error();
    measure->most_mistakes = opts->mistakes > 0 ? opts->mistakes : 0;
    measure->mistake = lathe_alloc((size_t)measure->most_mistakes, sizeof *measure->mistake);
    lathe_status status = measure->mistake ? LATHE_OK : lathe_error();
    for (int i = 0; i < views && !status; i++) {
        task->type->view(task, i, NULL, &empty, &view);
        status =
            opts->metrics ? add_listed(measure, opts->metrics, i, &view) : add_all(measure, task, i, &view);
    }
    return status;
}

lathe_measure *lathe_measure_new(lathe_task *task, const lathe_measure_opts *opts)
{
    static const lathe_measure_opts none;
    if (!task) return lathe_fail_null("lathe_measure_new", "task"), NULL;
    lathe_measure *measure = lathe_alloc(1, sizeof *measure);
    if (measure && !set_up(measure, task, opts ? opts : &none)) return measure;
    lathe_measure_free(measure);
    return NULL;
}

void lathe_measure_free(lathe_measure *measure)
{
    if (!measure) return;
    for (int i = 0; i < measure->metrics; i++) {
        lathe_metric_free(measure->metric[i]);
        lathe_free(measure->name[i]);
    }
    lathe_free(measure->metric);
    lathe_free(measure->name);
    lathe_free(measure->view);
    lathe_free(measure->mistake);
    lathe_free(measure->samples);
    lathe_metric_free(measure->curve);
    lathe_confusion_free(measure->confusion);
    lathe_free(measure);
}

/* ---- a batch ------------------------------------------------------------------------------------------- */

/* The softmax of the largest score. */
static double confidence_of(const lathe_real *scores, int classes, int largest)
{
    double sum = 0;
    for (int i = 0; i < classes; i++) sum += exp((double)scores[i] - (double)scores[largest]);
    return 1 / sum;
}

/* Put it where it belongs by its confidence; of equals the first stays before. */
static void add_mistake(lathe_measure *measure, const lathe_mistake *new)
{
    int at = measure->mistakes;
    while (at > 0 && measure->mistake[at - 1].confidence < new->confidence) at--;
    if (at == measure->most_mistakes) return;
    if (measure->mistakes < measure->most_mistakes) measure->mistakes++;
    memmove(&measure->mistake[at + 1], &measure->mistake[at],
        (size_t)(measure->mistakes - 1 - at) * sizeof *measure->mistake);
    measure->mistake[at] = *new;
}

static void add_mistakes(lathe_measure *measure, const lathe_task_view *view, size_t first)
{
    for (size_t i = 0; i < view->count; i++) {
        const lathe_real *scores = view->scores + i * (size_t)view->classes;
        int predicted = lathe_argmax(scores, view->classes);
        if (predicted == view->labels[i]) continue;
        add_mistake(measure,
            &(lathe_mistake){ first + i, view->labels[i], predicted,
                confidence_of(scores, view->classes, predicted) });
    }
}

static lathe_status update_metric(lathe_metric *metric, const lathe_task_view *view)
{
    return (view->many ? lathe_metric_update_many : lathe_metric_update)(metric, view->scores, view->labels,
        view->count);
}

static void count_samples(uint64_t *samples, const lathe_task_view *view)
{
    const size_t classes = (size_t)view->classes;
    for (size_t i = 0; i < view->count && !view->many; i++) samples[view->first + view->labels[i]]++;
    for (size_t i = 0; i < view->count * classes && view->many; i++)
        samples[(size_t)view->first + i % classes] += view->labels[i] == 1;
}

lathe_status lathe_measure_update(lathe_measure *measure, lathe_task *task, const lathe_pass *pass)
{
    if (!measure || !task || !pass)
        return lathe_fail_null("lathe_measure_update", !measure ? "measure" : !task ? "task" : "pass");
    lathe_task_view view;
    lathe_status status = lathe_task_needs_whole("lathe_measure_update", pass->batch);
    for (int index = 0; !status && task->type->view(task, index, pass->scores, pass->batch, &view); index++) {
        for (int i = 0; i < measure->metrics && !status; i++)
            if (measure->view[i] == index) status = update_metric(measure->metric[i], &view);
        if (!status && measure->confusion)
            status = lathe_confusion_update(measure->confusion, view.scores, view.labels, view.count);
        if (!status && measure->curve) status = update_metric(measure->curve, &view);
        if (!status) count_samples(measure->samples, &view);
        if (!status && measure->most_mistakes) add_mistakes(measure, &view, pass->first);
    }
    return status;
}
