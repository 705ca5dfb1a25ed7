/* Predictions of a trained model: its answers to the pictures of a data set. */
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
    /**
     * [data->count, task->height, task->width]: also the class of each pixel, without hflip. NULL: no masks.
     */
    uint8_t *masks;
} lathe_predict_opts;

/**
 * Compute the probability of each class as the model's task reads an output: a softmax; for several heads a
 * softmax for each head; for any number of classes a sigmoid for each class; for masks the part of the
 * picture.
 *
 *     probabilities [data->count, trained->data.classes], row-major
 *
 * trained->task->type->decode turns a row into findings.
 * data      lathe_trained_files, or any data set of the model's size and channels
 * Errors    LATHE_EARG (masks of a task that has no masks), LATHE_ESHAPE, and those of reading the pictures.
 */
lathe_status lathe_trained_predict(const lathe_trained *trained, const lathe_dataset *data,
    const lathe_predict_opts *opts, double *probabilities);

#ifdef __cplusplus
}
#endif
#endif
