/* Groups of parameters: settings.groups, such as "*.bias weight_decay=0; 7.* lr=1e-4". */
#include <fnmatch.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../io/text.h"
#include "settings_impl.h"

/*
 * Take the part of a text up to the next of `ends`, without blanks around it. Returns NULL at the end of the
 * text.
 */
static char *take(char **text, const char *ends)
{
    char *part = *text;
    if (!part) return NULL;
    size_t length = strcspn(part, ends);
    *text = part[length] ? part + length + 1 : NULL;
    part[length] = '\0';
    part += strspn(part, " ");
    for (length = strlen(part); length && part[length - 1] == ' ';) part[--length] = '\0';
    return part;
}

lathe_status lathe_group_options(char *text, const char *pattern, lathe_on_option *call, void *context)
{
    lathe_status status = LATHE_OK;
    for (char *word; !status && (word = take(&text, " "));) {
        if (!*word) continue;
        char *value = strchr(word, '=');
        if (!value || value == word || !value[1])
            return lathe_fail(LATHE_EARG, "settings: groups: '%.100s' of %.100s: expected KEY=VALUE", word,
                pattern);
        *value++ = '\0';
        for (char *c = word; *c; c++) *c = *c == '-' ? '_' : *c;
        status = call(context, word, value);
    }
    return status;
}

lathe_status lathe_groups_each(const lathe_settings *settings, lathe_on_group *call, void *context)
{
    lathe_status status = LATHE_OK;
    char *copy = lathe_strdup(settings->groups), *text = copy;
    if (!copy) return lathe_error();
    for (char *group; !status && *settings->groups && (group = take(&text, ";"));) {
        char *options = group;
        const char *pattern = take(&options, " ");
        if (!*pattern || !options)
            status = lathe_fail(LATHE_EARG,
                "settings: groups: '%.100s': expected a pattern of names and options, such as '*.bias "
                "weight_decay=0'",
                pattern);
        else status = call(context, pattern, options);
    }
    lathe_free(copy);
    return status;
}

/* ---- checking ------------------------------------------------------------------------------------------ */

bool lathe_group_takes(const lathe_chosen *chosen, const char *heading, const char *key)
{
    const int taker = lathe_chosen_index(chosen, heading);
    return chosen->of[taker].types == 1 && lathe_option_taker(chosen, key, taker) == taker;
}

static lathe_status check_option(void *context, const char *key, const char *value)
{
    const lathe_chosen *chosen = context;
    const bool optim = lathe_group_takes(chosen, "optim", key),
               sched = lathe_group_takes(chosen, "sched", key);
    (void)value;
    if (optim && sched && strcmp(key, "lr"))
        return lathe_fail(LATHE_EARG, "settings: groups: %s: both optim.%s and sched.%s take it; say which",
            key, key, key);
    if (optim || sched) return LATHE_OK;
    const int taker = lathe_chosen_index(chosen, "sched");
    return lathe_fail(LATHE_ENAME,
        "settings: groups: neither optimizer %s nor scheduler %s has an option %.100s for a group",
        chosen->of[lathe_chosen_index(chosen, "optim")].type->name,
        chosen->of[taker].types == 1 ? chosen->of[taker].type->name : "in sequence", key);
}

static lathe_status check_group(void *context, const char *pattern, char *options)
{
    return lathe_group_options(options, pattern, check_option, context);
}

lathe_status lathe_groups_check(const lathe_settings *settings, const lathe_chosen *chosen)
{
    lathe_chosen copy = *chosen;
    return lathe_groups_each(settings, check_group, &copy);
}

/* ---- of the optimizer ---------------------------------------------------------------------------------- */

typedef struct making {
    const lathe_chosen *chosen;
    lathe_optim *optim;
    lathe_sched *sched;
    const void *given; /* the optimizer's options outside of groups */
    void *opts;
    double steps_per_epoch;
    bool *done; /* [groups] scheduled by an earlier pattern */
} making;

static bool is_like(const making *m, int tensor, const char *pattern)
{
    const char *name = lathe_optim_params(m->optim)->tensor[tensor]->name;
    return name && !fnmatch(pattern, name, 0);
}

