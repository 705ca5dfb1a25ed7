/* Options of optimizer, schedules and loss: texts, until the types are chosen and an epoch's steps are known.
 */
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "settings_impl.h"

typedef enum owner { NOBODY, OPTIM, SCHED, LOSS } owner;

static const char *const prefixes[] = { "optim.", "sched.", "loss." };

const char *lathe_option_prefix(const char *key)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (!strncmp(key, prefixes[i], strlen(prefixes[i]))) return prefixes[i];
    return "";
}

/* Can a key with this prefix be an option of that owner? */
static bool may_be(const char *prefix, owner whose)
{
    return !*prefix || !strcmp(prefix, prefixes[whose - 1]);
}

bool lathe_option_known(const char *prefix, const char *name)
{
    for (int i = 0; may_be(prefix, OPTIM) && lathe_optim_at(i); i++)
        if (lathe_fields_find(lathe_optim_at(i)->fields, name)) return true;
    for (int i = 0; may_be(prefix, SCHED) && lathe_sched_at(i); i++)
        if (lathe_sched_option_field(lathe_sched_at(i), name)) return true;
    for (int i = 0; may_be(prefix, LOSS) && lathe_loss_at(i); i++)
        if (lathe_fields_find(lathe_loss_at(i)->fields, name)) return true;
    return false;
}

lathe_status lathe_settings_choose(const lathe_settings *settings, lathe_chosen *chosen)
{
    chosen->scheds = 0;
    chosen->loss = lathe_loss_find(settings->loss);
    chosen->optim = chosen->loss ? lathe_optim_find(settings->optim) : NULL;
    if (!chosen->optim) return lathe_error();
    return lathe_sched_text_types(settings->sched, chosen->sched, &chosen->scheds);
}

/* Whose option it is: what its prefix says; without one the optimizer's if it has it, else the schedules',
 * else the loss's. */
static owner owner_of(const lathe_chosen *chosen, const char *key)
{
    const char *prefix = lathe_option_prefix(key), *name = key + strlen(prefix);
    if (may_be(prefix, OPTIM) && lathe_fields_find(chosen->optim->fields, name)) return OPTIM;
    for (int i = 0; may_be(prefix, SCHED) && i < chosen->scheds; i++)
        if (lathe_sched_option_field(chosen->sched[i], name)) return SCHED;
    return may_be(prefix, LOSS) && lathe_fields_find(chosen->loss->fields, name) ? LOSS : NOBODY;
}

bool lathe_option_is(const lathe_chosen *chosen, const char *key, const char *prefix)
{
    owner whose = owner_of(chosen, key);
    return whose != NOBODY && !strcmp(prefixes[whose - 1], prefix);
}

const char *lathe_option_full_key(const lathe_chosen *chosen, const char *key,
    char full[LATHE_SETTING_SHORT + 8])
{
    owner whose = owner_of(chosen, key);
    snprintf(full, LATHE_SETTING_SHORT + 8, "%s%s", whose == NOBODY ? "" : prefixes[whose - 1],
        key + strlen(lathe_option_prefix(key)));
    return full;
}

lathe_status lathe_options_check(const lathe_settings *settings)
{
    lathe_chosen chosen;
    lathe_status status = lathe_settings_choose(settings, &chosen);
    for (int i = 0; i < settings->options && !status; i++) {
        const char *key = settings->option[i].key, *prefix = lathe_option_prefix(key);
        if (owner_of(&chosen, key) != NOBODY) continue;
        const char *one = *prefix == 'o' ? settings->optim :
            *prefix == 's'               ? settings->sched :
                                           settings->loss;
        if (*prefix)
            status = lathe_fail(LATHE_ENAME, "settings: %.200s has no option %s", one, key + strlen(prefix));
        else
            status = lathe_fail(LATHE_ENAME,
                "settings: neither optimizer %s nor scheduler %.200s nor loss %s has an option %s",
                settings->optim, settings->sched, settings->loss, key);
    }
    if (!status) status = lathe_groups_check(settings, &chosen);
    if (!status) status = lathe_class_weights_check(settings, chosen.loss);
    const lathe_loss_type *type;
    void *loss = status ? NULL : lathe_settings_loss(settings, false, &type);
    if (!status && !loss) status = lathe_error();
    lathe_free(loss);
    return status;
}

/* Keep the options for which `keep` says yes. */
static lathe_status filter(lathe_settings *settings, bool (*keep)(owner whose, owner wanted), owner wanted)
{
    lathe_chosen chosen;
    lathe_status status = lathe_settings_choose(settings, &chosen);
    int kept = 0;
    if (status) return status;
    for (int i = 0; i < settings->options; i++)
        if (keep(owner_of(&chosen, settings->option[i].key), wanted))
            settings->option[kept++] = settings->option[i];
    settings->options = kept;
    return LATHE_OK;
}

static bool is_other(owner whose, owner wanted) { return whose != wanted; }

