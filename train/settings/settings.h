/*
 * Settings: everything that decides a run, set key by key from text. The command line, the settings file and
 * the run folder all speak through this one table, so they never disagree.
 */
#ifndef LATHE_TRAIN_SETTINGS_H
#define LATHE_TRAIN_SETTINGS_H

#include "../../core/ops/losses/loss.h"
#include "../../sched/sched.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Room for a path or another long text, with its ending zero. */
#define LATHE_SETTING_LONG 1024

/** Room for a name or an option's text. */
#define LATHE_SETTING_SHORT 128

/** How many options of optimizer, scheduler and loss can be given. */
#define LATHE_SETTING_OPTIONS 64

typedef enum lathe_early_stop {
    LATHE_EARLY_STOP_OFF,
    LATHE_EARLY_STOP_VAL_LOSS,
    LATHE_EARLY_STOP_VAL_ACCURACY,
    LATHE_EARLY_STOP_TRAIN_LOSS
} lathe_early_stop;

/** Is min_delta the improvement itself, or a part of the number to be improved on? */
typedef enum lathe_min_delta_mode { LATHE_MIN_DELTA_ABS, LATHE_MIN_DELTA_REL } lathe_min_delta_mode;

/** What a schedule counts. By epoch its rates change at an epoch's beginning only, and its lengths are
 * epochs. */
typedef enum lathe_sched_unit { LATHE_BY_BATCH, LATHE_BY_EPOCH } lathe_sched_unit;

/** Every sample once an epoch, or each class equally often. */
typedef enum lathe_sampler { LATHE_SAMPLER_SHUFFLE, LATHE_SAMPLER_BALANCED } lathe_sampler;

typedef enum lathe_bad_image { LATHE_BAD_IMAGE_FAIL, LATHE_BAD_IMAGE_SKIP } lathe_bad_image;

typedef enum lathe_on_nan { LATHE_NAN_STOP, LATHE_NAN_SKIP, LATHE_NAN_IGNORE } lathe_on_nan;

/** An option of the optimizer ("optim.betas"), of the scheduler ("sched.gamma") or of the loss
 * ("loss.gamma"), as it was given; checked by lathe_settings_check. */
typedef struct lathe_option {
    char key[LATHE_SETTING_SHORT]; /* without a prefix: the optimizer's if that has it, else the scheduler's,
                                      else the loss's */
    char text[LATHE_SETTING_SHORT];
} lathe_option;

/**
 * The settings of a run. A value: copy it freely. Begin with lathe_settings_default; lathe_settings_set
 * checks what it sets, and what is written to the fields directly is checked by lathe_settings_check.
 */