/* Set the field that a key names, with or without its prefix. */
static lathe_status set_field(const making *m, const char *owner, const lathe_field *fields, const char *key,
    const char *value)
{
    const char *heading, *name = lathe_option_split(key, &heading);
    return lathe_fields_set(owner, fields, m->opts, lathe_fields_find_of(owner, fields, name)->name, value,
        m->steps_per_epoch);
}

static lathe_status set_optim_option(void *context, const char *key, const char *value)
{
    const making *m = context;
    const lathe_optim_type *type = lathe_optim_type_of(m->optim);
    return lathe_group_takes(m->chosen, "optim", key) ? set_field(m, type->name, type->fields, key, value) :
                                                        LATHE_OK;
}

static lathe_status no_such_name(const lathe_params *params, const char *pattern)
{
    const char *last = params->tensor[params->count - 1]->name;
    return lathe_fail(LATHE_ENAME,
        "settings: groups: no parameter outside the groups before it has a name like '%.100s'; names go from "
        "%s to %s",
        pattern, params->tensor[0]->name, last);
}

static lathe_status add_group(void *context, const char *pattern, char *options)
{
    making *m = context;
    int count = 0;
    const lathe_params *params = lathe_optim_params(m->optim);
    lathe_tensor **tensors = lathe_alloc((size_t)params->count, sizeof *tensors);
    if (!tensors) return lathe_error();
    for (int i = 0; i < params->count; i++)
        if (!lathe_optim_group_of(m->optim, i) && is_like(m, i, pattern))
            tensors[count++] = params->tensor[i];
    lathe_status status = count ? LATHE_OK : no_such_name(params, pattern);
    memcpy(m->opts, m->given, lathe_optim_type_of(m->optim)->opts_size);
    if (!status) status = lathe_group_options(options, pattern, set_optim_option, m);
    if (!status && lathe_optim_add_group(m->optim, tensors, count, m->opts) < 0) status = lathe_error();
    lathe_free(tensors);
    return status;
}

lathe_status lathe_groups_make(const lathe_settings *settings, lathe_optim *optim, const void *given,
    double steps_per_epoch)
{
    lathe_chosen chosen;
    making m = { .chosen = &chosen, .optim = optim, .given = given, .steps_per_epoch = steps_per_epoch };
    if (!*settings->groups) return LATHE_OK;
    if (lathe_settings_choose(settings, &chosen)) return lathe_error();
    m.opts = lathe_alloc(1, lathe_optim_type_of(optim)->opts_size);
    lathe_status status = m.opts ? lathe_groups_each(settings, add_group, &m) : lathe_error();
    lathe_free(m.opts);
    return status;
}

/* ---- of the schedule ----------------------------------------------------------------------------------- */

static lathe_status set_sched_option(void *context, const char *key, const char *value)
{
    const making *m = context;
    const lathe_sched_type *type = lathe_sched_type_of(m->sched);
    return lathe_group_takes(m->chosen, "sched", key) ? set_field(m, type->name, type->fields, key, value) :
                                                        LATHE_OK;
}

/*
 * Make resolved options unresolved again: a 0 in them is meant as 0. What is no field, such as the rows of a
 * file that was read, is left out.
 */
static lathe_status unresolve(const lathe_field *fields, const void *resolved, void *opts, size_t size)
{
    static const size_t sizes[] = { [LATHE_FIELD_DOUBLE] = sizeof(double),
        [LATHE_FIELD_INT] = sizeof(int),
        [LATHE_FIELD_STEPS] = sizeof(uint64_t),
        [LATHE_FIELD_BOOL] = sizeof(bool),
        [LATHE_FIELD_CHOICE] = sizeof(int),
        [LATHE_FIELD_PATH] = sizeof(char *) };
    static const char zero[sizeof(double)];
    lathe_status status = LATHE_OK;
    memset(opts, 0, size);
    for (const lathe_field *field = fields; field->name && !status; field++) {
        const char *value = (const char *)resolved + field->offset;
        const bool can_be_zero =
            field->kind == LATHE_FIELD_DOUBLE || (field->kind == LATHE_FIELD_INT && field->zero);
        memcpy((char *)opts + field->offset, value,
            sizes[field->kind] * (field->count ? (size_t)field->count : 1));
        if (can_be_zero && field->count <= 1 && !memcmp(value, zero, sizes[field->kind]))
            status = lathe_fields_set("settings", fields, opts, field->name, "0", 0);
    }
    return status;
}

