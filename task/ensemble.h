/*
 * An ensemble: several nets of one task, whose predicted probabilities are averaged. Nets from the ends of
 * the cycles of one run are a snapshot ensemble.
 *
 * Source   Huang et al., "Snapshot ensembles: train 1, get M for free", arXiv 1704.00109
 */
#ifndef LATHE_TASK_ENSEMBLE_H
#define LATHE_TASK_ENSEMBLE_H

#include "evaluate.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The sums of probabilities. Its fields may be read directly. */
typedef struct lathe_ensemble {
    lathe_task *task;
    size_t samples;
    double *p; /* [samples, classes]: the sum of the members' probabilities */
    int members;
} lathe_ensemble;

/**
 * Make an empty ensemble for a data set of `samples`. The task must outlive it. Errors: LATHE_EARG for a task
 * that predicts pixels, LATHE_ENOMEM: returns NULL.
 */
lathe_ensemble *lathe_ensemble_new(lathe_task *task, size_t samples);

/** Free the ensemble. NULL is fine. */
void lathe_ensemble_free(lathe_ensemble *ensemble);

/**
 * Add a net's probabilities over one epoch of the loader, which gives all samples in the same order for every
 * member. Errors: those of lathe_infer; LATHE_EARG for another number of samples, and for batches that
 * processes share.
 */
lathe_status lathe_ensemble_add(lathe_ensemble *ensemble, lathe_layer *net, lathe_tape *tape,
    lathe_loader *loader);

/**
 * The score of the mean probabilities: the loss with the options `loss` (NULL: its defaults), and the task's
 * metrics. Errors: those of the loader and the loss; LATHE_ESTATE without a member; LATHE_EARG as above.
 */
lathe_status lathe_ensemble_score(lathe_ensemble *ensemble, lathe_tape *tape, lathe_loader *loader,
    const void *loss, lathe_score *score);

#ifdef __cplusplus
}
#endif
#endif
