/* Private: what the files of settings share. */
#ifndef LATHE_TRAIN_SETTINGS_IMPL_H
#define LATHE_TRAIN_SETTINGS_IMPL_H

#include "settings.h"

/** "optim." or "sched." if `key` begins with it, otherwise "". */
const char *lathe_option_prefix(const char *key);

/** True if any optimizer (for prefix "sched.": scheduler; for "": either) has an option of that name, which has no prefix. */
bool lathe_option_known(const char *prefix, const char *name);

/** The chosen types. Errors: LATHE_ENAME: NULL. */
const lathe_optim_type *lathe_settings_optim_type(const lathe_settings *settings);
const lathe_sched_type *lathe_settings_sched_type(const lathe_settings *settings);

/** True if the option is the one's of the chosen two that `prefix` says. */
bool lathe_option_is(const lathe_settings *settings, const char *key, const char *prefix);

/** That each option given is one of the chosen types, and which value it gets. Errors: LATHE_ENAME, LATHE_EARG. */
lathe_status lathe_options_check(const lathe_settings *settings);

#endif
