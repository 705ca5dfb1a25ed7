/*
 * The loss on the straight line between two sets of weights, such as those at the ends of two cycles: is
 * there a barrier between them, or do they lie in one valley?
 *
 * Source   R. Entezari et al., The Role of Permutation Invariance in Linear Mode Connectivity of Neural
 *          Networks (arXiv 2110.06296), definition 1; J. Frankle et al., Linear Mode Connectivity and the
 *          Lottery Ticket Hypothesis (arXiv 1912.05671).
 */
#ifndef LATHE_STUDY_LINE_H
#define LATHE_STUDY_LINE_H

#include "../train/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Score the run's net on a data set at `points` places of the line between two files of weights:
 *
 *     w(a) = (1 - a) from + a to,   a = i / (points - 1),   i = 0, ..., points - 1
 *
 * At both ends the running statistics of batch norms are those of the files, so these scores are those of the
 * files. Between the ends no statistics fit the weights. They are computed anew by one pass over the training
 * data; those of a frozen norm lie on the line.
 *
 * points   at least 2
 * scores   [points]
 * length   Euclidean distance of the two files' parameters; may be NULL
 * Memory   twice the net's weights, during the call. The net has the weights of `to` afterwards.
 * Errors   LATHE_EARG for fewer than two points; those of lathe_run_load and lathe_run_evaluate
 */
lathe_status lathe_line_scores(lathe_run *run, const lathe_dataset *data, const char *from, const char *to,
    size_t points, lathe_score *scores, double *length);

/**
 * The barrier of a line: how far the loss rises above a straight line between the losses of the two ends.
 *
 *     max over a of loss(a) - ((1 - a) loss(0) + a loss(1))
 *
 * It is 0 if the loss is nowhere above. *at is the a of this maximum; may be NULL. NaN for a loss that is not
 * finite, or fewer than two points.
 */
double lathe_line_barrier(const lathe_score *scores, size_t points, double *at);

#ifdef __cplusplus
}
#endif
#endif
