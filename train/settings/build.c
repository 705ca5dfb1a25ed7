/* Optimizer, loss and schedule from settings. */
#include <string.h>

#include "../../core/alloc.h"
#include "settings_impl.h"

/* ---- optimizer ----------------------------------------------------------------------------------------- */

/* Fill the options given to the one type of a section into its struct. */
static lathe_status fill(const lathe_settings *settings, const lathe_chosen *chosen, const char *heading,
    double steps_per_epoch, void *opts)
{
    const int taker = lathe_chosen_index(chosen, heading);
    const lathe_option_type *type = &chosen->of[taker].type[0];
    lathe_status status = LATHE_OK;
    for (int i = 0; i < settings->options && !status; i++) {
        const char *name = lathe_option_given(settings, chosen, i, taker);
        if (name)
            status = lathe_fields_set(type->name, type->fields, opts,
                lathe_fields_find_of(type->name, type->fields, name)->name, settings->option[i].text,
                steps_per_epoch);
    }
    return status;
}

lathe_optim *lathe_settings_optim(const lathe_settings *settings, const lathe_params *params,
    double steps_per_epoch)
{
    if (!settings || !params)
        return lathe_fail_null("lathe_settings_optim", !settings ? "settings" : "params"), NULL;
    lathe_chosen chosen;
    if (lathe_options_check(settings) || lathe_settings_choose(settings, &chosen)) return NULL;
    const lathe_optim_type *type = lathe_optim_find(settings->optim);
    void *opts = lathe_alloc(1, type->opts_size);
    lathe_optim *optim = NULL;
    if (opts && !fill(settings, &chosen, "optim", steps_per_epoch, opts))
        optim = lathe_optim_new(type, params, opts);
    lathe_status status = optim ? lathe_groups_make(settings, optim, opts, steps_per_epoch) : lathe_error();
    lathe_free(opts);
    if (!status) status = lathe_layer_decay(settings, optim);
    if (!status && settings->decay_weights_only) status = lathe_optim_decay_weights_only(optim);
    if (!status) return optim;
    lathe_optim_free(optim);
    return NULL;
}

/* ---- loss ---------------------------------------------------------------------------------------------- */

/* Set the field of this name, if it exists, to zero. */
static void clear(const lathe_field *fields, const char *name, void *opts)
{
    const lathe_field *field = lathe_fields_find(fields, name);
    if (field && field->kind == LATHE_FIELD_DOUBLE) *(double *)((char *)opts + field->offset) = 0;
    if (field && field->kind == LATHE_FIELD_CHOICE) *(int *)((char *)opts + field->offset) = 0;
}

/* Fill the given options into the loss's struct, with zeros for defaults. */
static lathe_status fill_loss(const lathe_settings *settings, const lathe_loss_type *type, bool evaluate,
    void *opts)
{
    lathe_chosen chosen;
    if (!type->classify && !type->many)
        return lathe_fail(LATHE_EARG, "settings: loss %s is between boxes, which no task predicts",
            type->name);
    lathe_status status = lathe_settings_choose(settings, &chosen);
    void *resolved = status ? NULL : lathe_alloc(1, type->opts_size);
    status = resolved ? fill(settings, &chosen, "loss", 0, opts) : lathe_error();
    if (!status) status = lathe_fields_resolve(type->name, type->fields, opts, resolved, type->opts_size);
    lathe_free(resolved);
    if (status) return status;
    const lathe_field *reduction = lathe_fields_find(type->fields, "reduction");
    if (*(const int *)((const char *)opts + reduction->offset) == LATHE_REDUCE_NONE)
        return lathe_fail(LATHE_EARG, "%s: reduction = none: a step lowers one number", type->name);
    if (evaluate) {
        clear(type->fields, "label_smoothing", opts);
        clear(type->fields, "reduction", opts);
    }
    return LATHE_OK;
}

void *lathe_settings_loss(const lathe_settings *settings, bool evaluate, const lathe_loss_type **type)
{
    if (!settings || !type)
        return lathe_fail_null("lathe_settings_loss", !settings ? "settings" : "type"), NULL;
    const lathe_loss_type *found = lathe_loss_find(settings->loss);
    void *opts = found ? lathe_alloc(1, found->opts_size) : NULL;
    if (opts && fill_loss(settings, found, evaluate, opts)) {
        lathe_free(opts);
        return NULL;
    }
    *type = found;
    return opts;
}

/* ---- scheduler ----------------------------------------------------------------------------------------- */

/* Returns true if one of the lengths in a text, separated by colons and commas, is in steps: "200it". */
static bool has_steps(const char *text)
{
    for (; *text; text += strspn(text, ":,")) {
        size_t length = strcspn(text, ":,");
        if (length > 2 && strchr("0123456789", *text) && !strncmp(text + length - 2, "it", 2)) return true;
        text += length;
    }
    return false;
}

/* Refuse lengths in steps for a schedule that counts epochs. */
static lathe_status check_units(const lathe_settings *settings, double steps_per_epoch)
{
    if (settings->by != LATHE_BY_EPOCH) return LATHE_OK;
    if (!(steps_per_epoch >= 1 && steps_per_epoch <= 0x1p53))
        return lathe_fail(LATHE_EARG, "sched: by = epoch: how many steps an epoch has is not known here");
    const char *bad = has_steps(settings->sched) ? settings->sched : NULL;
    for (int i = 0; i < settings->options && !bad; i++)
        if (has_steps(settings->option[i].text)) bad = settings->option[i].text;
    return bad ? lathe_fail(LATHE_EARG, "sched: '%.200s' is in steps, and by = epoch counts epochs", bad) :
                 LATHE_OK;
}

lathe_sched *lathe_settings_sched(const lathe_settings *settings, lathe_optim *optim, double steps_per_epoch,
    uint64_t run_steps)
{
    if (!settings || !optim)
        return lathe_fail_null("lathe_settings_sched", !settings ? "settings" : "optim"), NULL;
    lathe_chosen chosen;
    if (lathe_options_check(settings) || lathe_settings_choose(settings, &chosen) ||
        check_units(settings, steps_per_epoch))
        return NULL;
    const bool epochs = settings->by == LATHE_BY_EPOCH;
    const uint64_t unit = epochs ? (uint64_t)steps_per_epoch : 1;
    lathe_sched_option option[LATHE_SETTING_OPTIONS];
    lathe_sched_text_opts opts = { .option = option,
        .steps_per_epoch = epochs ? 1 : steps_per_epoch,
        .run_steps = (run_steps + unit - 1) / unit };
    const int taker = lathe_chosen_index(&chosen, "sched");
    for (int i = 0; i < settings->options; i++) {
        const char *name = lathe_option_given(settings, &chosen, i, taker);
        if (name) option[opts.options++] = (lathe_sched_option){ name, settings->option[i].text };
    }
    lathe_sched *sched = lathe_sched_from_text(optim, settings->sched, &opts);
    if (sched && lathe_groups_schedule(settings, optim, sched, opts.steps_per_epoch)) {
        lathe_sched_free(sched);
        return NULL;
    }
    if (sched && epochs) lathe_sched_by_epoch(sched, unit);
    return sched;
}
