#include "open.h"

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
    return source->open(argument, split, opts);
}

lathe_dataset *lathe_data_open(const char *spec, lathe_split split, const lathe_data_opts *opts)
{
    static const lathe_data_opts none;
    if (!spec) {
        lathe_fail(LATHE_EARG, "lathe_data_open: no name");
        return NULL;
    }
    if (split != LATHE_SPLIT_TRAIN && split != LATHE_SPLIT_TEST && split != LATHE_SPLIT_VAL) {
        lathe_fail(LATHE_EARG, "lathe_data_open: split %d is neither train nor test", (int)split);
        return NULL;
    }
    char *name = lathe_strdup(spec);
    if (!name) return NULL;
    char *colon = strchr(name, ':');
    if (colon) *colon = '\0';
    lathe_dataset *data = open_named(name, colon && colon[1] ? colon + 1 : NULL, split, opts ? opts : &none);
    lathe_free(name);
    return data;
}
