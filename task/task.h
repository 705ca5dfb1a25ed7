/*
 * Tasks: what is learned from a picture. A task says which shape a net must give, makes a batch's output into a
 * loss, counts how good it is, and reads it for people. Nothing else asks which task it is.
 *
 * A kind is one file with a const object, such as lathe_classify_task. A data set names its kind
 * (lathe_dataset's `task`); lathe_task_new makes the task of a data set and a loss.
 */
#ifndef LATHE_TASK_TASK_H
#define LATHE_TASK_TASK_H

#include "../core/batch.h"
#include "../core/ops/losses/loss.h"
#include "../core/tensor.h"
#include "../data/dataset.h"
#include "../data/transforms/transform.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_task lathe_task;
typedef struct lathe_task_type lathe_task_type;

/** Most metrics of a task. */
#define LATHE_TASK_METRICS 8

/** A number that says how good the outputs are. */
typedef struct lathe_task_metric {
    const char *name;  /* "accuracy": its columns are train_accuracy, val_accuracy and test_accuracy */
    const char *title; /* for people: "accuracy", "mean IoU" */
    bool lower_is_better;
    bool percent; /* people read 97.25 %, not 0.9725 */
} lathe_task_metric;

/** One thing that an output says of a picture. */
typedef struct lathe_finding {
    int index;          /* of a class of the data set */
    double probability; /* 0 ... 1; of a mask: the part of the picture */
} lathe_finding;

/** The answers of a batch as a plain classification, for metrics, the confusion matrix and curves. */
typedef struct lathe_task_view {
    const char *name;         /* of the head; NULL: there is one view alone */
    int classes, first;       /* the classes are [first, first + classes) of the data set's */
    size_t count;             /* answers: samples, or pixels */
    bool many;                /* any number of classes each */
    const lathe_real *scores; /* [count, classes] */
    const int *labels;        /* [count]; or of `many` targets [count, classes] of 0 and 1 */
} lathe_task_view;

/** What a task is made for. Zeros of the optional ones are none. */
typedef struct lathe_task_opts {
    const lathe_dataset *data;          /* what the answers are; needs no samples; must outlive the task */
    const lathe_transforms *transforms; /* of the pictures */
    const lathe_loss_type *loss;        /* NULL: the task has no loss, and is for predictions alone */
    const char *class_weights;          /* as settings have it: "", "balanced" or a list */
} lathe_task_opts;

/** A kind of task. Functions that are marked so may be NULL. */
struct lathe_task_type {
    const char *name;                 /* as data sets have it: "classify" */
    const char *summary;              /* one line for lists */
    const char *word;                 /* in checkpoints; NULL: the name */
    const lathe_task_metric *metrics; /* the chief one first; ended by one without a name */
    bool dense; /* a sample has so many answers that keeping them all is out of the question */
    /** That data, loss, transforms and weights fit each other. NULL: they always do. Errors: LATHE_EARG. */
    lathe_status (*check)(const lathe_task *task, const lathe_task_opts *opts);
    /** The shape of the net's output but for the batch: dim[0] is 0. */
    lathe_shape (*output)(const lathe_task *task);
    /** The loss of a batch's output, whose shape is right. Errors: those of the loss. */
    lathe_tensor *(*loss)(lathe_task *task, lathe_tensor *output, const lathe_batch *batch, const void *opts);
    /** How many numbers the metrics add up in; the first two are answers that are right, and answers. */
    size_t (*numbers)(const lathe_task *task);
    /** Add a batch: scores as lathe_tensor_read gives the output. */
    void (
        *update)(const lathe_task *task, const lathe_real *scores, const lathe_batch *batch, double *numbers);
    /** The value of each metric; NaN if there is nothing to compute it from. */
    void (*compute)(const lathe_task *task, const double *numbers, double *values);
    /** View number `index` from 0 of a batch; in the task's work space, or the batch. False after the last. An
     * empty batch is fine. */
    bool (*view)(lathe_task *task, int index, const lathe_real *scores, const lathe_batch *batch,
        lathe_task_view *view);
    /** Add `share` of what the scores of one sample mean to p [classes]. */
    void (*probabilities)(const lathe_task *task, const lathe_real *scores, double share, double *p);
    /** What p [classes] says, the likeliest first: at least `top` findings where there are so many, at most
     * `room`. Returns how many. */
    int (*decode)(const lathe_task *task, const double *p, int top, lathe_finding *found, int room);
    /** The mask of one sample's scores, [height, width] classes. NULL: there is none. */
    void (*mask)(const lathe_task *task, const lathe_real *scores, uint8_t *mask);
    /** What is learned, for the head of a page: "one of 10 classes". At most LATHE_MESSAGE_SIZE bytes. */
    void (*describe)(const lathe_task *task, char *line, size_t size);
};

