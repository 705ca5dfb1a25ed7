/* A measure: what is looked at beside a task's own metrics, in the same pass over the data: any metrics, the
 * confusion matrix, the surest mistakes, curves of precision and recall. */
#ifndef LATHE_TASK_MEASURE_H
#define LATHE_TASK_MEASURE_H

#include "../metrics/confusion.h"
#include "../metrics/metric.h"
#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zeros: one metric of each type that fits the task, and the confusion matrix. */
typedef struct lathe_measure_opts {
    const char *metrics; /* such as "accuracy:k=5,fbeta:beta=2"; "": none; NULL: one of each type that fits */
    bool curve;          /* also an "average_precision" for its curves: of one class a picture */
    int mistakes;        /* keep so many of the surest mistakes: of one class a picture */
} lathe_measure_opts;

/** A picture that was taken for another class. */
typedef struct lathe_mistake {
    size_t index; /* number of the sample */
    int label, predicted;
    double confidence; /* the probability of `predicted` */
} lathe_mistake;

/** Read its fields as you like. */
typedef struct lathe_measure {
    lathe_metric **metric; /* [metrics] */
    char **name;           /* of each, as it was asked for; of a head "colour.accuracy" */
    int *view;             /* which view of the task each is of */
    int metrics;
    lathe_confusion *confusion; /* NULL: the task has several views, or any number of classes a sample */
    lathe_metric *curve;        /* NULL: not asked for */
    lathe_mistake *mistake;     /* [mistakes], the surest first */
    int mistakes, most_mistakes;
} lathe_measure;

/** What is to be measured of a task. Of several heads each has its own metrics.
 * Errors   NULL: those of lathe_metric_from_text; LATHE_EARG for curve or mistakes of data that has none. */
lathe_measure *lathe_measure_new(lathe_task *task, const lathe_measure_opts *opts);

/** Free it. NULL is fine. */
void lathe_measure_free(lathe_measure *measure);

struct lathe_pass;

/** Take in a batch; lathe_evaluate does. Errors: those of the metrics. */
lathe_status lathe_measure_update(lathe_measure *measure, lathe_task *task, const struct lathe_pass *pass);

#ifdef __cplusplus
}
#endif
#endif
