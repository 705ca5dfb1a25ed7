/*
 * Probes: what a step does to the net, measured beside the loss: norms, dead ReLUs, gradient noise,
 * sharpness. They are columns of probes.csv. Each is one file with a const object such as
 * lathe_grad_norm_probe; docs/probes.md has the formulas.
 *
 *     lathe_probes *probes = lathe_probes_new("grad_norm,sharpness:500", learner, feed, seed);
 *     lathe_probes_begin(probes);                       before a step that is to be measured
 *     lathe_train_step(feed, learner, 1, &row, &more);
 *     lathe_probes_end(probes, &values);                one number for each column
 *
 * A probe changes no bit of the training: what it computes besides the step, it computes on a tape of its
 * own, and it restores gradients, weights and running statistics.
 */
#ifndef LATHE_TRAIN_PROBE_PROBE_H
#define LATHE_TRAIN_PROBE_PROBE_H

#include "../feed/feed.h"
#include "../learner/learner.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_probe_type lathe_probe_type;

/** The beginning of every probe's struct. */
typedef struct lathe_probe {
    const lathe_probe_type *type;
    lathe_learner *learner;
    const lathe_feed *feed; /* the training pictures */
    uint64_t seed;
    const char *option; /* what follows the name and a colon: "layers"; "": nothing */
    int columns;        /* 1 unless open changes it */
    double *value;      /* [columns]: NaN before each step */
} lathe_probe;

/** A kind of probe. Each function but the columns' names may be NULL. */
struct lathe_probe_type {
    const char *name;    /* as in --probe and in probes.csv */
    const char *summary; /* one line */
    const char *options; /* what may follow the name and a colon, for messages; NULL: nothing may */
    size_t size;         /* of the probe's struct, which begins zeroed; 0: that of lathe_probe */
    /** Checks the option and makes what the probe needs. Errors: LATHE_EARG, LATHE_ENOMEM. */
    lathe_status (*open)(lathe_probe *probe);
    void (*close)(lathe_probe *probe); /* frees it, also after a failure of open */
    /** The name of a column; NULL: the type's. */
    const char *(*column)(const lathe_probe *probe, int index);
    lathe_status (*begin)(lathe_probe *probe); /* before the step */
    /** After the forward of each of the step's batches; the learner's tape has it. */
    lathe_status (*forward)(lathe_probe *probe, const lathe_batch *batch);
    /** After its backward: the gradients have `part` times those of the batch more. */
    lathe_status (*backward)(lathe_probe *probe, const lathe_batch *batch, double part);
    /** When the gradients are complete, before they are clipped; `batch` is the step's last one. */
    lathe_status (*gradients)(lathe_probe *probe, const lathe_batch *batch);
    lathe_status (*finish)(lathe_probe *probe); /* after the step */
};

/** The probes of a list, for one learner. */
typedef struct lathe_probes lathe_probes;

/**
 * Make the probes of a list such as "grad_norm,update_ratio:layers". Learner and feed must outlive them.
 * Errors   LATHE_ENAME, LATHE_EARG, LATHE_ENOMEM: returns NULL.
 */
lathe_probes *lathe_probes_new(const char *list, lathe_learner *learner, const lathe_feed *feed,
    uint64_t seed);

/** Free the probes. NULL is fine. */
void lathe_probes_free(lathe_probes *probes);

/** The first line of probes.csv without its end: "step,grad_norm,...". Valid as long as the probes. */
const char *lathe_probes_header(const lathe_probes *probes);

/** Measure the learner's next step. Errors: those of the probes. */
lathe_status lathe_probes_begin(lathe_probes *probes);

/**
 * After the step: *values becomes the numbers of the columns, NaN where nothing could be measured, valid
 * until the next call. Errors: those of the probes.
 */
lathe_status lathe_probes_end(lathe_probes *probes, const double **values);

/** The step is not made: measure nothing. */
void lathe_probes_cancel(lathe_probes *probes);

/** Check that the list names probes, each once. Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_probes_check(const char *list);

/** Probe number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_probe_type *lathe_probe_at(int index);

/** Add a probe of the program (see core/registry.h). Errors: LATHE_ENAME if the name is taken. */
lathe_status lathe_probe_register(const lathe_probe_type *type);

#ifdef __cplusplus
}
#endif
#endif