/** A task. Read its fields as you like. */
struct lathe_task {
    const lathe_task_type *type;
    const lathe_dataset *data;
    const lathe_loss_type *loss; /* NULL: none */
    int height, width;           /* of the pictures after the transforms */
    size_t answers;              /* of each sample: see lathe_batch */
    lathe_shape output;          /* of the net's, dim[0] is 0 */
    int metrics;                 /* how many type->metrics are */
    size_t numbers;              /* that they add up in */
    /* work space, which grows with the largest batch so far: */
    lathe_real *scores; /* a batch's output, row-major */
    lathe_real *sorted; /* as many */
    int *labels;        /* one a sample */
    int room;           /* samples of a batch that there is room for */
};

/** One class a picture. */
extern const lathe_task_type lathe_classify_task;

/** Any number of classes a picture: for each yes or no. */
extern const lathe_task_type lathe_tags_task;

/** A class of each of several kinds (colour, shape, ...): a head each. */
extern const lathe_task_type lathe_heads_task;

/** A class for each pixel: a mask. */
extern const lathe_task_type lathe_pixels_task;

/** Task number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_task_type *lathe_task_at(int index);

/** The task of this name, or of this word of a checkpoint. Errors: LATHE_ENAME, listing the known names. */
const lathe_task_type *lathe_task_find(const char *name);

/**
 * Add a task of the program (see core/registry.h). Data sets name it, and checkpoints find it.
 * Errors   LATHE_ENAME if the name or the word is taken;
 *          LATHE_EARG if it has no metrics or lacks a function that may not be NULL.
 */
lathe_status lathe_task_register(const lathe_task_type *type);

/**
 * The task that opts->data names.
 *
 * Errors   NULL: LATHE_ENAME for a task that is not known; LATHE_EARG if data, loss, transforms or weights do
 * not fit each other; LATHE_ESHAPE if the transforms do not fit the pictures; LATHE_ENOMEM.
 */
lathe_task *lathe_task_new(const lathe_task_opts *opts);

/** Free it. NULL is fine. */
void lathe_task_free(lathe_task *task);

/**
 * The loss of a batch's output. `opts` is the loss's options struct, or NULL. Where the loader has mixed labels
 * (mixup, cutmix) the loss is of the mixed ones.
 * Errors   NULL: those of the loss; LATHE_ESHAPE if the net gives another shape than the task asks for.
 */
lathe_tensor *lathe_task_loss(lathe_task *task, lathe_tensor *output, const lathe_batch *batch,
    const void *opts);

/**
 * Add a batch to `numbers` [task->numbers], which are zeros at first, for its metrics.
 * Errors   those of lathe_tensor_read; LATHE_ESHAPE as above; LATHE_ENOMEM.
 */
lathe_status lathe_task_count(lathe_task *task, const lathe_tensor *output, const lathe_batch *batch,
    double *numbers);

/** The value of each metric, values [LATHE_TASK_METRICS]; NaN for those that there are not, and before the
 * first batch. */
void lathe_task_compute(const lathe_task *task, const double *numbers, double *values);

/** Number of the metric of that name; -1 if there is none. */
int lathe_task_metric_find(const lathe_task *task, const char *name);

/**
 * The `count` likeliest of p [classes] as findings, the likeliest first; of equal ones the first. Returns `count`,
 * or fewer if there are not so many classes.
 */
int lathe_findings_rank(const double *p, int classes, int count, lathe_finding *found);

/** Does each picture have exactly one class? */
bool lathe_task_single_class(lathe_task *task);

/** One column of what a run measures each epoch. */
typedef struct lathe_task_column {
    bool validation; /* else of training */
    int metric;      /* -1: the loss */
    bool lower_is_better;
} lathe_task_column;

/** The column "train_loss", "val_loss", "train_NAME" or "val_NAME". Errors: LATHE_ENAME, listing them. */
lathe_status lathe_task_column_find(const lathe_task *task, const char *name, lathe_task_column *column);

#ifdef __cplusplus
}
#endif
#endif