lathe_status lathe_settings_keep_options(lathe_settings *settings)
{
    if (!settings) return lathe_fail_null("lathe_settings_keep_options", "settings");
    return filter(settings, is_other, NOBODY);
}

lathe_status lathe_settings_drop_options(lathe_settings *settings, const char *section)
{
    if (!settings || !section)
        return lathe_fail_null("lathe_settings_drop_options", settings ? "section" : "settings");
    for (owner whose = OPTIM; whose <= LOSS; whose++)
        if (!strncmp(prefixes[whose - 1], section, strlen(section))) return filter(settings, is_other, whose);
    return lathe_fail(LATHE_ENAME, "lathe_settings_drop_options: '%.60s' has no options", section);
}

bool lathe_settings_takes(const lathe_settings *settings, const char *key)
{
    lathe_chosen chosen;
    return settings && key && !lathe_settings_choose(settings, &chosen) && owner_of(&chosen, key) != NOBODY;
}

const char *lathe_settings_option(const lathe_settings *settings, const char *key)
{
    lathe_chosen chosen;
    if (!settings || !key || lathe_settings_choose(settings, &chosen)) return NULL;
    const owner whose = owner_of(&chosen, key);
    const char *name = key + strlen(lathe_option_prefix(key));
    for (int i = 0; i < settings->options; i++) {
        const char *other = settings->option[i].key, *point = strrchr(other, '.');
        if (whose && owner_of(&chosen, other) == whose && !strcmp(point ? point + 1 : other, name))
            return settings->option[i].text;
    }
    return NULL;
}

/* ---- optimizer ----------------------------------------------------------------------------------------- */

/* The options of the optimizer, or of the loss, in its struct. */
static lathe_status fill(const lathe_settings *settings, const lathe_chosen *chosen, owner whose,
    double steps_per_epoch, void *opts)
{
    const char *name = whose == OPTIM ? chosen->optim->name : chosen->loss->name;
    const lathe_field *fields = whose == OPTIM ? chosen->optim->fields : chosen->loss->fields;
    lathe_status status = LATHE_OK;
    for (int i = 0; i < settings->options && !status; i++) {
        const char *key = settings->option[i].key;
        if (owner_of(chosen, key) == whose)
            status = lathe_fields_set(name, fields, opts, key + strlen(lathe_option_prefix(key)),
                settings->option[i].text, steps_per_epoch);
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
    void *opts = lathe_alloc(1, chosen.optim->opts_size);
    lathe_optim *optim = NULL;
    if (opts && !fill(settings, &chosen, OPTIM, steps_per_epoch, opts))
        optim = lathe_optim_new(chosen.optim, params, opts);
    lathe_status status = optim ? lathe_groups_make(settings, optim, opts, steps_per_epoch) : lathe_error();
    lathe_free(opts);
    if (!status && settings->decay_weights_only) status = lathe_optim_decay_weights_only(optim);
    if (!status) return optim;
    lathe_optim_free(optim);
    return NULL;
}

/* ---- loss ---------------------------------------------------------------------------------------------- */

/* Set a field, if there is one of that name, to zero. */
static void clear(const lathe_field *fields, const char *name, void *opts)
{
    const lathe_field *field = lathe_fields_find(fields, name);
    if (field && field->kind == LATHE_FIELD_DOUBLE) *(double *)((char *)opts + field->offset) = 0;
    if (field && field->kind == LATHE_FIELD_CHOICE) *(int *)((char *)opts + field->offset) = 0;
}

/* The options given, as the loss takes them: with zeros for defaults. */
static lathe_status fill_loss(const lathe_settings *settings, const lathe_chosen *chosen, bool evaluate,
    void *opts)
{
    const lathe_loss_type *type = chosen->loss;
    if (!type->classify && !type->many)
        return lathe_fail(LATHE_EARG, "settings: loss %s is between boxes, which no task predicts",
            type->name);
    void *resolved = lathe_alloc(1, type->opts_size);
    lathe_status status = resolved ? fill(settings, chosen, LOSS, 0, opts) : lathe_error();
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
    lathe_chosen chosen;
    if (lathe_settings_choose(settings, &chosen)) return NULL;
    void *opts = lathe_alloc(1, chosen.loss->opts_size);
    if (opts && fill_loss(settings, &chosen, evaluate, opts)) {
        lathe_free(opts);
        return NULL;
    }
    *type = chosen.loss;
    return opts;
}

/* ---- scheduler ----------------------------------------------------------------------------------------- */

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
    for (int i = 0; i < settings->options; i++) {
        const char *key = settings->option[i].key;
        if (owner_of(&chosen, key) == SCHED)
            option[opts.options++] =
                (lathe_sched_option){ key + strlen(lathe_option_prefix(key)), settings->option[i].text };
    }
    lathe_sched *sched = lathe_sched_from_text(optim, settings->sched, &opts);
    if (sched && lathe_groups_schedule(settings, optim, sched, opts.steps_per_epoch)) {
        lathe_sched_free(sched);
        return NULL;
    }
    if (sched && epochs) lathe_sched_by_epoch(sched, unit);
    return sched;
}
