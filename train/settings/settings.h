/*
 * Settings: all options of a run, set key by key from text. The command line, the settings file and the run
 * folder use this one table, so they always agree.
 */
#ifndef LATHE_TRAIN_SETTINGS_H
#define LATHE_TRAIN_SETTINGS_H

#include "../../core/ops/losses/loss.h"
#include "../../sched/sched.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The longest path or other long text in bytes, with its final zero. */
#define LATHE_SETTING_LONG 1024

/** The longest name or text of an option in bytes, with its final zero. */
#define LATHE_SETTING_SHORT 128

/** The most options of optimizer, scheduler and loss. */
#define LATHE_SETTING_OPTIONS 64

/** min_delta is the improvement itself, or a part of the former value. */
typedef enum lathe_min_delta_mode { LATHE_MIN_DELTA_ABS, LATHE_MIN_DELTA_REL } lathe_min_delta_mode;

/** Which rows decide the best weights and early stopping. */
typedef enum lathe_best_rows { LATHE_BEST_EPOCH, LATHE_BEST_EVAL } lathe_best_rows;

/**
 * The unit of a schedule. By epoch, its rates change only at the start of an epoch, and its lengths are
 * epochs.
 */
typedef enum lathe_sched_unit { LATHE_BY_BATCH, LATHE_BY_EPOCH } lathe_sched_unit;

/** Each sample once an epoch, or each class equally often. */
typedef enum lathe_sampler { LATHE_SAMPLER_SHUFFLE, LATHE_SAMPLER_BALANCED } lathe_sampler;

typedef enum lathe_bad_image { LATHE_BAD_IMAGE_FAIL, LATHE_BAD_IMAGE_SKIP } lathe_bad_image;

/**
 * An option of the optimizer ("optim.betas"), the scheduler ("sched.gamma") or the loss ("loss.gamma"), as
 * given. lathe_settings_check checks it.
 */
typedef struct lathe_option {
    /** the full key, "sched.gamma"; or a plain key, "gamma", if several sections have it */
    char key[LATHE_SETTING_SHORT];
    char text[LATHE_SETTING_SHORT];
} lathe_option;

/**
 * The settings of a run. They are a value and may be copied. Begin with lathe_settings_default.
 * lathe_settings_set checks what it sets; lathe_settings_check checks fields that were written directly.
 */
