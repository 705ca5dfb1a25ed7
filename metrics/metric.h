/*
 * Metrics: how good a model's predictions are. A metric is updated batch by batch, computed at any time, and
 * reset for the next epoch. A metric is one file with pure functions; the checks, the state and the memory of
 * samples are here.
 */
#ifndef LATHE_METRICS_METRIC_H
#define LATHE_METRICS_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "../core/field.h"
#include "../core/real.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_metric lathe_metric;

/** What a metric's functions receive: some samples or all samples, and the state from the updates. */
typedef struct lathe_metric_view {
    const void *opts; /* resolved */
    int classes;
    double *state;  /* the type's numbers; 0 at first */
    size_t samples; /* of this update, or of all updates */
    bool many;      /* the samples have targets, not labels */
    /* The next three are NULL in compute and per_class unless the type keeps samples. */
    const lathe_real *scores; /* [samples, classes] */
    const int *labels;        /* [samples]; NULL if many */
    const int *targets;       /* [samples, classes], each 0 or 1; NULL if not many */
} lathe_metric_view;

/** A metric: a name, options and pure functions. */
typedef struct lathe_metric_type {
    const char *name;    /* as on the command line: "accuracy" */
    const char *summary; /* one line for `lathe list` */
    size_t opts_size;
    const lathe_field *fields;
    bool lower_is_better;
    bool multilabel;    /* accepts targets */
    bool keeps_samples; /* compute needs every sample again, so the metric stores all scores and labels */
    /** Checks what the fields' ranges cannot say. May be NULL. */
    lathe_status (*check)(const void *opts, int classes);
    size_t (*numbers)(const void *opts, int classes); /* the size of the state; NULL: 0 */
    void (*update)(const lathe_metric_view *some);    /* NULL for a type that keeps samples */
    lathe_status (*compute)(const lathe_metric_view *all, double *value);
    lathe_status (*per_class)(const lathe_metric_view *all, double *values); /* may be NULL */
} lathe_metric_type;

/**
 * Make a metric of any type for samples with `classes` scores each, at least 2 (with targets at least 1).
 * Errors   LATHE_EARG, LATHE_ENOMEM.
 */
lathe_metric *lathe_metric_new(const lathe_metric_type *type, int classes, const void *opts);

/** Free the metric. NULL is fine. */
void lathe_metric_free(lathe_metric *metric);

/**
 * Add samples: scores [count, classes] row-major as lathe_tensor_read gives them, labels [count] from 0. Each
 * metric says whether scores are logits or probabilities.
 * Errors   LATHE_EARG naming the first sample whose label is out of range or whose scores are not finite;
 *          LATHE_ESTATE after lathe_metric_update_many; LATHE_ENOMEM. Then no sample is added.
 */
lathe_status lathe_metric_update(lathe_metric *metric, const lathe_real *scores, const int *labels,
    size_t count);

/**
 * Add samples with any number of classes each: targets [count, classes] of 0 and 1.
 * Errors   as lathe_metric_update; LATHE_EARG if the type accepts no targets.
 */
lathe_status lathe_metric_update_many(lathe_metric *metric, const lathe_real *scores, const int *targets,
    size_t count);

/**
 * The value over all samples since the last reset; NaN without samples, or after a failure (LATHE_ENOMEM).
 */
double lathe_metric_compute(const lathe_metric *metric);

/**
 * The value of each class: values [classes]. NaN for a class without a value, and before the first sample.
 * Errors   LATHE_EARG if the metric has no values of single classes, LATHE_ENOMEM.
 */
lathe_status lathe_metric_per_class(const lathe_metric *metric, double *values, int classes);

/** Forget all samples. The memory stays. */
void lathe_metric_reset(lathe_metric *metric);

const lathe_metric_type *lathe_metric_type_of(const lathe_metric *metric);
int lathe_metric_classes(const lathe_metric *metric);

/** The resolved options: points to the type's options struct. */
const void *lathe_metric_opts(const lathe_metric *metric);

/** Samples since the last reset. */
size_t lathe_metric_samples(const lathe_metric *metric);

/** Metric number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_metric_type *lathe_metric_at(int index);

/** The metric of this name (see lathe_registry_find). Errors: LATHE_ENAME, listing the known names. */
const lathe_metric_type *lathe_metric_find(const char *name);

/**
 * Add a metric of the program (see core/registry.h). Settings, lists and checkpoints find it by name.
 * Errors   LATHE_ENAME if the name is taken;
 *          LATHE_EARG if it has no compute or its fields do not describe its options.
 */
lathe_status lathe_metric_register(const lathe_metric_type *type);

/** The class with the largest score, the first of equals. */
int lathe_argmax(const lathe_real *scores, int classes);

#ifdef __cplusplus
}
#endif
#endif
