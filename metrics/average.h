/* A running average: the loss of an epoch. */
#ifndef LATHE_METRICS_AVERAGE_H
#define LATHE_METRICS_AVERAGE_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * sum of weight * value / sum of weight. `(lathe_average){ 0 }` is empty.
 *
 * For the average loss of an epoch, the weight of a batch's mean loss is its number of samples. So each
 * sample counts the same, also in a short last batch.
 */
typedef struct lathe_average {
    double sum, weight;
} lathe_average;

/** Add the mean `value` of `weight` samples; weight >= 0. */
void lathe_average_add(lathe_average *average, double value, double weight);

/** The average so far; NaN if the sum of the weights is 0. */
double lathe_average_value(const lathe_average *average);

#ifdef __cplusplus
}
#endif
#endif
