/*
 * A measure: what is measured besides a task's own metrics, in the same pass over the data: any metrics, the
 * confusion matrix, the mistakes of highest confidence, precision-recall curves.
 */
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
    /** such as "accuracy:k=5,fbeta:beta=2"; "": no metric; NULL: one of each type that fits */
    const char *metrics;
    bool curve;   /* also an "average_precision" for its curves; only for one class a picture */
    int mistakes; /* how many mistakes of highest confidence to keep; only for one class a picture */
} lathe_measure_opts;

/** A picture that was predicted as another class. */
typedef struct lathe_mistake {
    size_t index; /* number of the sample */
    int label, predicted;
    double confidence; /* the probability of `predicted` */
} lathe_mistake;

/** A measure. Its fields may be read directly. */
typedef struct lathe_measure {
    lathe_metric **metric; /* [metrics] */
    char **name;           /* of each metric, as asked for; with heads "colour.accuracy" */
    int *view;             /* the task's view of each metric */
    int metrics;
    lathe_confusion *confusion; /* NULL if the task has several views, or any number of classes a sample */
    uint64_t *samples;          /* [classes] of the data set: samples (or pixels) that are of the class */
    int classes;
    lathe_metric *curve;    /* NULL if not asked for */
    lathe_mistake *mistake; /* [mistakes], highest confidence first */
    int mistakes, most_mistakes;
} lathe_measure;

/**
 * Make the measure of a task. Each of several heads has its own metrics.
 * Errors   those of lathe_metric_from_text; LATHE_EARG for curve or mistakes of other tasks: returns NULL
 */
lathe_measure *lathe_measure_new(lathe_task *task, const lathe_measure_opts *opts);

/** Free the measure. NULL is fine. */
void lathe_measure_free(lathe_measure *measure);

struct lathe_pass;

/**
 * Add a batch; lathe_evaluate calls this. Errors: those of the metrics; LATHE_EARG for a batch that processes
 * share.
 */
lathe_status lathe_measure_update(lathe_measure *measure, lathe_task *task, const struct lathe_pass *pass);

#ifdef __cplusplus
}
#endif
#endif
