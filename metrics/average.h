/* A running average: the loss of an epoch. */
#ifndef LATHE_METRICS_AVERAGE_H
#define LATHE_METRICS_AVERAGE_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * sum of weight * value / sum of weight. `(lathe_average){ 0 }` is an empty one. For the average loss of an
 * epoch each batch's mean loss weighs as many samples as the batch has, so that a short last batch counts no
 * more than its share.
 */
typedef struct lathe_average {
    double sum, weight;
} lathe_average;

/** Take in the mean `value` of `weight` samples; weight >= 0. */
void lathe_average_add(lathe_average *average, double value, double weight);

/** The average so far; NaN if nothing has any weight. */
double lathe_average_value(const lathe_average *average);

#ifdef __cplusplus
}
#endif
#endif
