/*
 * Predictions for pictures in memory. A picture is prepared first, as the loader prepares a file; prepared
 * pictures then get their answers together.
 */
#ifndef LATHE_DEPLOY_PIXELS_H
#define LATHE_DEPLOY_PIXELS_H

#include "trained.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a prepared picture: the numbers of its [C, H, W]. Returns 0 for NULL. */
size_t lathe_trained_bytes(const lathe_trained *trained);

/**
 * Prepare the picture in `bytes`: a JPEG, PNG, BMP or PNM file in memory. Several threads may call it at once
 * for one model.
 *
 * max_pixels  refuse larger pictures, as in lathe_files_opts; 0: 32 mebi
 * prepared    [lathe_trained_bytes], as [C, H, W] of trained->data: the picture scaled, its part cut out
 * Errors      those of lathe_picture_decode; LATHE_ESHAPE for a model that takes neither grey nor colour
 */
lathe_status lathe_trained_picture(const lathe_trained *trained, const void *bytes, size_t size,
    size_t max_pixels, uint8_t *prepared);

/**
 * Prepare pixels, as if they were a PNG file. Several threads may call it at once for one model.
 *
 * pixels    [height, width, channels], rows from the top
 * channels  1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
 * Errors    those of lathe_picture_of; LATHE_ESHAPE as above
 */
lathe_status lathe_trained_pixels(const lathe_trained *trained, const uint8_t *pixels, int height, int width,
    int channels, uint8_t *prepared);

/**
 * Prepared pictures as a data set, for lathe_trained_predict with all its options. Labels are 0.
 *
 * prepared  [count, C, H, W], not copied: it must outlive the data set
 * Errors    LATHE_EARG without pictures, LATHE_ENOMEM: returns NULL
 */
lathe_dataset *lathe_trained_prepared(const lathe_trained *trained, const uint8_t *prepared, size_t count);

/**
 * The probabilities of prepared pictures, in one batch.
 *
 *     prepared [count, C, H, W]    probabilities [count, trained->data.classes]
 *
 * The numbers are those of lathe_trained_predict for the same pictures as files with batch_size = count, bit
 * for bit. One thread at a time may use a model.
 * Errors   those of lathe_trained_predict
 */
lathe_status lathe_trained_answer(const lathe_trained *trained, const uint8_t *prepared, int count,
    double *probabilities);

/**
 * The probabilities of one picture in memory: lathe_trained_pixels and lathe_trained_answer.
 *
 * pixels         [height, width, channels]
 * probabilities  [trained->data.classes]
 */
lathe_status lathe_predict_pixels(const lathe_trained *trained, const uint8_t *pixels, int height, int width,
    int channels, double *probabilities);

#ifdef __cplusplus
}
#endif
#endif
