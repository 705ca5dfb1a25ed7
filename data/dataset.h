/* Data sets: numbered pictures with their targets. */
#ifndef LATHE_DATA_DATASET_H
#define LATHE_DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/batch.h"
#include "../core/status.h"
#include "part.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_dataset lathe_dataset;

/** LATHE_SPLIT_VAL: the validation set, for sets that have one and a test set; LATHE_ESTATE for others. */
typedef enum lathe_split { LATHE_SPLIT_TRAIN, LATHE_SPLIT_TEST, LATHE_SPLIT_VAL } lathe_split;

/**
 * A head: a kind of class (colour, shape, ...). Its classes are [first, first + classes) of the data set's.
 */
typedef struct lathe_head {
    const char *name;
    int first, classes;
} lathe_head;

/** One sample: a picture of 8-bit numbers, channel after channel, row after row, and its target. */
typedef struct lathe_sample {
    const uint8_t *pixels; /* [C, H, W]; valid as long as the data set, or as `scratch` given to read */
    int channels, height, width;
    /**
     * Its class. With several heads: of the first; with many classes: its first class, or 0; with a mask: 0.
     */
    int label;
    const int *targets;  /* [data->targets_each], or NULL if that is 0 */
    const uint8_t *mask; /* [H, W] classes, or NULL if the data set has no masks */
    /** Of this picture, B = 1; first[0] need not be 0. Unset if objects_most is 0. */
    lathe_objects objects;
} lathe_sample;

/** A kind of data set: a name and how to read one sample. */
typedef struct lathe_dataset_type {
    const char *name;
    /**
     * Read sample `index` into *sample. `scratch` has lathe_data_scratch bytes, is aligned as malloc's memory
     * is, and may hold what the sample points to. Called from several threads at once.
     * Errors: LATHE_EIO, LATHE_EFORMAT.
     */
    lathe_status (*read)(const lathe_dataset *data, size_t index, uint8_t *scratch, lathe_sample *sample);
    /**
     * As read, but a part of the whole photograph, and of its mask; for sets with a crop_ratio. `scratch` has
     * room for [channels, part->height, part->width] pixels and the mask. NULL: pictures have one size.
     */
    lathe_status (*read_part)(const lathe_dataset *data, size_t index, const lathe_part *part,
        uint8_t *scratch, lathe_sample *sample);
    void (*close)(lathe_dataset *data); /* free what `state` owns; may be NULL */
    /** The file of sample `index`; NULL if the sample has no file of its own. May be NULL. */
    const char *(*file)(const lathe_dataset *data, size_t index);
} lathe_dataset_type;

/** A data set. Its fields may be read directly. */
struct lathe_dataset {
    const lathe_dataset_type *type;
    char *name; /* "fashion-mnist" */
    size_t count;
    int channels, height, width;    /* of every sample */
    int classes;                    /* of all heads together */
    const char *const *class_names; /* [classes] */
    const int *labels;              /* [count]: label of each sample, known without decoding a picture */
    double mean[4], std[4];         /* of each channel, of pixels scaled to [0, 1]: for normalisation */
    double
        crop_ratio; /* random crops are taken from whole photographs, see lathe_files_opts; 0: they are not */
    const char *task;   /* what is learned: the name of a task, such as "classify"; a text that stays valid */
    bool masks;         /* each sample has a mask: a class for each pixel */
    int targets_each;   /* numbers of a sample's targets: a class each head, or 0 and 1 each class; or 0 */
    const int *targets; /* [count, targets_each] */
    int heads;          /* kinds of class, of which a sample has one each; 0: there is one kind alone */
    const lathe_head *head; /* [heads] */
    const int *groups; /* [count]: samples of one number belong together (a patient, a film); NULL: unknown */
    size_t objects_most;            /* most objects of any one sample; 0: the samples have no objects */
    size_t points_most;             /* most points of any one sample, of all its objects together */
    bool instance_masks;            /* samples have objects.instances */
    size_t skipped;                 /* files that could not be read and were left out ... */
    const char *const *skipped_why; /* [skipped]: ... and the message of each */
    const char *passed_over;        /* what else lies in its folders, such as "1 link: b"; NULL: nothing */
    void *state;                    /* of the type */
    int readers;                    /* loaders and subsets that read it */
    bool leaving;                   /* lathe_data_free was called: the last reader frees it */
};

/**
 * Close a data set. NULL is fine. Free its subsets and loaders first.
 * Errors   LATHE_ESTATE if loaders or subsets still read it. They may go on: the last of them frees the data.
 */
void lathe_data_free(lathe_dataset *data);

/** Read sample `index`, as the type's read does. Errors: LATHE_EARG beyond the end. */
lathe_status lathe_data_read(const lathe_dataset *data, size_t index, uint8_t *scratch, lathe_sample *sample);

/** Bytes of scratch for reading a sample: for its pixels, its masks and its objects. */
size_t lathe_data_scratch(const lathe_dataset *data);

/** Returns true if a sample has a label alone: neither targets nor a mask. */
bool lathe_data_labels_only(const lathe_dataset *data);

/** Numbers of a sample's target in a batch: 1 label, targets_each targets, or the H*W classes of a mask. */
size_t lathe_data_answers(const lathe_dataset *data);

/** Bytes for a sample's name. */
#define LATHE_SAMPLE_NAME 512

/** Write a sample's name for messages into `name`: its file, or "picture 17 of cifar10". Returns `name`. */
const char *lathe_data_sample_name(const lathe_dataset *data, size_t index, char name[LATHE_SAMPLE_NAME]);

/** The file of a sample; NULL if it has no file of its own, or is beyond the end. */
const char *lathe_data_sample_file(const lathe_dataset *data, size_t index);

#ifdef __cplusplus
}
#endif
#endif