typedef struct lathe_settings {
    char data[LATHE_SETTING_LONG];  /* "fashion-mnist", "mnist:DIR", "shapes", ... */
    double val_split;               /* part of the training data kept for validation, [0, 1) */
    char fold[LATHE_SETTING_SHORT]; /* "2/5": the second of five parts is for validation instead, the same
                                       five for one seed; "": none */
    int sampler;                    /* a lathe_sampler */
    bool drop_last;                 /* leave an epoch's last batch out if it is smaller */
    int cache_mib;      /* picture files are decoded once and kept if that takes no more than this */
    int train_count;    /* train on so many pictures of what is left, chosen by the seed, each class in
                           proportion; 0: all */
    int workers;        /* threads that assemble batches ahead of time */
    int size, channels; /* of the pictures, for sets that can have any; 0: the set's own */
    char augment[LATHE_SETTING_LONG]; /* transforms of the training pictures, see data/transforms/transform.h;
                                         "": none */
    int bad_image;                    /* a lathe_bad_image */
    char model[LATHE_SETTING_SHORT];
    char init_weights[LATHE_SETTING_LONG]; /* a safetensors file of first weights, by name; "": random ones */
    char loss[LATHE_SETTING_SHORT];
    char class_weights[LATHE_SETTING_LONG]; /* of each class in the training loss: "1,2,0.5", or "balanced";
                                               "": all alike */
    char optim[LATHE_SETTING_SHORT];
    bool decay_weights_only;         /* no weight decay on biases and norms */
    char groups[LATHE_SETTING_LONG]; /* options of their own for parameters whose names are like a pattern,
                                        those of the optimizer or of a single schedule: "*.bias
                                        weight_decay=0; 7.* lr=1e-4"; the first that fits counts; "": none */
    char sched[LATHE_SETTING_LONG];  /* as lathe_sched_from_text takes it: "cyclic", "warmup:200it,cyclic:4ep"
                                      */
    int by;                          /* a lathe_sched_unit */
    bool no_warnings;                /* no messages about legal but odd schedules */
    double epochs;                   /* fractions of an epoch are rounded to whole steps */
    uint64_t max_steps;              /* 0: no limit but epochs */
    int batch_size;
    uint64_t seed;
    int threads;                  /* 0: one a processor */
    int accumulate;               /* batches whose gradients make one step */
    double clip_norm, clip_value; /* 0: no clipping */
    double clip_agc; /* adaptive: a gradient's norm to its weight's, unit by unit; 0: no clipping */
    double ema; /* decay of an exponential average of the weights, which is evaluated and saved; 0: none */
    bool ema_warmup;                      /* with less of it at first */
    char swa_start[LATHE_SETTING_SHORT];  /* a length: average the weights from here on, all alike; "": no */
    char swa_every[LATHE_SETTING_SHORT];  /* a length: as often */
    int early_stop;                       /* a lathe_early_stop */
    int patience;                         /* epochs without improvement before the run stops */
    double min_delta;                     /* what counts as an improvement: more than this */
    int min_delta_mode;                   /* a lathe_min_delta_mode */
    char save_every[LATHE_SETTING_SHORT]; /* "20", "0.5ep", "5min": also save then, not only at an epoch's
                                             end; "": never */
    int keep;                             /* how many of those saves stay, beside last and best */
    int on_nan;    /* a lathe_on_nan: what to do when the loss, a gradient or a weight is not a number */
    bool no_times; /* the times of epochs.csv stay empty, so that equal runs have equal files */
    char log[LATHE_SETTING_SHORT]; /* "tensorboard": logs in the run folder besides the tables and log.jsonl,
                                      separated by commas; "": none */
    char out[LATHE_SETTING_LONG];  /* run folder; "": nothing is written */
    char resume[LATHE_SETTING_LONG]; /* run folder to go on with; "": a new run */
    lathe_option option[LATHE_SETTING_OPTIONS];
    int options;
} lathe_settings;

/** One key: its name, default, range and flags (see section.h). */
typedef struct lathe_setting lathe_setting;

/** Key number `index` in the order of the settings file; NULL after the last. */
const lathe_setting *lathe_setting_at(int index);

/** The key of that name (hyphens as underscores), NULL if there is none. */
const lathe_setting *lathe_setting_find(const char *key);

/** The value of a key as lathe_settings_set would read it back; returns `text`. */
const char *lathe_setting_text(const lathe_setting *setting, const lathe_settings *settings,
    char text[LATHE_SETTING_LONG]);

/** All defaults. */
lathe_settings lathe_settings_default(void);

/**
 * Set one key from text; on failure nothing has changed. A hyphen in `key` is an underscore. A key that is no
 * setting may be an option of any optimizer, scheduler or loss ("base_lr"); it is kept as text until their
 * types are chosen, and a later one of the same name replaces it. Where several have it, "gamma" is the
 * optimizer's, else the schedule's; "sched.gamma" and "loss.gamma" say which is meant, "cyclic.max_lr" which
 * of several schedules. Errors   LATHE_ENAME naming the nearest known key, LATHE_EARG naming key, text and
 * legal range.
 */
lathe_status lathe_settings_set(lathe_settings *settings, const char *key, const char *text);

/**
 * Read a settings file over what `settings` holds:
 *
 *     # a comment
 *     [train]
 *     batch_size = 64
 *     [sched]
 *     sched = cyclic
 *     base_lr = 1e-4
 *
 * Options in [optim] and [sched] belong to that one. A value runs to the end of its line, without the blanks
 * around it; one in double quotes keeps them. On failure nothing has changed. Errors   LATHE_EIO;
 * LATHE_EFORMAT, LATHE_ENAME, LATHE_EARG: "run.ini:3: ..." names file, line and key, also for a key given
 *          twice or in another section than its own.
 */
