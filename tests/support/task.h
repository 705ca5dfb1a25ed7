/* Tasks on batches that a test writes down. */
#ifndef LATHE_TESTS_TASK_H
#define LATHE_TESTS_TASK_H

#include "support.h"

/** A data set without samples for a task: pictures of 1 x 2 x 3, classes "a", "b", ... */
lathe_dataset task_data(const char *task, int classes);

/** The task of such data with a loss, or NULL for none; fails the test on a failure. */
lathe_task *task_of(const lathe_dataset *data, const char *loss);

/** A batch of `size` samples with these labels. */
lathe_batch task_batch(int size, const int *labels);

/** Count the scores, as a net's output of the task's shape, and compute the metrics: values [2]. */
void task_metrics(lathe_task *task, const lathe_real *scores, const lathe_batch *batch, double values[2]);

/** Fail unless |got - want| <= tolerance. */
void assert_near(double got, double want, double tolerance);

/** The loss of the scores. */
double task_loss(lathe_task *task, const lathe_real *scores, const lathe_batch *batch);

#endif
