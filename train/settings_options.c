/* Options of optimizer and scheduler: texts, until the types are chosen and an epoch's steps are known. */
#include <string.h>

#include "../core/alloc.h"
#include "settings_impl.h"

typedef enum owner { NOBODY, OPTIM, SCHED } owner;

const char *lathe_option_prefix(const char *key)
{
    if (!strncmp(key, "optim.", 6)) return "optim.";
    return strncmp(key, "sched.", 6) ? "" : "sched.";
}

bool lathe_option_known(const char *prefix, const char *name)
{
    for (int i = 0; *prefix != 's' && lathe_optim_type_at(i); i++)
        if (lathe_fields_find(lathe_optim_type_at(i)->fields, name)) return true;
    for (int i = 0; *prefix != 'o' && lathe_sched_type_at(i); i++)
        if (lathe_fields_find(lathe_sched_type_at(i)->fields, name)) return true;
    return false;
}

const lathe_optim_type *lathe_settings_optim_type(const lathe_settings *settings)
{
    return lathe_optim_find(settings->optim);
}

const lathe_sched_type *lathe_settings_sched_type(const lathe_settings *settings)
{
    return lathe_sched_find(settings->sched);
}

/* Whose option it is: what its prefix says; without one the optimizer's if it has it, otherwise the scheduler's. */
static owner owner_of(const char *key, const lathe_optim_type *optim, const lathe_sched_type *sched)
{
    const char *prefix = lathe_option_prefix(key), *name = key + strlen(prefix);
    bool in_optim = *prefix != 's' && lathe_fields_find(optim->fields, name);
    bool in_sched = *prefix != 'o' && lathe_fields_find(sched->fields, name);
    return in_optim ? OPTIM : in_sched ? SCHED : NOBODY;
}

bool lathe_option_is(const lathe_settings *settings, const char *key, const char *prefix)
{
    const lathe_optim_type *optim = lathe_settings_optim_type(settings);
    const lathe_sched_type *sched = optim ? lathe_settings_sched_type(settings) : NULL;
    return sched && owner_of(key, optim, sched) == (*prefix == 'o' ? OPTIM : SCHED);
}

/* Set those options of one of the two that are given. */
static lathe_status apply(const lathe_settings *settings, owner whose, const lathe_optim_type *optim, const lathe_sched_type *sched,
    double steps_per_epoch, void *opts)
{
    const lathe_field *fields = whose == OPTIM ? optim->fields : sched->fields;
    const char *name = whose == OPTIM ? optim->name : sched->name;
    lathe_status status = LATHE_OK;
    for (int i = 0; i < settings->options && !status; i++) {
        const char *key = settings->option[i].key;
        if (owner_of(key, optim, sched) == whose)
            status = lathe_fields_set(name, fields, opts, key + strlen(lathe_option_prefix(key)), settings->option[i].text,
                steps_per_epoch);
    }
    return status;
}

/* The options given, in a struct of the type's, zeros elsewhere. To be given to lathe_free. */
static void *options_of(const lathe_settings *settings, owner whose, double steps_per_epoch)
{
    const lathe_optim_type *optim = lathe_settings_optim_type(settings);
    const lathe_sched_type *sched = optim ? lathe_settings_sched_type(settings) : NULL;
    void *opts = sched ? lathe_alloc(1, whose == OPTIM ? optim->opts_size : sched->opts_size) : NULL;
    if (!opts) return NULL;
    if (!apply(settings, whose, optim, sched, steps_per_epoch, opts)) return opts;
    lathe_free(opts);
    return NULL;
}

static lathe_status check_owner(const char *key, const lathe_optim_type *optim, const lathe_sched_type *sched)
{
    if (owner_of(key, optim, sched) != NOBODY) return LATHE_OK;
    if (*lathe_option_prefix(key))
        return lathe_fail(LATHE_ENAME, "settings: %s has no option %s", *key == 'o' ? optim->name : sched->name, key + 6);
    return lathe_fail(LATHE_ENAME, "settings: neither optimizer %s nor scheduler %s has an option %s", optim->name, sched->name, key);
}

lathe_status lathe_options_check(const lathe_settings *settings)
{
    const lathe_optim_type *optim = lathe_settings_optim_type(settings);
    const lathe_sched_type *sched = optim ? lathe_settings_sched_type(settings) : NULL;
    if (!sched) return lathe_error();
    lathe_status status = LATHE_OK;
    for (int i = 0; i < settings->options && !status; i++) status = check_owner(settings->option[i].key, optim, sched);
    return status;
}

lathe_optim *lathe_settings_optim(const lathe_settings *settings, const lathe_params *params, double steps_per_epoch)
{
    if (lathe_options_check(settings)) return NULL;
    void *opts = options_of(settings, OPTIM, steps_per_epoch);
    lathe_optim *optim = opts ? lathe_optim_new(lathe_settings_optim_type(settings), params, opts) : NULL;
    lathe_free(opts);
    if (optim && settings->decay_weights_only && lathe_optim_decay_weights_only(optim)) {
        lathe_optim_free(optim);
        return NULL;
    }
    return optim;
}

lathe_sched *lathe_settings_sched(const lathe_settings *settings, lathe_optim *optim, double steps_per_epoch)
{
    if (!optim || lathe_options_check(settings)) return NULL;
    void *opts = options_of(settings, SCHED, steps_per_epoch);
    lathe_sched *sched = opts ? lathe_sched_new(lathe_settings_sched_type(settings), optim, opts) : NULL;
    lathe_free(opts);
    return sched;
}
