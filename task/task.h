/*
 * Tasks: what is learned from a picture. A task gives the shape of the net's output, computes the loss and
 * the metrics of a batch's output, and turns an output into findings. No other code asks which task it is.
 *
 * A kind is one file with a const object, such as lathe_classify_task. A data set names its kind
 * (lathe_dataset's `task`); lathe_task_new makes the task of a data set and a loss.
 */
#ifndef LATHE_TASK_TASK_H
#define LATHE_TASK_TASK_H

#include "../core/batch.h"
#include "../core/context.h"
#include "../core/ops/losses/loss.h"
#include "../core/tensor.h"
#include "../data/dataset.h"
#include "../data/transforms/transform.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_task lathe_task;
typedef struct lathe_task_type lathe_task_type;

/** The most metrics of a task. */
#define LATHE_TASK_METRICS 8

/** A metric: a number for the quality of the outputs. */
typedef struct lathe_task_metric {
    const char *name;  /* "accuracy": its columns are train_accuracy, val_accuracy and test_accuracy */
    const char *title; /* for text: "accuracy", "mean IoU" */
    bool lower_is_better;
    bool percent; /* shown as 97.25 %, not as 0.9725 */
} lathe_task_metric;

/** One finding in a picture: a class and its probability. */
typedef struct lathe_finding {
    int index;          /* of a class of the data set */
    double probability; /* in [0, 1]; with a mask: the class's part of the picture */
} lathe_finding;

/** A batch as a plain classification, for metrics, the confusion matrix and curves. */
typedef struct lathe_task_view {
    const char *name;         /* of the head; NULL if there is only one view */
    int classes, first;       /* the classes are [first, first + classes) of the data set's */
    size_t count;             /* samples, or pixels */
    bool many;                /* any number of classes each */
    const lathe_real *scores; /* [count, classes] */
    const int *labels;        /* [count]; if `many`, targets [count, classes] of 0 and 1 */
} lathe_task_view;

/** The parts of a task. */
typedef struct lathe_task_opts {
    /** describes the targets; may have no samples; must outlive the task */
    const lathe_dataset *data;
    const lathe_transforms *transforms; /* of the pictures; may be NULL */
    const lathe_loss_type *loss;        /* NULL: no loss, for predictions only */
    const char *class_weights;          /* as in settings: "", "balanced" or a list; may be NULL */
} lathe_task_opts;

/** A kind of task. A function may be NULL only if its comment says so. */
struct lathe_task_type {
    const char *name;                 /* as in data sets: "classify" */
    const char *summary;              /* one line for lists */
    const char *word;                 /* in checkpoints; NULL: the name */
    const char *scores;               /* what the net's output means, for files that leave; may be NULL */
    const lathe_task_metric *metrics; /* the most important first; ended by one without a name */
    bool dense; /* a sample has too many targets to keep all of them (one for each pixel) */
    /** Checks that data, loss, transforms and weights fit each other. May be NULL. Errors: LATHE_EARG. */
    lathe_status (*check)(const lathe_task *task, const lathe_task_opts *opts);
    /** The shape of the net's output, with dim[0] = 0 in place of the batch. */
    lathe_shape (*output)(const lathe_task *task);
    /** The loss of a batch's output, whose shape has been checked. Errors: those of the loss. */
    lathe_tensor *(*loss)(lathe_task *task, lathe_tensor *output, const lathe_batch *batch, const void *opts);
    /**
     * The size of the metrics' sums. The first two are the number of right predictions and of predictions.
     */
    size_t (*numbers)(const lathe_task *task);
    /**
     * Adds a batch to the sums; `scores` is the output from lathe_tensor_read. The sums are whole numbers:
     * processes that share batches add theirs up.
     */
    void (
        *update)(const lathe_task *task, const lathe_real *scores, const lathe_batch *batch, double *numbers);
    /** Computes each metric from the sums; NaN without data. */
    void (*compute)(const lathe_task *task, const double *numbers, double *values);
    /**
     * Makes view number `index` (from 0) of a batch, in the task's work space or the batch. The batch may be
     * empty. Returns false after the last view.
     */
    bool (*view)(lathe_task *task, int index, const lathe_real *scores, const lathe_batch *batch,
        lathe_task_view *view);
    /** Adds `share` times the probabilities from one sample's scores to p [classes]. */
    void (*probabilities)(const lathe_task *task, const lathe_real *scores, double share, double *p);
    /**
     * Turns p [classes] into findings, the most probable first: at least `top` if there are that many, at
     * most `room`. Returns their number.
     */
    int (*decode)(const lathe_task *task, const double *p, int top, lathe_finding *found, int room);
    /** Makes the mask [height, width] of classes from one sample's scores. May be NULL. */
    void (*mask)(const lathe_task *task, const lathe_real *scores, uint8_t *mask);
    /**
     * Writes what is learned, for the head of a page: "one of 10 classes". At most LATHE_MESSAGE_SIZE bytes.
     */
    void (*describe)(const lathe_task *task, char *line, size_t size);
};

