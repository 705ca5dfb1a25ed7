/* Private: what the files of settings share. */
#ifndef LATHE_TRAIN_SETTINGS_SETTINGS_IMPL_H
#define LATHE_TRAIN_SETTINGS_SETTINGS_IMPL_H

#include "section.h"

/** The most sections that have options. */
enum { LATHE_OPTION_SECTIONS = 4 };

/** The heading of a setting's section, "train"; NULL if there is no such setting. */
const char *lathe_setting_heading(const char *key);

/** The types that settings choose, section by section. */
typedef struct lathe_chosen {
    struct {
        const lathe_section *section;
        lathe_option_type type[LATHE_SCHED_SEGMENTS];
        int types;
    } of[LATHE_OPTION_SECTIONS];
    int count;
} lathe_chosen;

/** Errors: LATHE_ENAME; LATHE_EARG also for a plain key that two sections take, naming both full keys. */
lathe_status lathe_settings_choose(const lathe_settings *settings, lathe_chosen *chosen);

/** Which `of` of `chosen` has that heading, "sched". */
int lathe_chosen_index(const lathe_chosen *chosen, const char *heading);

/**
 * The full key of an option that any type has: "sched.max_lr" of "max-lr". A plain name that several sections
 * have stays plain, but for lr, which is the optimizer's: a constant schedule without an lr of its own takes
 * it from there. False if no type has it.
 */
bool lathe_option_key(const char *key, char full[LATHE_SETTING_SHORT]);

/** The name in a full key, "max_lr" or "cyclic.max_lr"; *heading: "sched", NULL for a plain name. */
const char *lathe_option_split(const char *key, const char **heading);

/** Which `of` of `chosen`, from number `from` on, has a type with the option; -1: none. */
int lathe_option_taker(const lathe_chosen *chosen, const char *key, int from);

/** The name of option number `index` if it is one of chosen->of[taker] and no later one of the same name
 * replaces it; else NULL. */
const char *lathe_option_given(const lathe_settings *settings, const lathe_chosen *chosen, int index,
    int taker);

/** That each option given is one of the chosen types, and which value it gets. Errors: LATHE_ENAME,
 * LATHE_EARG. */
lathe_status lathe_options_check(const lathe_settings *settings);

/** settings->fold, counted from 1, and how many there are; zeros for "". Errors: LATHE_EARG. */
lathe_status lathe_settings_fold(const lathe_settings *settings, int *fold, int *folds);

/** settings.class_weights are numbers, for a loss that has any. Errors: LATHE_EARG. */
lathe_status lathe_class_weights_check(const lathe_settings *settings, const lathe_loss_type *loss);

/** settings.groups has a pattern and known options in each group. Errors: LATHE_EARG, LATHE_ENAME. */
lathe_status lathe_groups_check(const lathe_settings *settings, const lathe_chosen *chosen);

/** Move the parameters of each pattern into a group of their own; `given` are the options outside. Errors:
 * LATHE_ENAME for no name like it. */
lathe_status lathe_groups_make(const lathe_settings *settings, lathe_optim *optim, const void *given,
    double steps_per_epoch);

/** Give those groups the schedule's options that they have of their own. Errors: those of
 * lathe_sched_set_group. */
lathe_status lathe_groups_schedule(const lathe_settings *settings, lathe_optim *optim, lathe_sched *sched,
    double steps_per_epoch);

#endif
