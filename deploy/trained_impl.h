/* Private: what trained models of lathe's checkpoints and of other people's weights share. */
#ifndef LATHE_DEPLOY_TRAINED_IMPL_H
#define LATHE_DEPLOY_TRAINED_IMPL_H

#include "../io/weights.h"
#include "trained.h"

/** An empty trained model with an arena. Errors: LATHE_ENOMEM: returns NULL. */
lathe_trained *lathe_trained_new(void);

/**
 * Pixels become numbers by a factor and an offset, made of mean and std; both must be numbers themselves.
 * Errors: `otherwise`.
 */
lathe_status lathe_trained_check_normals(const lathe_trained *trained, lathe_status otherwise);

/**
 * Build the net of trained->model_name for its data and task, with the file's weights. Shapes are compared on
 * paper first, so that the file's numbers cannot ask for memory.
 */
lathe_status lathe_trained_build(lathe_trained *trained, const lathe_safetensors *file);

#endif
