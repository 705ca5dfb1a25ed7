/* Settings that are given and have no effect under the schedule. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "settings_impl.h"

/* The search for one note. */
typedef struct notes {
    const lathe_settings *settings;
    const lathe_optim *optim;
    const lathe_sched *sched;
    lathe_chosen chosen;
    int group; /* number of the group in the optimizer */
    int left;  /* notes before the one that is wanted; -1: the line is written */
    char *line;
} notes;

static bool is_wanted(notes *n) { return n->left >= 0 && n->left-- == 0; }

/* The momentum, or beta1, that a group was made with; NaN if the optimizer has none. */
static double made_momentum(const lathe_optim *optim, int group)
{
    const char *word = lathe_optim_momentum_kind(optim) == LATHE_BETA1 ? "betas" : "momentum";
    const lathe_field *field = lathe_fields_find(lathe_optim_type_of(optim)->fields, word);
    const char *made = lathe_optim_made(optim, group);
    double momentum = (double)NAN;
    if (field && made) memcpy(&momentum, made + field->offset, sizeof momentum);
    return momentum;
}

/* Does a group with a momentum of its own get the momentum of the other parameters? */
static bool loses_momentum(const notes *n)
{
    static const uint64_t steps[] = { 0, 1, 10, 100 };
    if (made_momentum(n->optim, n->group) == made_momentum(n->optim, 0)) return false;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const lathe_rates own = lathe_sched_rates_at(n->sched, n->group, steps[i]);
        if (!own.sets_momentum || own.momentum != lathe_sched_rates_at(n->sched, 0, steps[i]).momentum)
            return false;
    }
    return true;
}

/* An option of the present group, whose pattern is in the line. */
static lathe_status look_at_option(void *context, const char *key, const char *value)
{
    notes *n = context;
    const char *heading, *name = lathe_option_split(key, &heading);
    if (n->left < 0 || !lathe_group_takes(&n->chosen, "optim", key)) return LATHE_OK;
    const bool rate = !strcmp(name, "lr") && !lathe_group_takes(&n->chosen, "sched", key) &&
        lathe_sched_sets_rate(n->sched, n->group);
    const bool momentum = (!strcmp(name, "momentum") || !strcmp(name, "betas")) && loses_momentum(n);
    if ((!rate && !momentum) || !is_wanted(n)) return LATHE_OK;
    const size_t used = strlen(n->line);
    snprintf(n->line + used, 256 - used, ": %s = %.40s does not count: %.80s sets the %s itself", name, value,
        n->settings->sched, rate ? "learning rate" : "momentum");
    return LATHE_OK;
}

static lathe_status look_at_group(void *context, const char *pattern, char *options)
{
    notes *n = context;
    if (n->left < 0) return LATHE_OK;
    n->group++;
    snprintf(n->line, 256, "group %.60s", pattern);
    return lathe_group_options(options, pattern, look_at_option, n);
}

/* Settings that count only beside another setting, which is off. */
static void look_at_owners(notes *n)
{
    static const struct {
        const char *key, *owner;
    } pairs[] = { { "patience", "early_stop" }, { "min_delta", "early_stop" },
        { "min_delta_mode", "early_stop" }, { "swa_every", "swa_start" }, { "ema_warmup", "ema" },
        { "eval_count", "eval_every" }, { "keep", "save_every" }, { "unfreeze_after", "freeze" } };
    const lathe_settings preset = lathe_settings_default();
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char value[LATHE_SETTING_LONG], usual[LATHE_SETTING_LONG], full[LATHE_SETTING_SHORT];
        const lathe_setting *setting = lathe_setting_find(pairs[i].key);
        const lathe_setting *owner = lathe_setting_find(pairs[i].owner);
        lathe_setting_text(owner, n->settings, value);
        if (strcmp(value, lathe_setting_text(owner, &preset, usual))) continue;
        lathe_setting_text(setting, n->settings, value);
        if (!strcmp(value, lathe_setting_text(setting, &preset, usual)) || !is_wanted(n)) continue;
        snprintf(full, sizeof full, "sched.%s", pairs[i].key);
        const bool other = lathe_option_taker(&n->chosen, full, 0) >= 0;
        snprintf(n->line, 256, "%s = %.40s does not count: %s is not given%s%s", pairs[i].key, value,
            pairs[i].owner, other ? "; the schedule's is " : "", other ? full : "");
    }
}

bool lathe_settings_note(const lathe_settings *settings, const lathe_optim *optim, const lathe_sched *sched,
    int n, char line[256])
{
    notes all = { .settings = settings, .optim = optim, .sched = sched, .left = n, .line = line };
    if (!settings || !optim || !sched || n < 0 || !line || lathe_settings_choose(settings, &all.chosen))
        return false;
    look_at_owners(&all);
    const char *lr = lathe_settings_option(settings, "optim.lr");
    if (lr && lathe_sched_sets_rate(sched, 0) && is_wanted(&all))
        snprintf(line, 256, "lr = %.40s does not count: %.80s sets the learning rate itself", lr,
            settings->sched);
    return !lathe_groups_each(settings, look_at_group, &all) && all.left < 0;
}
