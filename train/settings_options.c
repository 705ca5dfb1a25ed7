/* Options of optimizer and schedules: texts, until the types are chosen and an epoch's steps are known. */
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
        if (lathe_sched_option_field(lathe_sched_type_at(i), name)) return true;
    return false;
}

lathe_status lathe_settings_choose(const lathe_settings *settings, lathe_chosen *chosen)
{
    chosen->scheds = 0;
    chosen->optim = lathe_optim_find(settings->optim);
    if (!chosen->optim) return lathe_error();
    return lathe_sched_text_types(settings->sched, chosen->sched, &chosen->scheds);
}

/* Whose option it is: what its prefix says; without one the optimizer's if it has it, otherwise the schedules'. */
static owner owner_of(const lathe_chosen *chosen, const char *key)
{
    const char *prefix = lathe_option_prefix(key), *name = key + strlen(prefix);
    if (*prefix != 's' && lathe_fields_find(chosen->optim->fields, name)) return OPTIM;
    for (int i = 0; *prefix != 'o' && i < chosen->scheds; i++)
        if (lathe_sched_option_field(chosen->sched[i], name)) return SCHED;
    return NOBODY;
}

bool lathe_option_is(const lathe_chosen *chosen, const char *key, const char *prefix)
{
    return owner_of(chosen, key) == (*prefix == 'o' ? OPTIM : SCHED);
}

lathe_status lathe_options_check(const lathe_settings *settings)
{
    lathe_chosen chosen;
    lathe_status status = lathe_settings_choose(settings, &chosen);
    for (int i = 0; i < settings->options && !status; i++) {
        const char *key = settings->option[i].key;
        if (owner_of(&chosen, key) != NOBODY) continue;
        if (*lathe_option_prefix(key))
            status = lathe_fail(LATHE_ENAME, "settings: %.200s has no option %s", *key == 'o' ? settings->optim : settings->sched, key + 6);
        else
            status = lathe_fail(LATHE_ENAME, "settings: neither optimizer %s nor scheduler %.200s has an option %s", settings->optim,
                settings->sched, key);
    }
    return status;
}

/* ---- optimizer ---------------------------------------------------------------------------------------------- */

/* The optimizer's options in its struct. */
static lathe_status fill_optim(const lathe_settings *settings, const lathe_chosen *chosen, double steps_per_epoch, void *opts)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < settings->options && !status; i++) {
        const char *key = settings->option[i].key;
        if (owner_of(chosen, key) == OPTIM)
            status = lathe_fields_set(chosen->optim->name, chosen->optim->fields, opts, key + strlen(lathe_option_prefix(key)),
                settings->option[i].text, steps_per_epoch);
    }
    return status;
}

lathe_optim *lathe_settings_optim(const lathe_settings *settings, const lathe_params *params, double steps_per_epoch)
{
    lathe_chosen chosen;
    if (lathe_options_check(settings) || lathe_settings_choose(settings, &chosen)) return NULL;
    void *opts = lathe_alloc(1, chosen.optim->opts_size);
    lathe_optim *optim = NULL;
    if (opts && !fill_optim(settings, &chosen, steps_per_epoch, opts)) optim = lathe_optim_new(chosen.optim, params, opts);
    lathe_free(opts);
    if (optim && settings->decay_weights_only && lathe_optim_decay_weights_only(optim)) {
        lathe_optim_free(optim);
        return NULL;
    }
    return optim;
}

/* ---- scheduler ---------------------------------------------------------------------------------------------- */

/* Is one of the lengths in a text, with colons and commas between, in steps: "200it"? */
static bool has_steps(const char *text)
{
    for (; *text; text += strspn(text, ":,")) {
        size_t length = strcspn(text, ":,");
        if (length > 2 && strchr("0123456789", *text) && !strncmp(text + length - 2, "it", 2)) return true;
        text += length;
    }
    return false;
}

/* A schedule that counts epochs cannot know lengths in steps. */
static lathe_status check_units(const lathe_settings *settings, double steps_per_epoch)
{
    if (settings->by != LATHE_BY_EPOCH) return LATHE_OK;
    if (steps_per_epoch < 1) return lathe_fail(LATHE_EARG, "sched: by = epoch: how many steps an epoch has is not known here");
    const char *bad = has_steps(settings->sched) ? settings->sched : NULL;
    for (int i = 0; i < settings->options && !bad; i++)
        if (has_steps(settings->option[i].text)) bad = settings->option[i].text;
    return bad ? lathe_fail(LATHE_EARG, "sched: '%.200s' is in steps, and by = epoch counts epochs", bad) : LATHE_OK;
}

lathe_sched *lathe_settings_sched(const lathe_settings *settings, lathe_optim *optim, double steps_per_epoch, uint64_t run_steps)
{
    lathe_chosen chosen;
    if (!optim || lathe_options_check(settings) || lathe_settings_choose(settings, &chosen) || check_units(settings, steps_per_epoch))
        return NULL;
    const bool epochs = settings->by == LATHE_BY_EPOCH;
    const uint64_t unit = epochs ? (uint64_t)steps_per_epoch : 1;
    lathe_sched_option option[LATHE_SETTING_OPTIONS];
    lathe_sched_text_opts opts = { .option = option, .steps_per_epoch = epochs ? 1 : steps_per_epoch,
        .run_steps = (run_steps + unit - 1) / unit };
    for (int i = 0; i < settings->options; i++) {
        const char *key = settings->option[i].key;
        if (owner_of(&chosen, key) == SCHED)
            option[opts.options++] = (lathe_sched_option){ key + strlen(lathe_option_prefix(key)), settings->option[i].text };
    }
    lathe_sched *sched = lathe_sched_from_text(optim, settings->sched, &opts);
    if (sched && epochs) lathe_sched_by_epoch(sched, unit);
    return sched;
}