lathe_status lathe_settings_read(lathe_settings *settings, const char *path);

/** The same from a text that is changed meanwhile; `name` is what messages call it. */
lathe_status lathe_settings_parse(lathe_settings *settings, char *text, const char *name);

/** Write them as such a file, atomically; reading it gives the same run. Options not given follow as comments
 * with their defaults. */
lathe_status lathe_settings_write(const lathe_settings *settings, const char *path);

/** The same as text, to be given to lathe_free. Errors: LATHE_ENOMEM: NULL. */
char *lathe_settings_text(const lathe_settings *settings);

/**
 * Check everything that can be checked before the data is opened: names, ranges, and that the chosen
 * optimizer, scheduler or loss has each option given. Errors: LATHE_ENAME, LATHE_EARG.
 */
lathe_status lathe_settings_check(const lathe_settings *settings);

/**
 * The optimizer of the settings on these parameters, and the scheduler of the settings on an optimizer.
 * `steps_per_epoch` gives lengths such as "2.5ep" their meaning; run_steps is a length for schedules that
 * must know theirs. 0: not known. Errors   LATHE_ENAME, LATHE_EARG, LATHE_ENOMEM; LATHE_EARG also for lengths
 * in steps of a schedule that counts epochs.
 */
lathe_optim *lathe_settings_optim(const lathe_settings *settings, const lathe_params *params,
    double steps_per_epoch);
lathe_sched *lathe_settings_sched(const lathe_settings *settings, lathe_optim *optim, double steps_per_epoch,
    uint64_t run_steps);

/**
 * The loss of the settings: its type, and its options as it takes them, to be given to lathe_free. With
 * `evaluate` the options are those that evaluation measures with: without label smoothing, and always the
 * mean. class_weights are not among them: they take as many numbers as the data has classes. Errors   NULL:
 * LATHE_ENAME; LATHE_EARG also for a loss that is not made for labels, and for reduction none; LATHE_ENOMEM.
 */
void *lathe_settings_loss(const lathe_settings *settings, bool evaluate, const lathe_loss_type **type);

/** The text given for an option of the chosen optimizer, schedule or loss by its full key, "sched.max_lr";
 * NULL if it was not given. */
const char *lathe_settings_option(const lathe_settings *settings, const char *key);

/** Does the chosen optimizer, a chosen schedule or the chosen loss have the option `key`: "max_lr",
 * "sched.max_lr"? */
bool lathe_settings_takes(const lathe_settings *settings, const char *key);

/** Take away the options that the chosen types do not have. Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_settings_keep_options(lathe_settings *settings);

/** Take away all options of "optim", "sched" or "loss". Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_settings_drop_options(lathe_settings *settings, const char *section);

/**
 * Check that two settings are those of one run: they differ at most in what a resumed run may change (see
 * lathe_setting). `path` begins the message. Errors: LATHE_EARG naming the first difference; LATHE_ENOMEM.
 */
lathe_status lathe_settings_same_run(const char *path, const lathe_settings *then, const lathe_settings *now);

/** When weights are averaged all alike: after step `start`, and each `every` steps from there. Zeros: never.
 */
typedef struct lathe_swa {
    uint64_t start, every;
} lathe_swa;

/** settings->swa_start and swa_every in steps. Errors: LATHE_EARG. */
lathe_status lathe_settings_swa(const lathe_settings *settings, double steps_per_epoch, lathe_swa *swa);

/** When to save: each so many steps, or seconds. Zeros: at an epoch's end only. */
typedef struct lathe_save_every {
    uint64_t steps;
    double seconds;
} lathe_save_every;

/** settings->save_every: a length, or a time such as "5min", "90s", "1h". Errors: LATHE_EARG. */
lathe_status lathe_settings_save_every(const lathe_settings *settings, double steps_per_epoch,
    lathe_save_every *every);

/**
 * A length such as "500", "500it", "2.5ep" in steps. Errors: LATHE_EARG naming `key`.
 */
lathe_status lathe_settings_length(const char *key, const char *text, double steps_per_epoch,
    uint64_t *steps);

#ifdef __cplusplus
}
#endif
#endif
