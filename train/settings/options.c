/* Options of the chosen types. They are texts until the types and an epoch's steps are known. */
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "settings_impl.h"

/* ---- keys ---------------------------------------------------------------------------------------------- */

/* The section that a key's prefix names, and the rest of the key; NULL for a plain key. */
static const lathe_section *prefix_of(const char *key, const char **name)
{
    const lathe_section *section;
    for (int s = 0; (section = lathe_section_at(s)); s++) {
        size_t length = strlen(section->heading);
        if (!section->choose || strncmp(key, section->heading, length) || key[length] != '.') continue;
        *name = key + length + 1;
        return section;
    }
    *name = key;
    return NULL;
}

const char *lathe_option_split(const char *key, const char **heading)
{
    const char *name;
    const lathe_section *section = prefix_of(key, &name);
    *heading = section ? section->heading : NULL;
    return name;
}

static bool any_has(const lathe_section *section, const char *name)
{
    lathe_option_type type;
    for (int i = 0; section->type_at(i, &type); i++)
        if (lathe_fields_find_of(type.name, type.fields, name)) return true;
    return false;
}

bool lathe_option_key(const char *key, char full[LATHE_SETTING_SHORT])
{
    const char *name;
    const lathe_section *prefix = prefix_of(key, &name), *section, *owner = NULL;
    int owners = 0;
    for (int s = 0; (section = lathe_section_at(s)); s++) {
        if (!section->choose || (prefix && section != prefix) || !any_has(section, name)) continue;
        if (!owner || !strcmp(section->heading, "optim")) owner = section;
        owners++;
    }
    const bool plain = owners > 1 && strcmp(name, "lr");
    int length = !owners ?
        -1 :
        snprintf(full, LATHE_SETTING_SHORT, "%s%s%s", plain ? "" : owner->heading, plain ? "" : ".", name);
    if (length < 0 || length >= LATHE_SETTING_SHORT) return false;
    for (char *c = full; *c; c++) *c = *c == '-' ? '_' : *c;
    return true;
}

/* ---- the types chosen ---------------------------------------------------------------------------------- */

int lathe_option_taker(const lathe_chosen *chosen, const char *key, int from)
{
    const char *name;
    const lathe_section *prefix = prefix_of(key, &name);
    for (int i = from; i < chosen->count; i++)
        for (int t = 0; (!prefix || chosen->of[i].section == prefix) && t < chosen->of[i].types; t++) {
            const lathe_option_type *type = &chosen->of[i].type[t];
            if (lathe_fields_find_of(type->name, type->fields, name)) return i;
        }
    return -1;
}

/* Check that at most one section takes a plain key. */
static lathe_status check_clear(const lathe_chosen *chosen, const char *key)
{
    int first = lathe_option_taker(chosen, key, 0),
        second = first < 0 ? -1 : lathe_option_taker(chosen, key, first + 1);
    if (second < 0) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "--%s: both --%s.%s and --%s.%s take it; say which", key,
        chosen->of[first].section->heading, key, chosen->of[second].section->heading, key);
}

lathe_status lathe_settings_choose(const lathe_settings *settings, lathe_chosen *chosen)
{
    const lathe_section *section;
    lathe_status status = LATHE_OK;
    chosen->count = 0;
    for (int s = 0; !status && (section = lathe_section_by_order(s)); s++) {
        if (!section->choose || chosen->count == LATHE_OPTION_SECTIONS) continue;
        const int i = chosen->count++;
        chosen->of[i].section = section;
        status = section->choose(settings, chosen->of[i].type, &chosen->of[i].types);
    }
    for (int i = 0; i < settings->options && !status; i++)
        status = check_clear(chosen, settings->option[i].key);
    return status;
}

int lathe_chosen_index(const lathe_chosen *chosen, const char *heading)
{
    int i = 0;
    while (i < chosen->count && strcmp(chosen->of[i].section->heading, heading)) i++;
    return i;
}

