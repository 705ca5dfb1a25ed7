/* Private: what the kinds of tasks share. */
#ifndef LATHE_TASK_TASK_IMPL_H
#define LATHE_TASK_TASK_IMPL_H

#include "task.h"

/** Let the task's work space hold a batch of `size` samples. Errors: LATHE_ENOMEM. */
lathe_status lathe_task_reserve(lathe_task *task, int size);

/** Check that a batch's output has the shape that the task needs. Errors: LATHE_ESHAPE. */
lathe_status lathe_task_check_output(const lathe_task *task, const lathe_tensor *output);

/** Check that this process has all pictures of a batch. `who` begins the message. Errors: LATHE_EARG. */
lathe_status lathe_task_needs_whole(const char *who, const lathe_batch *batch);

/** Check that the loss, if there is one, is for one label a sample, head or pixel. Errors: LATHE_EARG. */
lathe_status lathe_task_needs_labels(const lathe_task *task, const lathe_task_opts *opts);

/** The metric "accuracy" alone, and its computation from the first two sums. */
extern const lathe_task_metric lathe_accuracy_alone[];
size_t lathe_two_numbers(const lathe_task *task);
void lathe_compute_accuracy(const lathe_task *task, const double *numbers, double *values);

/** [B, classes]: a score of each class. */
lathe_shape lathe_class_scores(const lathe_task *task);

/** A view of the scores and labels without changes. */
lathe_task_view lathe_whole_view(const lathe_task *task, const lathe_real *scores, const lathe_batch *batch);

/** Add `share` of the softmax of `classes` scores to p. */
void lathe_add_softmax(const lathe_real *scores, int classes, double share, double *p);

#endif
