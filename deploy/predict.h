/* Predictions of a trained model: the probability of each class for each picture of a data set. */
#ifndef LATHE_DEPLOY_PREDICT_H
#define LATHE_DEPLOY_PREDICT_H

#include "trained.h"

#ifdef __cplusplus
extern "C" {
#endif

/** NULL or zeros: batches of 64, no loading threads, each picture once. */
typedef struct lathe_predict_opts {
    int batch_size; /* 0 means 64 */
    int workers;    /* threads that decode pictures ahead of time */
    bool hflip;     /* average the probabilities of each picture and of its mirror image */
} lathe_predict_opts;

/**
 * Compute the probability of each class: a softmax of the outputs; for several heads a softmax for each head;
 * for any number of classes a sigmoid for each class.
 *
 *     probabilities [data->count, trained->classes], row-major
 *
 * The predicted class is the first with the largest probability, as in lathe_run_evaluate.
 * data      lathe_trained_files, or any data set of the model's size and channels
 * Errors    LATHE_EARG (a model of masks, which predicts pictures), LATHE_ESHAPE, and those of reading the
 *           pictures.
 */
lathe_status lathe_trained_predict(const lathe_trained *trained, const lathe_dataset *data,
    const lathe_predict_opts *opts, double *probabilities);

#ifdef __cplusplus
}
#endif
#endif