typedef struct lathe_settings {
    char data[LATHE_SETTING_LONG]; /* "fashion-mnist", "mnist:DIR", "shapes", ... */
    double val_split;              /* part of the training data for validation, [0, 1) */
    /** "2/5": validate on the second of five parts, which are the same for one seed; "": no folds */
    char fold[LATHE_SETTING_SHORT];
    int sampler;        /* a lathe_sampler */
    bool drop_last;     /* leave a smaller last batch of an epoch out */
    int cache_mib;      /* keep decoded or unpacked pictures if they need at most this much memory */
    int max_megapixels; /* refuse larger picture files */
    /** train on this many pictures, chosen by the seed, each class in proportion; 0: all */
    int train_count;
    int workers;        /* threads that make batches ahead of time */
    int layout;         /* a lathe_layout; 0: by lathe_layout_rule */
    double crop_ratio;  /* of picture files, see lathe_files_opts; 0: they cover the size */
    int interpolation;  /* a lathe_filter, of picture files */
    int size, channels; /* of the pictures, for sets that can have any; 0: the set's own */
    /** normalise by these, "0.5" or one number a channel, of pixels from 0 to 1; "": the data set's own */
    char mean[LATHE_SETTING_SHORT], std[LATHE_SETTING_SHORT];
    /** transforms of the training pictures, see data/transforms/transform.h; "": no transforms */
    char augment[LATHE_SETTING_LONG];
    int bad_image; /* a lathe_bad_image */
    /** colour behind transparent pixels of PNG files, see lathe_colour_parse; "": alpha is dropped */
    char background[LATHE_SETTING_SHORT];
    /** of a table: its columns of labels, "species" or "species,colour"; "": all others than paths, ... */
    char label_column[LATHE_SETTING_LONG];
    char model[LATHE_SETTING_SHORT];
    /** a file of first weights, by name, as lathe_weights_read takes it; "": random weights */
    char init_weights[LATHE_SETTING_LONG];
    bool whole_weights; /* refuse a file with another head; no key, so that no file says it */
    /**
     * "body", or patterns of parameter names, "features.*,!features.12.*": these parameters are not trained.
     * The last pattern that matches a name counts; one with ! trains. "": all are trained.
     */
    char freeze[LATHE_SETTING_LONG];
    /** batch norms of frozen layers (all, if none is frozen) use their running statistics and keep them */
    bool freeze_norm;
    char unfreeze_after[LATHE_SETTING_SHORT]; /* a length: train all parameters from here on; "": never */
    char loss[LATHE_SETTING_SHORT];
    /** weights of the classes in the training loss: "1,2,0.5", or "balanced"; "": all alike */
    char class_weights[LATHE_SETTING_LONG];
    char optim[LATHE_SETTING_SHORT];
    bool decay_weights_only; /* no weight decay on biases and norms */
    double layer_decay;      /* a layer's rate is that of the next layer times this, (0, 1] */
    /**
     * Options of the optimizer or of a single schedule for parameters whose names match a pattern: "*.bias
     * weight_decay=0; 7.* lr=1e-4". The first match counts. "": no groups.
     */
    char groups[LATHE_SETTING_LONG];
    char sched[LATHE_SETTING_LONG]; /* as in lathe_sched_from_text: "cyclic", "warmup:200it,cyclic:4ep" */
    int by;                         /* a lathe_sched_unit */
    bool no_warnings;               /* no messages about unusual schedules */
    double epochs;                  /* fractions of an epoch are rounded to whole steps */
    uint64_t max_steps;             /* 0: the epochs decide */
    int batch_size;
    uint64_t seed;
    int threads;                  /* 0: one for each processor */
    int conv;                     /* a lathe_conv_choice */
    int accumulate;               /* batches in a step */
    double clip_norm, clip_value; /* 0: no clipping */
    /** adaptive clipping: largest ratio of a unit's gradient to its weights; 0: no clipping */
    double clip_agc;
    /** decay of an exponential average of the weights, which is evaluated and saved; 0: no average */
    double ema;
    bool ema_warmup; /* a smaller decay at first */
    /** a length: average the weights from here on with equal weights; "": no average */
    char swa_start[LATHE_SETTING_SHORT];
    char swa_every[LATHE_SETTING_SHORT]; /* a length: the distance of these averages */
    /** "50it", "0.1ep": also measure the validation set at this distance; "off": only after each epoch */
    char eval_every[LATHE_SETTING_SHORT];
    int eval_count; /* measure there on this many pictures, always the same ones; 0: on all */
    int best;       /* a lathe_best_rows */
    /** "grad_norm,sharpness:500": probes of the steps at a distance of probe_every, into probes.csv */
    char probe[LATHE_SETTING_LONG];
    char probe_every[LATHE_SETTING_SHORT]; /* a length, "0.1ep" */
    /** the column of epochs.csv that must improve: "val_loss", "val_accuracy"; "off": none */
    char early_stop[LATHE_SETTING_SHORT];
    int patience;       /* rows without improvement before the run stops: of epochs, or see best */
    double min_delta;   /* an improvement must be larger than this */
    int min_delta_mode; /* a lathe_min_delta_mode */
    /** "20", "0.5ep", "5min": also save at this distance; "": only at the end of an epoch */
    char save_every[LATHE_SETTING_SHORT];
    int keep;         /* how many of these saves to keep, besides last and best */
    int on_nan;       /* a lathe_on_nan: what to do after a non-finite loss, gradient or weight */
    bool keep_cycles; /* keep the weights at each end of a cycle of the schedule: cycle-N.safetensors */
    bool no_times;    /* leave the times in epochs.csv empty, so that equal runs have equal files */
    /** "tensorboard": further logs in the run folder, separated by commas; "": no further logs */
    char log[LATHE_SETTING_SHORT];
    char out[LATHE_SETTING_LONG];    /* run folder; "": write nothing */
    char resume[LATHE_SETTING_LONG]; /* run folder to resume; "": a new run */
    bool overwrite; /* a new run may overwrite the one in `out`; no key, so that no file says it */
    lathe_option option[LATHE_SETTING_OPTIONS];
    int options;
} lathe_settings;

