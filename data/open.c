#include "open.h"

#include <string.h>

#include "../core/alloc.h"
#include "../core/field.h"
#include "dataset_impl.h"

static const char *name_of(int index)
{
    const lathe_data_source *source = lathe_data_source_at(index);
    return source ? source->name : NULL;
}

static const lathe_data_source *find(const char *name)
{
    for (int i = 0;; i++) {
        const lathe_data_source *source = lathe_data_source_at(i);
        if (!source || !strcmp(source->name, name)) return source;
    }
}

static lathe_dataset *open_named(const char *name, const char *argument, lathe_split split,
    const lathe_data_opts *opts)
{
    const lathe_data_source *source = find(name);
    if (!source) {
        lathe_fail_name("data set", name, name_of);
        return NULL;
    }
    if (argument && !source->argument) {
        lathe_fail(LATHE_EARG, "data set %s takes no argument, got '%s'", name, argument);
        return NULL;
    }
    if (!argument && source->argument && source->argument[0] != '[') {
        lathe_fail(LATHE_EARG, "data set %s needs an argument: %s:%s", name, name, source->argument);
        return NULL;
    }
    if (split == LATHE_SPLIT_VAL && !source->has_val)
        return lathe_fail(LATHE_ESTATE, "data set %s has no validation part", name), NULL;
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

lathe_status lathe_data_fixed(const char *name, const lathe_data_opts *opts, int size, int channels)
{
    if (opts->size && opts->size != size)
        return lathe_fail(LATHE_EARG, "%s: pictures are %d x %d, size %d was asked for", name, size, size,
            opts->size);
    if (opts->channels && opts->channels != channels)
        return lathe_fail(LATHE_EARG, "%s: pictures have %d channels, %d were asked for", name, channels,
            opts->channels);
    return LATHE_OK;
}
