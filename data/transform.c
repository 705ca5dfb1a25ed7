#include "transform.h"

#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "dataset_impl.h"

typedef struct lathe_step {
    const lathe_transform_type *type;
    double p;
    uint64_t stream; /* of its random numbers */
    void *opts;      /* resolved */
} lathe_step;

struct lathe_transforms {
    int count;
    lathe_step *step; /* [count] */
};

static const char *name_of(int index)
{
    const lathe_transform_type *type = lathe_transform_type_at(index);
    return type ? type->name : NULL;
}

/* Hyphens are underscores, as in options. */
static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b)) return false;
    return *a == *b;
}

static const lathe_transform_type *find(const char *name)
{
    for (int i = 0;; i++) {
        const lathe_transform_type *type = lathe_transform_type_at(i);
        if (!type || same_name(type->name, name) || (type->alias && same_name(type->alias, name))) return type;
    }
}

static lathe_status set_probability(lathe_step *step, const char *text)
{
    if (lathe_parse_double(text, &step->p) && step->p >= 0 && step->p <= 1) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "%s: p = '%s' is not a number from 0 to 1", step->type->name, text);
}

/* One "value" or "field=value"; `place` counts the values without a name. */
static lathe_status set_value(lathe_step *step, void *raw, char *text, int *place)
{
    const lathe_transform_type *type = step->type;
    char *equals = strchr(text, '=');
    if (equals) {
        *equals = '\0';
        if (!strcmp(text, "p")) return set_probability(step, equals + 1);
        return lathe_fields_set(type->name, type->fields, raw, text, equals + 1, 0);
    }
    const lathe_field *field = type->fields;
    for (int i = 0; i < *place && field->name; i++) field++;
    if (field->name) {
        ++*place;
        return lathe_fields_set(type->name, type->fields, raw, field->name, text, 0);
    }
    if (*place < 0) return lathe_fail(LATHE_EARG, "%s: '%s' is one value too many", type->name, text);
    *place = -1; /* the probability was the last */
    return set_probability(step, text);
}

/* "name:value:value", which is written into. */
static lathe_status parse_step(char *text, lathe_step *step)
{
    char *rest = strchr(text, ':');
    if (rest) *rest++ = '\0';
    step->type = find(text);
    if (!step->type) return lathe_fail_name("transform", text, name_of);
    step->p = step->type->p;
    size_t size = step->type->opts_size ? step->type->opts_size : 1;
    void *raw = lathe_alloc(size, 1);
    step->opts = lathe_alloc(size, 1);
    lathe_status status = raw && step->opts ? LATHE_OK : LATHE_ENOMEM;
    for (int place = 0; rest && !status;) {
        char *next = strchr(rest, ':');
        if (next) *next++ = '\0';
        status = set_value(step, raw, rest, &place);
        rest = next;
    }
    if (!status) status = lathe_fields_resolve(step->type->name, step->type->fields, raw, step->opts, step->type->opts_size);
    lathe_free(raw);
    if (!status && step->p < 1 && step->type->size)
        status = lathe_fail(LATHE_EARG, "%s: p = %g, but it decides the size, so that p can only be 1", step->type->name, step->p);
    return status;
}

static lathe_status parse_steps(lathe_transforms *transforms, char *text)
{
    for (char *next; text; text = next) {
        next = strchr(text, ',');
        if (next) *next++ = '\0';
        lathe_step *step = &transforms->step[transforms->count++];
        lathe_status status = parse_step(text, step);
        if (status) return status;
        char key[96];
        snprintf(key, sizeof key, "data/transform/%s", step->type->name);
        step->stream = lathe_rng_stream(key);
        for (lathe_step *before = transforms->step; before < step; before++) step->stream += before->type == step->type;
    }
    return LATHE_OK;
}

lathe_transforms *lathe_transforms_parse(const char *spec)
{
    lathe_transforms *transforms = lathe_alloc(1, sizeof *transforms);
    if (!transforms || !spec || !*spec) return transforms;
    size_t commas = 0;
    for (const char *c = spec; *c; c++) commas += *c == ',';
    char *text = lathe_strdup(spec);
    transforms->step = text ? lathe_alloc(commas + 1, sizeof *transforms->step) : NULL;
    bool good = transforms->step && !parse_steps(transforms, text);
    lathe_free(text);
    if (good) return transforms;
    lathe_transforms_free(transforms);
    return NULL;
}

void lathe_transforms_free(lathe_transforms *transforms)
{
    if (!transforms) return;
    for (int i = 0; i < transforms->count; i++) lathe_free(transforms->step[i].opts);
    lathe_free(transforms->step);
    lathe_free(transforms);
}

/* Sizes after each step; the most bytes that any of them has. */
static lathe_status follow(const lathe_transforms *transforms, int channels, int *height, int *width, size_t *most)
{
    for (int i = 0; transforms && i < transforms->count; i++) {
        const lathe_step *step = &transforms->step[i];
        lathe_status status = step->type->size ? step->type->size(step->opts, channels, height, width) : LATHE_OK;
        if (status) return status;
        if (*height < 1 || *width < 1 || *height > LATHE_DATA_SIDE_MAX || *width > LATHE_DATA_SIDE_MAX)
            return lathe_fail(LATHE_ESHAPE, "%s: pictures of %d x %d would come out, sides can be 1 to %d", step->type->name,
                *height, *width, LATHE_DATA_SIDE_MAX);
        size_t bytes = (size_t)channels * (size_t)*height * (size_t)*width;
        if (bytes > *most) *most = bytes;
    }
    return LATHE_OK;
}

lathe_status lathe_transforms_size(const lathe_transforms *transforms, int channels, int *height, int *width)
{
    size_t most = 0;
    return follow(transforms, channels, height, width, &most);
}

/* Two buffers, from one to the other. */
size_t lathe_transforms_scratch(const lathe_transforms *transforms, int channels, int height, int width)
{
    size_t most = 0;
    return follow(transforms, channels, &height, &width, &most) ? 0 : 2 * most;
}

lathe_status lathe_transforms_apply(const lathe_transforms *transforms, uint64_t seed, uint64_t epoch, uint64_t index,
    const lathe_image *in, uint8_t *scratch, lathe_image *out)
{
    *out = *in;
    if (!transforms || !transforms->count) return LATHE_OK;
    uint8_t *other = scratch + lathe_transforms_scratch(transforms, in->channels, in->height, in->width) / 2;
    for (int i = 0; i < transforms->count; i++) {
        const lathe_step *step = &transforms->step[i];
        lathe_rng rng = lathe_rng_at(seed, step->stream + (epoch + 1) * 0x9E3779B97F4A7C15u, index);
        if (step->p < 1 && lathe_rng_uniform(&rng) >= step->p) continue;
        lathe_image next = { out->channels, out->height, out->width, out->pixels == scratch ? other : scratch };
        lathe_status status = LATHE_OK;
        if (step->type->size) status = step->type->size(step->opts, next.channels, &next.height, &next.width);
        if (!status) status = step->type->apply(step->opts, &rng, out, &next);
        if (status) return status;
        *out = next;
    }
    return LATHE_OK;
}