/** One key: its name, default, range and flags (see section.h). */
typedef struct lathe_setting lathe_setting;

/** Key number `index` in the order of the settings file; NULL after the last. */
const lathe_setting *lathe_setting_at(int index);

/** The key of this name (hyphens are underscores); NULL if it does not exist. */
const lathe_setting *lathe_setting_find(const char *key);

/** The value of a key as lathe_settings_set would read it back. Returns `text`. */
const char *lathe_setting_text(const lathe_setting *setting, const lathe_settings *settings,
    char text[LATHE_SETTING_LONG]);

/** All defaults. */
lathe_settings lathe_settings_default(void);

/**
 * Set one key from text. A hyphen in `key` is an underscore.
 *
 * A key that is not a setting may be an option of any optimizer, scheduler or loss ("base_lr", "sched.gamma",
 * "cyclic.max_lr"). It is kept as text until the types are chosen. A later one with the same full key
 * replaces it. If two chosen sections take a plain key, lathe_settings_check refuses it and names both full
 * keys. "lr" is the optimizer's, and a constant schedule without its own lr takes it from there.
 * Errors   LATHE_ENAME naming the nearest known key; LATHE_EARG naming key, text and legal range. Then
 *          nothing changes.
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
 * Options in [optim], [sched] and [loss] belong to that section. A value ends at the end of its line; blanks
 * around it are removed, unless it is in double quotes. After a failure nothing has changed.
 * Errors   LATHE_EIO; LATHE_EFORMAT, LATHE_ENAME, LATHE_EARG: "run.ini:3: ..." names the place, also for
 *          a key given twice or in another section than its own.
 */
lathe_status lathe_settings_read(lathe_settings *settings, const char *path);

/** As lathe_settings_read, from a text, which is changed. `name` is its name in messages. */
lathe_status lathe_settings_parse(lathe_settings *settings, char *text, const char *name);

/**
 * Write the settings as such a file, atomically. Reading it gives the same run. Options that were not given
 * follow as comments with their defaults.
 */
lathe_status lathe_settings_write(const lathe_settings *settings, const char *path);

/** The same as text, for lathe_free. Errors: LATHE_ENOMEM: NULL. */
char *lathe_settings_text(const lathe_settings *settings);

/**
 * Check everything that needs no data: names, ranges, and that the chosen optimizer, scheduler or loss has
 * each option. Errors: LATHE_ENAME, LATHE_EARG.
 */
lathe_status lathe_settings_check(const lathe_settings *settings);

/**
 * Make the optimizer of the settings for these parameters, and the scheduler of the settings for an
 * optimizer. `steps_per_epoch` converts lengths such as "2.5ep"; run_steps is the length for schedules that
 * need it. 0: unknown.
 * Errors   LATHE_ENAME, LATHE_EARG, LATHE_ENOMEM; LATHE_EARG also for lengths in steps of a schedule that
 *          counts epochs
 */
lathe_optim *lathe_settings_optim(const lathe_settings *settings, const lathe_params *params,
    double steps_per_epoch);
lathe_sched *lathe_settings_sched(const lathe_settings *settings, lathe_optim *optim, double steps_per_epoch,
    uint64_t run_steps);

