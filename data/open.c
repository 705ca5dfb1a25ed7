#include "open.h"

#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/registry.h"

static lathe_dataset *open_named(const char *name, const char *argument, lathe_split split,
    const lathe_data_opts *opts)
{
    const lathe_data_source *source = lathe_data_source_find(name);
    if (!source) return NULL;
    if (argument && !source->argument) {
        lathe_fail(LATHE_EARG, "data set %s takes no argument, got '%s'", name, argument);
        return NULL;
    }
    if (!argument && source->argument && source->argument[0] != '[') {
        lathe_fail(LATHE_EARG, "data set %s needs an argument: %s:%s", name, name, source->argument);
        return NULL;
    }
    if (split == LATHE_SPLIT_VAL && !source->has_val)
        return lathe_fail(LATHE_ESTATE, "data set %s has no validation set", name), NULL;
    if (opts->background && !source->has_files)
        return lathe_fail(LATHE_EARG, "data set %s has no picture files that background could be behind",
                   name),
               NULL;
    if ((opts->crop_ratio != 0 || opts->interpolation) && !source->has_files)
        return lathe_fail(LATHE_EARG,
                   "data set %s has no picture files: its pictures have one size, which crop_ratio and "
                   "interpolation do not change",
                   name),
               NULL;
    if (opts->label_column && *opts->label_column && !source->has_columns)
        return lathe_fail(LATHE_EARG, "data set %s is no table: label_column is for csv:FILE", name), NULL;
    return source->open(argument, split, opts);
}

lathe_dataset *lathe_data_open(const char *spec, lathe_split split, const lathe_data_opts *opts)
{
    static const lathe_data_opts none;
    if (!spec) return lathe_fail_null("lathe_data_open", "spec"), NULL;
    if (split != LATHE_SPLIT_TRAIN && split != LATHE_SPLIT_TEST && split != LATHE_SPLIT_VAL) {
        lathe_fail(LATHE_EARG, "lathe_data_open: split %d is neither train nor test", (int)split);
        return NULL;
    }
    if (!opts) opts = &none;
    if (!(opts->crop_ratio >= 0 && opts->crop_ratio <= 1)) {
        lathe_fail(LATHE_EARG, "lathe_data_open: crop_ratio is %g, expected 0 to 1", opts->crop_ratio);
        return NULL;
    }
    char *name = lathe_strdup(spec);
    if (!name) return NULL;
    char *colon = strchr(name, ':');
    if (colon) *colon = '\0';
    lathe_dataset *data = open_named(name, colon && colon[1] ? colon + 1 : NULL, split, opts);
    lathe_free(name);
    return data;
}

lathe_status lathe_data_open_val(const char *spec, const lathe_data_opts *opts, lathe_dataset **val)
{
    if (!spec || !val) return lathe_fail_null("lathe_data_open_val", spec ? "val" : "spec");
    bool held = lathe_error_hold(true);
    *val = lathe_data_open(spec, LATHE_SPLIT_VAL, opts);
    lathe_status status = *val ? LATHE_OK : lathe_error();
    char why[LATHE_MESSAGE_SIZE];
    snprintf(why, sizeof why, "%s", lathe_error_message());
    if (status) lathe_error_clear();
    lathe_error_hold(held);
    return !status || status == LATHE_ESTATE ? LATHE_OK : lathe_fail(status, "%s", why);
}

/* ---- by name ------------------------------------------------------------------------------------------- */

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_data_source *type = object;
    if (!type->open) return lathe_registry_refuse(registry, type, "open is NULL");
    return LATHE_OK;
}

extern const void *const lathe_source_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "data set",
    .prefix = "lathe_data_source",
    .table = lathe_source_types,
    .check = check_type };

const lathe_data_source *lathe_data_source_at(int index) { return lathe_registry_at(&registry, index); }

const lathe_data_source *lathe_data_source_find(const char *name)
{
    return lathe_registry_find(&registry, name);
}

lathe_status lathe_data_source_register(const lathe_data_source *type)
{
    return lathe_registry_add(&registry, type);
}
