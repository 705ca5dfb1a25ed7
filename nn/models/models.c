#include "models.h"

#include <limits.h>
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

/* The largest side of a picture: with it every computed size fits an int. */
enum { MAX_SIDE = 1 << 20 };

lathe_layer *lathe_model_build(lathe_model *model, const char *name, const lathe_model_spec *spec)
{
    const lathe_model_type *type = lathe_model_find(name);
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

/* ---- by name ------------------------------------------------------------------------------------------- */

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_model_type *type = object;
    if (!type->build) return lathe_registry_refuse(registry, type, "build is NULL");
    if (type->native.channels < 1 || type->native.height < 1 || type->native.width < 1 ||
        type->native.classes < 1)
        return lathe_registry_refuse(registry, type, "its native size has a number below 1");
    return LATHE_OK;
}

extern const void *const lathe_model_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "model",
    .prefix = "lathe_model",
    .table = lathe_model_types,
    .check = check_type };

const lathe_model_type *lathe_model_at(int index) { return lathe_registry_at(&registry, index); }

const lathe_model_type *lathe_model_find(const char *name) { return lathe_registry_find(&registry, name); }

lathe_status lathe_model_register(const lathe_model_type *type)
{
    return lathe_registry_add(&registry, type);
}