/**
 * The loss of the settings: its type, and its options for lathe_free. With `evaluate` the options are those
 * of evaluation: without label smoothing, and always the mean. class_weights are not included, because their
 * number depends on the data.
 * Errors   LATHE_ENAME; LATHE_EARG also for a loss that is not for labels, and for reduction none;
 *          LATHE_ENOMEM: returns NULL.
 */
void *lathe_settings_loss(const lathe_settings *settings, bool evaluate, const lathe_loss_type **type);

/** The text of an option of the chosen types by its full key, "sched.max_lr"; NULL if it was not given. */
const char *lathe_settings_option(const lathe_settings *settings, const char *key);

/**
 * Returns true if the chosen optimizer, schedules or loss have the option `key`: "max_lr", "sched.max_lr".
 */
bool lathe_settings_takes(const lathe_settings *settings, const char *key);

/** Remove the options that the chosen types do not have. Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_settings_keep_options(lathe_settings *settings);

/** Remove all options of "optim", "sched" or "loss". Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_settings_drop_options(lathe_settings *settings, const char *section);

/**
 * Check that two settings are those of one run: they differ at most in what a resumed run may change (see
 * lathe_setting).
 * path     begins the message
 * Errors   LATHE_EARG naming the first difference; LATHE_ENOMEM
 */
lathe_status lathe_settings_same_run(const char *path, const lathe_settings *then, const lathe_settings *now);

/**
 * Note number `n`, from 0, about settings that are given and do not count, as one line. A learning rate, of
 * the optimizer or of a group, does not count under a schedule that sets the rate itself; nor does the
 * momentum of a group under a schedule that sets it. `optim` and `sched` are made from the settings. Returns
 * false after the last.
 */
bool lathe_settings_note(const lathe_settings *settings, const lathe_optim *optim, const lathe_sched *sched,
    int n, char line[256]);

/**
 * Give each group that has an lr of its own the rates of a cyclic schedule instead: base_lr and max_lr times
 * the ratio of its lr to the optimizer's lr. Options of the present schedule go.
 * Errors   LATHE_EARG if the text becomes too long; LATHE_ENAME, LATHE_ENOMEM.
 */
lathe_status lathe_settings_cycle_groups(lathe_settings *settings, double base_lr, double max_lr);

/**
 * The steps of an average with equal weights: after step `start`, then at each distance of `every`. Zeros:
 * never.
 */
typedef struct lathe_swa {
    uint64_t start, every;
} lathe_swa;

/** Convert settings->swa_start and swa_every to steps. Errors: LATHE_EARG. */
lathe_status lathe_settings_swa(const lathe_settings *settings, double steps_per_epoch, lathe_swa *swa);

/** Convert settings->unfreeze_after to a step; UINT64_MAX: never. Errors: LATHE_EARG. */
lathe_status lathe_settings_unfreeze_after(const lathe_settings *settings, double steps_per_epoch,
    uint64_t *step);

/** The distance of saves in steps, or in seconds. Zeros: only at the end of an epoch. */
typedef struct lathe_save_every {
    uint64_t steps;
    double seconds;
} lathe_save_every;

/** Read settings->save_every: a length, or a time such as "5min", "90s", "1h". Errors: LATHE_EARG. */
lathe_status lathe_settings_save_every(const lathe_settings *settings, double steps_per_epoch,
    lathe_save_every *every);

/**
 * Convert settings->eval_every to a distance in steps, which keeps its fraction: the rounded multiples count.
 * 0: never. Errors: LATHE_EARG.
 */
lathe_status lathe_settings_eval_every(const lathe_settings *settings, double steps_per_epoch,
    double *distance);

/** The same for settings->probe_every; 0 without probes. */
lathe_status lathe_settings_probe_every(const lathe_settings *settings, double steps_per_epoch,
    double *distance);

/** Convert a length such as "500", "500it", "2.5ep" to steps. Errors: LATHE_EARG naming `key`. */
lathe_status lathe_settings_length(const char *key, const char *text, double steps_per_epoch,
    uint64_t *steps);

#ifdef __cplusplus
}
#endif
#endif
