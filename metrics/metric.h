/*
 * Metrics: how good a model's answers are. Fed batch by batch, computed at any time, reset for the next
 * epoch. A metric itself is one file with pure functions; checks, state and the memory of samples are here.
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

/** What a metric's functions see: some samples, or all of them, and the state that the updates have left. */
typedef struct lathe_metric_view {
    const void *opts; /* resolved */
    int classes;
    double *state;  /* the type's own numbers; zeros at first */
    size_t samples; /* of this update, or in all */
    bool many;      /* the samples have targets, not labels */
    /* in compute and per_class NULL unless the type keeps samples: */
    const lathe_real *scores; /* [samples, classes] */
    const int *labels;        /* [samples]; NULL if many */
    const int
        *targets; /* [samples, classes], each 0 or 1: any number of classes a sample; NULL if not many */
} lathe_metric_view;

/** A metric: a name, options and pure functions. */
typedef struct lathe_metric_type {
    const char *name;    /* as on the command line: "accuracy" */
    const char *summary; /* one line for `lathe list` */
    size_t opts_size;
    const lathe_field *fields;
    bool lower_is_better;
    bool multilabel;    /* takes targets */
    bool keeps_samples; /* compute needs every sample again: the metric remembers all scores and labels */
    lathe_status (
        *check)(const void *opts, int classes);       /* what the fields' ranges cannot say; NULL: nothing */
    size_t (*numbers)(const void *opts, int classes); /* how many numbers of state; NULL: none */
    void (*update)(const lathe_metric_view *some);    /* NULL for a type that keeps samples */
    lathe_status (*compute)(const lathe_metric_view *all, double *value);
    lathe_status (*per_class)(const lathe_metric_view *all, double *values); /* NULL: there is none */
} lathe_metric_type;

/**
 * A metric of any type for samples with `classes` scores each (at least 2; for targets 1 will do).
 * Errors   LATHE_EARG, LATHE_ENOMEM.
 */
lathe_metric *lathe_metric_new(const lathe_metric_type *type, int classes, const void *opts);

/** Free it. NULL is fine. */
void lathe_metric_free(lathe_metric *metric);

/**
 * Take in some samples: scores [count, classes] in row-major order as lathe_tensor_read gives them (logits or
 * probabilities: each metric says which), labels [count] classes from 0. Nothing is taken in if anything is
 * wrong.
 * Errors   LATHE_EARG naming the first sample whose label is out of range, or whose scores are not finite;
 *          LATHE_ESTATE after lathe_metric_update_many; LATHE_ENOMEM.
 */
lathe_status lathe_metric_update(lathe_metric *metric, const lathe_real *scores, const int *labels,
    size_t count);

/**
 * The same for samples of any number of classes each: targets [count, classes] of 0 and 1. Errors: also
 * LATHE_EARG if the type takes none.
 */
lathe_status lathe_metric_update_many(lathe_metric *metric, const lathe_real *scores, const int *targets,
    size_t count);

/** The value over all samples since the last reset; NaN if there are none, or after a failure (LATHE_ENOMEM).
 */
double lathe_metric_compute(const lathe_metric *metric);

/**
 * The value of each class: values [classes]. NaN where a class has none, and for all before the first sample.
 * Errors   LATHE_EARG if the metric has no such values, LATHE_ENOMEM.
 */
lathe_status lathe_metric_per_class(const lathe_metric *metric, double *values, int classes);

/** Forget all samples. The memory stays. */
void lathe_metric_reset(lathe_metric *metric);

const lathe_metric_type *lathe_metric_type_of(const lathe_metric *metric);
int lathe_metric_classes(const lathe_metric *metric);

/** Its resolved options: the type's options struct. */
const void *lathe_metric_opts(const lathe_metric *metric);

/** Samples since the last reset. */
size_t lathe_metric_samples(const lathe_metric *metric);

/** All metrics, sorted by name; NULL after the last. */
const lathe_metric_type *lathe_metric_type_at(int index);

/** By name. Errors: LATHE_ENAME, listing the known ones. */
const lathe_metric_type *lathe_metric_find(const char *name);

/** The class with the largest score, the first of equals. */
int lathe_argmax(const lathe_real *scores, int classes);

#ifdef __cplusplus
}
#endif
#endif