/** A task. Its fields may be read directly. */
struct lathe_task {
    const lathe_task_type *type;
    const lathe_dataset *data;
    const lathe_loss_type *loss; /* may be NULL */
    int height, width;           /* of the pictures after the transforms */
    size_t answers;              /* numbers of a sample's target, see lathe_batch */
    lathe_shape output;          /* of the net's output, dim[0] is 0 */
    int metrics;                 /* the number of type->metrics */
    size_t numbers;              /* the size of their sums */
    /* Work space, which grows with the largest batch so far: */
    lathe_real *scores; /* a batch's output, row-major */
    lathe_real *sorted; /* of the same size */
    int *labels;        /* one a sample */
    int room;           /* the largest batch that fits */
};

/** One class a picture. */
extern const lathe_task_type lathe_classify_task;

/** Any number of classes a picture: a yes or no for each class. */
extern const lathe_task_type lathe_tags_task;

/** A class for each of several heads (colour, shape, ...). */
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
 * Make the task that opts->data names.
 *
 * Errors   LATHE_ENAME for an unknown task; LATHE_EARG if data, loss, transforms or weights do not fit each
 *          other; LATHE_ESHAPE if the transforms do not fit the pictures; LATHE_ENOMEM: returns NULL.
 */
lathe_task *lathe_task_new(const lathe_task_opts *opts);

/** Free the task. NULL is fine. */
void lathe_task_free(lathe_task *task);

/**
 * The loss of a batch's output. `opts` is the loss's options struct, or NULL. With mixed labels (mixup,
 * cutmix) it is the loss of both labels, weighted by their shares.
 * Errors   those of the loss; LATHE_ESHAPE if the output has another shape than the task needs: returns NULL
 */
lathe_tensor *lathe_task_loss(lathe_task *task, lathe_tensor *output, const lathe_batch *batch,
    const void *opts);

/**
 * The weight of a batch's mean loss among the batches of a step, in samples: the sum of the weights of its
 * labels. It is the batch's size without class weights and ignored labels, and for mixed labels. The weight
 * of a batch that processes share is the whole batch's; all must call it, with the context of their tapes.
 * Errors   LATHE_EARG, LATHE_EIO, LATHE_ENOMEM: returns NaN
 */
double lathe_task_weight(const lathe_task *task, lathe_context *context, const lathe_batch *batch,
    const void *opts);

/**
 * Add a batch to the sums of the metrics, numbers [task->numbers], which begin as zeros. Of a batch that
 * processes share, each adds its own pictures; a silent one adds nothing.
 * Errors   those of lathe_tensor_read; LATHE_ESHAPE as in lathe_task_loss; LATHE_ENOMEM
 */
lathe_status lathe_task_count(lathe_task *task, const lathe_tensor *output, const lathe_batch *batch,
    double *numbers);

/**
 * The sums of the metrics become those of all processes that share batches: each gives its own, and all get
 * the same. All must call it. Join new sums before adding them to older ones that have been joined.
 * Nothing happens in a context that shares no batches.
 * Errors   LATHE_EARG, LATHE_EIO, LATHE_ENOMEM
 */
lathe_status lathe_task_join(const lathe_task *task, lathe_context *context, double *numbers);

/**
 * Compute the metrics, values [LATHE_TASK_METRICS]. NaN after the last metric, and before the first batch.
 */
void lathe_task_compute(const lathe_task *task, const double *numbers, double *values);

/** The index of the metric of this name; -1 if the task does not have it. */
int lathe_task_metric_find(const lathe_task *task, const char *name);

/**
 * The `count` most probable classes of p [classes] as findings, the most probable first, of equal ones the
 * lower class. Returns their number, which is smaller if there are fewer classes.
 */
int lathe_findings_rank(const double *p, int classes, int count, lathe_finding *found);

/** Returns true if each picture has exactly one class. */
bool lathe_task_single_class(lathe_task *task);

/** One column of a run's measurements by epoch. */
typedef struct lathe_task_column {
    bool validation; /* false: of training */
    int metric;      /* index of the metric; -1: the loss */
    bool lower_is_better;
} lathe_task_column;

/** The column "train_loss", "val_loss", "train_NAME" or "val_NAME". Errors: LATHE_ENAME, listing them. */
lathe_status lathe_task_column_find(const lathe_task *task, const char *name, lathe_task_column *column);

#ifdef __cplusplus
}
#endif
#endif
