#include "models.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/registry.h"
#include "../layer_impl.h"
#include "build_impl.h"

lathe_extent lathe_extent_after(lathe_extent before, int channels, int kernel, int stride, int padding)
{
    int rows = before.height + 2 * padding - kernel, columns = before.width + 2 * padding - kernel;
    return (
        lathe_extent){ channels, rows < 0 ? 0 : rows / stride + 1, columns < 0 ? 0 : columns / stride + 1 };
}

lathe_extent lathe_extent_after_ceil(lathe_extent before, int kernel, int stride)
{
    int rows = before.height - kernel + stride - 1, columns = before.width - kernel + stride - 1;
    return (lathe_extent){ before.channels,
        rows < 0 ? 0 : rows / stride + 1,
        columns < 0 ? 0 : columns / stride + 1 };
}

int lathe_extent_features(lathe_model *model, const char *name, const lathe_model_spec *spec,
    lathe_extent extent)
{
    size_t features;
    if (extent.height < 1 || extent.width < 1) {
        lathe_model_fail(model,
            LATHE_ESHAPE,
            "%s: nothing is left of an input of %d x %d; it was made for larger pictures",
            name,
            spec->height,
            spec->width);
        return 0;
    }
    if (lathe_size_mul((size_t)extent.channels, (size_t)extent.height, &features) &&
        lathe_size_mul(features, (size_t)extent.width, &features) && features <= INT_MAX)
        return (int)features;
    lathe_model_fail(model,
        LATHE_ESHAPE,
        "%s: an input of %d x %d is too large for its linear layer",
        name,
        spec->height,
        spec->width);
    return 0;
}

/* ---- by name ------------------------------------------------------------------------------------------- */

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_model_type *type = object;
    if (!type->build) return lathe_registry_refuse(registry, type, "build is NULL");
    if (type->native.channels < 1 || type->native.height < 1 || type->native.width < 1 ||
        type->native.classes < 1)
        return lathe_registry_refuse(registry, type, "its native size has a number below 1");
    return type->fields ? lathe_registry_check_fields(registry, type, type->fields, type->opts_size) :
                          LATHE_OK;
}

extern const void *const lathe_model_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "model",
    .prefix = "lathe_model",
    .table = lathe_model_types,
    .check = check_type };

const lathe_model_type *lathe_model_at(int index) { return lathe_registry_at(&registry, index); }

/* The type that the text begins with, before any options. */
static const lathe_model_type *find_type(const char *text)
{
    char name[LATHE_MODEL_NAME];
    if (text && snprintf(name, sizeof name, "%.*s", (int)strcspn(text, ":"), text) >= (int)sizeof name)
        return lathe_fail(LATHE_ENAME, "unknown model '%.60s ...'", text), NULL;
    return lathe_registry_find(&registry, text ? name : NULL);
}

/* Set one option from "blocks=12" [length]. */
static lathe_status set_option(const lathe_model_type *type, const char *text, int length, void *given)
{
    char option[LATHE_MODEL_NAME];
    if (snprintf(option, sizeof option, "%.*s", length, text) >= (int)sizeof option)
        return lathe_fail(LATHE_EARG, "%s: the option '%.60s ...' is too long", type->name, text);
    char *value = strchr(option, '=');
    if (!value)
        return lathe_fail(LATHE_EARG, "%s: '%s' is not an option: write OPTION=VALUE", type->name, option);
    *value++ = 0;
    return lathe_fields_set(type->name, type->fields, given, option, value, 0);
}

/*
 * The options struct from the rest of "mobilenet_v1:blocks=12:dropout=0", with all defaults. `opts` has
 * type->opts_size bytes.
 */
static lathe_status read_options(const lathe_model_type *type, const char *text, void *opts)
{
    text += strcspn(text, ":");
    if (!type->fields)
        return !*text ? LATHE_OK :
                        lathe_fail(LATHE_EARG, "%s: it has no options, but '%s' follows", type->name, text);
    void *given = lathe_alloc(1, type->opts_size);
    lathe_status status = given ? LATHE_OK : lathe_error();
    while (*text && !status) {
        int length = (int)strcspn(++text, ":");
        status = set_option(type, text, length, given);
        text += length;
    }
    if (!status) status = lathe_fields_resolve(type->name, type->fields, given, opts, type->opts_size);
    lathe_free(given);
    return status;
}

const lathe_model_type *lathe_model_find(const char *name)
{
    const lathe_model_type *type = find_type(name);
    if (!type) return NULL;
    void *opts = lathe_alloc(1, type->opts_size + 1);
    lathe_status status = opts ? read_options(type, name, opts) : lathe_error();
    lathe_free(opts);
    return status ? NULL : type;
}

lathe_status lathe_model_register(const lathe_model_type *type)
{
    return lathe_registry_add(&registry, type);
}

/* ---- building ------------------------------------------------------------------------------------------ */

/* The largest side of a picture: with it every computed size fits an int. */
enum { MAX_SIDE = 1 << 20 };

lathe_layer *lathe_model_build(lathe_model *model, const char *name, const lathe_model_spec *spec)
{
    const lathe_model_type *type = find_type(name);
    if (!type) return lathe_model_adopt_failure(model);
    lathe_model_spec s = spec ? *spec : type->native;
    const struct {
        const char *what;
        int *value, native;
    } fields[] = { { "channels", &s.channels, type->native.channels },
        { "height", &s.height, type->native.height },
        { "width", &s.width, type->native.width },
        { "classes", &s.classes, type->native.classes } };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!*fields[i].value) *fields[i].value = fields[i].native;
        if (*fields[i].value < 1 || *fields[i].value > MAX_SIDE)
            return lathe_model_fail(model,
                LATHE_ESHAPE,
                "%s: %s is %d; it must be 1 to %d",
                name,
                fields[i].what,
                *fields[i].value,
                MAX_SIDE);
    }
    void *opts = type->fields ? lathe_model_alloc(model, 1, type->opts_size) : NULL;
    if (type->fields && !opts) return NULL;
    if (read_options(type, name, opts)) return lathe_model_adopt_failure(model);
    s.opts = opts;
    return type->build(model, &s);
}

/* See lathe_model_check_input. */
enum { INPUT_FREE = 1 << 20, INPUT_EACH = 64, INPUT_MOST = 1 << 24 };

lathe_status lathe_model_check_input(lathe_layer *net, const lathe_model_spec *spec)
{
    int count;
    if (!net || !spec) return lathe_fail_null("lathe_model_check_input", net ? "spec" : "net");
    lathe_tensor *const *tensor = lathe_nn_plan(net, &count);
    if (!tensor) return lathe_error();
    double weights = 0, numbers = (double)spec->channels * spec->height * spec->width;
    for (int i = 0; i < count; i++) weights += (double)tensor[i]->stored;
    double most = INPUT_FREE + INPUT_EACH * weights;
    if (most > INPUT_MOST) most = INPUT_MOST;
    if (numbers <= most) return LATHE_OK;
    return lathe_fail(LATHE_ESHAPE,
        "pictures of %d x %d x %d have %.0f numbers; a net with %.0f weights takes pictures of up to %.0f",
        spec->channels,
        spec->height,
        spec->width,
        numbers,
        weights,
        most);
}
