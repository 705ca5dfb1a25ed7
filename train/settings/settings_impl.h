/* Private: what the files of settings share. */
#ifndef LATHE_TRAIN_SETTINGS_IMPL_H
#define LATHE_TRAIN_SETTINGS_IMPL_H

#include "../../sched/text.h"
#include "settings.h"

/** "optim.", "sched." or "loss." if `key` begins with it, otherwise "". */
const char *lathe_option_prefix(const char *key);

/**
 * True if any optimizer, scheduler or loss (with a prefix: only those) has that option: "max_lr", of a
 * schedule also "cyclic.max_lr".
 */
bool lathe_option_known(const char *prefix, const char *name);

/** The types that settings choose: a loss, an optimizer, and a schedule or several in sequence. */
typedef struct lathe_chosen {
    const lathe_loss_type *loss;
    const lathe_optim_type *optim;
    const lathe_sched_type *sched[LATHE_SCHED_SEGMENTS];
    int scheds;
} lathe_chosen;

/** settings->fold, counted from 1, and how many there are; zeros for "". Errors: LATHE_EARG. */
lathe_status lathe_settings_fold(const lathe_settings *settings, int *fold, int *folds);

/** Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_settings_choose(const lathe_settings *settings, lathe_chosen *chosen);

/** True if the option is the optimizer's (prefix "optim."), the schedules' ("sched.") or the loss's
 * ("loss."). */
bool lathe_option_is(const lathe_chosen *chosen, const char *key, const char *prefix);

/** "optim.lr" of "lr": the key with the prefix of whose option it is; returns `full`. */
const char *lathe_option_full_key(const lathe_chosen *chosen, const char *key,
    char full[LATHE_SETTING_SHORT + 8]);

/** That each option given is one of the chosen types, and which value it gets. Errors: LATHE_ENAME,
 * LATHE_EARG. */
lathe_status lathe_options_check(const lathe_settings *settings);

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
