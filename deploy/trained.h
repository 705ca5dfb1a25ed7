/*
 * A trained model, ready to be used: its net with the weights, its classes, and how pictures are made into
 * its input, all from the checkpoint. Nothing else of the run is needed: neither its data nor its settings
 * file.
 */
#ifndef LATHE_DEPLOY_TRAINED_H
#define LATHE_DEPLOY_TRAINED_H

#include "../data/loading/loader.h"
#include "../nn/layer.h"
#include "../train/settings/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A trained model. Read its fields as you like; all live until lathe_trained_free. */
typedef struct lathe_trained {
    char path[LATHE_SETTING_LONG]; /* of the weights' file */
    lathe_settings settings;       /* of the run, as the file has them */
    lathe_model *model;
    lathe_layer *net;
    uint64_t step; /* made when the file was written */
    lathe_task task;
    int classes;
    const char *const *class_names; /* [classes] */
    const uint64_t *class_counts;  /* [classes]: training samples of each; NULL: an older file does not say */
    int heads;                     /* of LATHE_TASK_HEADS */
    const lathe_head *head;        /* [heads] */
    int channels, height, width;   /* of the pictures the data set gave */
    int input_height, input_width; /* of what the net takes: after the transforms */
    double mean[4], std[4];        /* the normalisation: (pixel / 255 - mean) / std, channel by channel */
    lathe_transforms *transforms;  /* done with nothing left to chance: lathe_transforms_still */
    void *arena;                   /* private: of the names */
} lathe_trained;

/**
 * The model of a run folder, or of one checkpoint.
 *
 * run      a run folder, or a checkpoint (its name ends in ".safetensors")
 * weights  in a folder: "best", "last", or a file; NULL: best where there is one, otherwise last
 * Errors   LATHE_EIO, LATHE_EFORMAT (no checkpoint of lathe's, a text in it that is wrong), LATHE_ESHAPE,
 *          LATHE_ENOMEM: NULL.
 */
lathe_trained *lathe_trained_open(const char *run, const char *weights);

/** Give it back. NULL is fine. */
void lathe_trained_free(lathe_trained *trained);

/**
 * Picture files as the model's data set, without labels (all 0): of its size and channels, with its classes
 * and normalisation. With skip_bad what cannot be read is left out and told in data->skipped_why;
 * lathe_data_sample_file names each sample's file.
 * Errors   those of lathe_data_files.
 */
lathe_dataset *lathe_trained_files(const lathe_trained *trained, const char *const *files, size_t count,
    bool skip_bad);

/**
 * A loader that gives `data`, which must outlive it, to the net: in order, normalised as in training,
 * transformed with nothing left to chance. Errors: those of lathe_loader_new; LATHE_ESHAPE for pictures of
 * another size.
 */
lathe_loader *lathe_trained_loader(const lathe_trained *trained, const lathe_dataset *data, int batch_size,
    int workers);

#ifdef __cplusplus
}
#endif
#endif
