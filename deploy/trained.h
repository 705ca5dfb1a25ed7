/*
 * A trained model for use: its net with the weights, its classes, and the preparation of its input, all from
 * the checkpoint. The run's data and settings file are not needed.
 */
#ifndef LATHE_DEPLOY_TRAINED_H
#define LATHE_DEPLOY_TRAINED_H

#include "../data/loading/loader.h"
#include "../data/part.h"
#include "../nn/plan.h"
#include "../task/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Room for the path of a file of weights, with its ending zero. */
#define LATHE_TRAINED_PATH 1024

/** A trained model. Its fields may be read directly; all are valid until lathe_trained_free. */
typedef struct lathe_trained {
    char path[LATHE_TRAINED_PATH]; /* of the file of weights */
    char *model_name, *augment;    /* of the run's settings: the net, and the transforms in training */
    char *background;              /* of the run's settings, see lathe_colour_parse; NULL in older files */
    double crop_ratio;             /* of the run's settings, see lathe_files_opts */
    lathe_filter interpolation;    /* likewise */
    lathe_model *model;
    lathe_layer *net;
    /** CRC-32 in hexadecimal of the run's settings ("" without a run), and of all numbers of the net */
    char settings_hash[9], weights_hash[9];
    lathe_plan *plan; /* of the net; after a change of its weights, call lathe_plan_refresh */
    uint64_t step;    /* of the run when the file was written */
    /** What the file says of the training data: pictures, normalisation and classes. It has no samples. */
    lathe_dataset data;
    const uint64_t *class_counts; /* [data.classes]: training samples of each class; NULL in older files */
    lathe_task *task;             /* reads the net's outputs; it has no loss */
    lathe_transforms *transforms; /* applied without randomness: lathe_transforms_still */
    void *arena;                  /* private: of the names */
} lathe_trained;

/**
 * Open the model of a run folder, or of one checkpoint.
 *
 * run      a run folder, or a checkpoint (its name ends in ".safetensors")
 * weights  in a folder: "best", "last", or a file; NULL: best if it exists, otherwise last
 * Errors   LATHE_EIO, LATHE_EFORMAT (not a checkpoint of lathe, or a wrong text in it), LATHE_ESHAPE,
 *          LATHE_ENOMEM: returns NULL.
 */
lathe_trained *lathe_trained_open(const char *run, const char *weights);

/**
 * Other people's weights for a model of the zoo. What is zero is as the model's published weights want it
 * (lathe_model_input).
 */
typedef struct lathe_published {
    const char *model;          /* "resnet18" */
    const char *weights;        /* a file that lathe_weights_read takes */
    const char *class_names;    /* a file with a name a line; NULL: the classes are called "0", "1", ... */
    int size;                   /* side of the pictures */
    int channels;               /* 1 grey, 3 colour */
    double crop_ratio;          /* see lathe_files_opts */
    lathe_filter interpolation; /* of picture files; 0: the model's */
    int normals;                /* how many of mean and std are given: 0, 1, or one a channel */
    double mean[4], std[4];     /* of pixels from 0 to 1 */
} lathe_published;

/**
 * Open other people's weights as a trained model that tells classes apart. The number of classes is that of
 * the file's last layer.
 * Errors   those of lathe_model_find and lathe_weights_read; LATHE_ESHAPE for weights of another model;
 *          LATHE_EARG without a normalisation, or for another number of names: returns NULL.
 */
lathe_trained *lathe_trained_published(const lathe_published *from);

/** Free the model. NULL is fine. */
void lathe_trained_free(lathe_trained *trained);

/**
 * Picture files as the model's data set, without labels (all 0): with the model's size, channels, classes and
 * normalisation. lathe_data_sample_file names each sample's file.
 * skip_bad   leave out files that cannot be read, and list them in data->skipped_why
 * max_pixels refuse larger pictures, as in lathe_files_opts; 0: 32 mebi
 * Errors     those of lathe_data_files
 */
lathe_dataset *lathe_trained_files(const lathe_trained *trained, const char *const *files, size_t count,
    bool skip_bad, size_t max_pixels);

/**
 * A loader of `data` for the net: in order, normalised as in training, transformed without randomness. `data`
 * must outlive it.
 * Errors   those of lathe_loader_new; LATHE_ESHAPE for pictures of another size
 */
lathe_loader *lathe_trained_loader(const lathe_trained *trained, const lathe_dataset *data, int batch_size,
    int workers);

/** Whether the model's transforms, without randomness, change pictures, as *change. Errors: LATHE_ENOMEM. */
lathe_status lathe_trained_changes(const lathe_trained *trained, bool *change);

#ifdef __cplusplus
}
#endif
#endif
