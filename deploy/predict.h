/* Predictions of a trained model: probabilities of each class for each picture of a data set. */
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
    bool hflip;     /* test-time flip: the mean of the probabilities of the picture and of its mirror image */
} lathe_predict_opts;

/**
 * The probabilities that the model gives each class: a softmax of its outputs; for several heads one a head;
 * for any number of classes at once a sigmoid each.
 *
 *     probabilities [data->count, trained->classes], row by row
 *
 * The class that a picture is taken for is the first of the largest, as lathe_run_evaluate counts it.
 * data      as lathe_trained_files or any data set of the model's size and channels
 * Errors    LATHE_EARG (a model of masks: its answer is a picture), LATHE_ESHAPE, and those of reading the
 *           pictures.
 */
lathe_status lathe_trained_predict(const lathe_trained *trained, const lathe_dataset *data,
    const lathe_predict_opts *opts, double *probabilities);

#ifdef __cplusplus
}
#endif
#endif