/* The groups of a pattern: one, or two if biases have no weight decay. */
static lathe_status schedule_group(void *context, const char *pattern, char *options)
{
    making *m = context;
    lathe_status status = LATHE_OK;
    const lathe_sched_type *type = lathe_sched_type_of(m->sched);
    for (int g = 1; g < lathe_optim_groups(m->optim) && !status; g++) {
        int i = 0, count = lathe_optim_params(m->optim)->count;
        while (i < count && (lathe_optim_group_of(m->optim, i) != g || !is_like(m, i, pattern))) i++;
        if (i == count || m->done[g]) continue;
        m->done[g] = true;
        status = unresolve(type->fields, m->given, m->opts, type->opts_size);
        char *copy = status ? NULL : lathe_strdup(options);
        status = copy ? lathe_group_options(copy, pattern, set_sched_option, m) : lathe_error();
        if (!status) status = lathe_sched_set_group(m->sched, g, m->opts);
        lathe_free(copy);
    }
    return status;
}

lathe_status lathe_groups_schedule(const lathe_settings *settings, lathe_optim *optim, lathe_sched *sched,
    double steps_per_epoch)
{
    lathe_chosen chosen;
    making m = { .chosen = &chosen,
        .optim = optim,
        .sched = sched,
        .given = lathe_sched_opts(sched, 0),
        .steps_per_epoch = steps_per_epoch };
    lathe_status status = lathe_settings_choose(settings, &chosen);
    if (status || !*settings->groups || chosen.of[lathe_chosen_index(&chosen, "sched")].types != 1)
        return status;
    m.opts = lathe_alloc(1, lathe_sched_type_of(sched)->opts_size);
    m.done = m.opts ? lathe_alloc((size_t)lathe_optim_groups(optim), sizeof *m.done) : NULL;
    status = m.done ? lathe_groups_each(settings, schedule_group, &m) : lathe_error();
    lathe_free(m.opts);
    lathe_free(m.done);
    return status;
}

/* ---- as text ------------------------------------------------------------------------------------------- */

typedef struct cycling {
    lathe_text text;
    const lathe_chosen *chosen;
    double lr, base_lr, max_lr; /* of the other parameters */
} cycling;

static lathe_status cycle_option(void *context, const char *key, const char *value)
{
    cycling *c = context;
    const char *heading, *name = lathe_option_split(key, &heading);
    double lr;
    char base[32], most[32];
    if (!lathe_group_takes(c->chosen, "optim", key)) return LATHE_OK;
    if (strcmp(name, "lr") || !lathe_parse_double(value, &lr)) lathe_text_add(&c->text, " %s=%s", key, value);
    else
        lathe_text_add(&c->text, " base_lr=%s max_lr=%s",
            lathe_double_digits(c->base_lr * lr / c->lr, 3, base),
            lathe_double_digits(c->max_lr * lr / c->lr, 3, most));
    return LATHE_OK;
}

static lathe_status cycle_group(void *context, const char *pattern, char *options)
{
    cycling *c = context;
    lathe_text_add(&c->text, "%s%s", c->text.length ? "; " : "", pattern);
    return lathe_group_options(options, pattern, cycle_option, c);
}

lathe_status lathe_settings_cycle_groups(lathe_settings *settings, double base_lr, double max_lr)
{
    lathe_chosen chosen;
    if (!settings) return lathe_fail_null("lathe_settings_cycle_groups", "settings");
    lathe_status status = lathe_settings_choose(settings, &chosen);
    if (status || !*settings->groups) return status;
    cycling c = { .chosen = &chosen, .base_lr = base_lr, .max_lr = max_lr };
    const char *lr = lathe_settings_option(settings, "optim.lr");
    c.lr = lathe_fields_find(lathe_optim_find(settings->optim)->fields, "lr")->preset[0];
    if (lr) lathe_parse_double(lr, &c.lr);
    status = lathe_groups_each(settings, cycle_group, &c);
    char *text = lathe_text_take(&c.text);
    if (!status) status = text ? lathe_settings_set(settings, "groups", text) : lathe_error();
    lathe_free(text);
    return status;
}