const char *lathe_option_given(const lathe_settings *settings, const lathe_chosen *chosen, int index,
    int taker)
{
    const char *name, *other;
    prefix_of(settings->option[index].key, &name);
    if (lathe_option_taker(chosen, settings->option[index].key, 0) != taker) return NULL;
    for (int i = index + 1; i < settings->options; i++) {
        prefix_of(settings->option[i].key, &other);
        if (!strcmp(name, other) && lathe_option_taker(chosen, settings->option[i].key, 0) == taker)
            return NULL;
    }
    return name;
}

/* ---- checking ------------------------------------------------------------------------------------------ */

/* Fail because no chosen type has the option. */
static lathe_status nobody_takes(const lathe_settings *settings, const char *key)
{
    const char *name;
    char text[LATHE_SETTING_LONG];
    const lathe_section *section = prefix_of(key, &name);
    if (section)
        return lathe_fail(LATHE_ENAME, "settings: %.200s has no option %s",
            lathe_setting_text(lathe_setting_find(section->heading), settings, text), name);
    return lathe_fail(LATHE_ENAME,
        "settings: neither optimizer %s nor scheduler %.200s nor loss %s has an option %s", settings->optim,
        settings->sched, settings->loss, key);
}

lathe_status lathe_options_check(const lathe_settings *settings)
{
    lathe_chosen chosen;
    lathe_status status = lathe_settings_choose(settings, &chosen);
    for (int i = 0; i < settings->options && !status; i++) {
        const char *key = settings->option[i].key;
        if (lathe_option_taker(&chosen, key, 0) < 0) status = nobody_takes(settings, key);
    }
    if (!status) status = lathe_groups_check(settings, &chosen);
    if (!status) status = lathe_class_weights_check(settings, lathe_loss_find(settings->loss));
    const lathe_loss_type *type;
    void *loss = status ? NULL : lathe_settings_loss(settings, false, &type);
    if (!status && !loss) status = lathe_error();
    lathe_free(loss);
    return status;
}

/* ---- for programs that change them --------------------------------------------------------------------- */

lathe_status lathe_settings_keep_options(lathe_settings *settings)
{
    lathe_chosen chosen;
    if (!settings) return lathe_fail_null("lathe_settings_keep_options", "settings");
    lathe_status status = lathe_settings_choose(settings, &chosen);
    int kept = 0;
    if (status) return status;
    for (int i = 0; i < settings->options; i++)
        if (lathe_option_taker(&chosen, settings->option[i].key, 0) >= 0)
            settings->option[kept++] = settings->option[i];
    settings->options = kept;
    return LATHE_OK;
}

lathe_status lathe_settings_drop_options(lathe_settings *settings, const char *section)
{
    lathe_chosen chosen;
    if (!settings || !section)
        return lathe_fail_null("lathe_settings_drop_options", settings ? "section" : "settings");
    lathe_status status = lathe_settings_choose(settings, &chosen);
    const int taker = status ? 0 : lathe_chosen_index(&chosen, section);
    int kept = 0;
    if (status) return status;
    if (taker == chosen.count)
        return lathe_fail(LATHE_ENAME, "lathe_settings_drop_options: '%.60s' has no options", section);
    for (int i = 0; i < settings->options; i++)
        if (lathe_option_taker(&chosen, settings->option[i].key, 0) != taker)
            settings->option[kept++] = settings->option[i];
    settings->options = kept;
    return LATHE_OK;
}

bool lathe_settings_takes(const lathe_settings *settings, const char *key)
{
    lathe_chosen chosen;
    return settings && key && !lathe_settings_choose(settings, &chosen) &&
        lathe_option_taker(&chosen, key, 0) >= 0;
}

const char *lathe_settings_option(const lathe_settings *settings, const char *key)
{
    lathe_chosen chosen;
    const char *wanted, *text = NULL;
    if (!settings || !key || lathe_settings_choose(settings, &chosen)) return NULL;
    const int taker = lathe_option_taker(&chosen, key, 0);
    prefix_of(key, &wanted);
    for (int i = 0; taker >= 0 && i < settings->options; i++) {
        const char *name = lathe_option_given(settings, &chosen, i, taker),
                   *point = name ? strchr(name, '.') : NULL;
        if (name && !strcmp(point ? point + 1 : name, wanted)) text = settings->option[i].text;
    }
    return text;
}
