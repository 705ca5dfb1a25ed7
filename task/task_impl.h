/* Private: what the kinds of task share. */
#ifndef LATHE_TASK_TASK_IMPL_H
#define LATHE_TASK_TASK_IMPL_H

#include "task.h"

/** Room for a batch of so many samples in the task's work space. Errors: LATHE_ENOMEM. */
lathe_status lathe_task_reserve(lathe_task *task, int size);

/** That a batch's output has the shape that the task asks for. Errors: LATHE_ESHAPE. */
lathe_status lathe_task_check_output(const lathe_task *task, const lathe_tensor *output);

/** "accuracy" alone, and how it is computed from the first two numbers. */
extern const lathe_task_metric lathe_accuracy_alone[];
size_t lathe_two_numbers(const lathe_task *task);
void lathe_compute_accuracy(const lathe_task *task, const double *numbers, double *values);

/** [B, classes]: a score of each class. */
lathe_shape lathe_class_scores(const lathe_task *task);

/** A view of the scores and labels as they are. */
lathe_task_view lathe_whole_view(const lathe_task *task, const lathe_real *scores, const lathe_batch *batch);

/** Add `share` of the softmax of `classes` scores to p. */
void lathe_add_softmax(const lathe_real *scores, int classes, double share, double *p);

#endif
