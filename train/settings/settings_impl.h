/* Private: what the files of settings share. */
#ifndef LATHE_TRAIN_SETTINGS_SETTINGS_IMPL_H
#define LATHE_TRAIN_SETTINGS_SETTINGS_IMPL_H

#include "section.h"

/** The most sections that have options. */
enum { LATHE_OPTION_SECTIONS = 4 };

/** The heading of a setting's section, "train"; NULL for other keys. */
const char *lathe_setting_heading(const char *key);

/** The types that the settings choose, section by section. */
typedef struct lathe_chosen {
    struct {
        const lathe_section *section;
        lathe_option_type type[LATHE_SCHED_SEGMENTS];
        int types;
    } of[LATHE_OPTION_SECTIONS];
    int count;
} lathe_chosen;

/**
 * Find the types that the settings choose. Errors: LATHE_ENAME; LATHE_EARG also for a plain key that two
 * sections take, naming both full keys.
 */
lathe_status lathe_settings_choose(const lathe_settings *settings, lathe_chosen *chosen);

/** The index in chosen->of with this heading, "sched". */
int lathe_chosen_index(const lathe_chosen *chosen, const char *heading);

/**
 * The full key of an option that any type has: "sched.max_lr" for "max-lr". A plain name that several
 * sections have stays plain, except lr, which is the optimizer's: a constant schedule without its own lr
 * takes it from there. Returns false if no type has the option.
 */
bool lathe_option_key(const char *key, char full[LATHE_SETTING_SHORT]);

/** The name in a key, "max_lr" or "cyclic.max_lr". *heading becomes "sched", or NULL for a plain name. */
const char *lathe_option_split(const char *key, const char **heading);

/** The first index in chosen->of, from `from` on, whose types have the option; -1 without one. */
int lathe_option_taker(const lathe_chosen *chosen, const char *key, int from);

/**
 * The name of option number `index` if chosen->of[taker] takes it and no later option of the same name
 * replaces it; else NULL.
 */
const char *lathe_option_given(const lathe_settings *settings, const lathe_chosen *chosen, int index,
    int taker);

/** Check that each option belongs to a chosen type, and its value. Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_options_check(const lathe_settings *settings);

/** Read settings->fold, counted from 1, and the number of folds; zeros for "". Errors: LATHE_EARG. */
lathe_status lathe_settings_fold(const lathe_settings *settings, int *fold, int *folds);

/**
 * Read settings->mean and settings->std: `normals` numbers of each, 0 if neither is given.
 * Errors   LATHE_EARG: only one of the two, several counts, a std of 0 or below
 */
lathe_status lathe_settings_normals(const lathe_settings *settings, double mean[4], double std[4],
    int *normals);

/** Check that settings.class_weights are numbers and that the loss has weights. Errors: LATHE_EARG. */
lathe_status lathe_class_weights_check(const lathe_settings *settings, const lathe_loss_type *loss);

/**
 * Check that each group of settings.groups has a pattern and known options. Errors: LATHE_EARG, LATHE_ENAME.
 */
lathe_status lathe_groups_check(const lathe_settings *settings, const lathe_chosen *chosen);

/** Called for each group, with its pattern and its options as text that may be changed, and each option. */
typedef lathe_status lathe_on_group(void *context, const char *pattern, char *options);
typedef lathe_status lathe_on_option(void *context, const char *key, const char *value);
lathe_status lathe_groups_each(const lathe_settings *settings, lathe_on_group *call, void *context);
lathe_status lathe_group_options(char *text, const char *pattern, lathe_on_option *call, void *context);

/** Does a section's only type take an option of a group? lr is meant for the optimizer and the schedule. */
bool lathe_group_takes(const lathe_chosen *chosen, const char *heading, const char *key);

/**
 * Move the parameters of each pattern into a group; `given` are the other options. Errors: LATHE_ENAME for a
 * pattern that matches no name.
 */
lathe_status lathe_groups_make(const lathe_settings *settings, lathe_optim *optim, const void *given,
    double steps_per_epoch);

/**
 * Scale the learning rates of the layers by settings.layer_decay. Errors: LATHE_ENOMEM.
 */
lathe_status lathe_layer_decay(const lathe_settings *settings, lathe_optim *optim);

/** Set the groups' own options of the schedule. Errors: those of lathe_sched_set_group. */
lathe_status lathe_groups_schedule(const lathe_settings *settings, lathe_optim *optim, lathe_sched *sched,
    double steps_per_epoch);

#endif
