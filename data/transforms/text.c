/* Transforms from text. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/registry.h"
#include "transform_impl.h"

/* The largest depth of nested groups, and the most transforms and groups in a text. */
enum { DEPTH = 8, MOST = 100 };

static const char *const group_names[] = { "", "sequence", "one_of" };

static const char *alias_of(const void *type) { return ((const lathe_transform_type *)type)->alias; }

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_transform_type *type = object;
    if (!type->apply && !type->still && !type->mix)
        return lathe_registry_refuse(registry, type, "apply, still and mix are NULL");
    if (type->mix && (type->mixes < 2 || type->mixes > LATHE_MIX_MOST))
        return lathe_registry_refuse(registry, type, "mixes is not 2 to 4");
    if (!type->whole != !type->part || (type->whole && !type->size))
        return lathe_registry_refuse(registry, type, "whole, part and size go together");
    if (!(type->p >= 0 && type->p <= 1)) return lathe_registry_refuse(registry, type, "p is not from 0 to 1");
    return lathe_registry_check_fields(registry, type, type->fields, type->opts_size);
}

extern const void *const lathe_transform_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "transform",
    .prefix = "lathe_transform",
    .table = lathe_transform_types,
    .check = check_type,
    .alias = alias_of };

const lathe_transform_type *lathe_transform_at(int index) { return lathe_registry_at(&registry, index); }

const lathe_transform_type *lathe_transform_find(const char *name)
{
    return lathe_registry_find(&registry, name);
}

lathe_status lathe_transform_register(const lathe_transform_type *type)
{
    return lathe_registry_add(&registry, type);
}

const char *lathe_step_name(const lathe_step *step)
{
    return step->type ? step->type->name : group_names[step->group];
}

/* A text that is parsed. */
typedef struct lathe_transform_reader {
    char *rest;
    lathe_transforms *transforms;
    int depth;
} lathe_transform_reader;

/* The word up to one of the characters `ends`, which is removed; *end is that character. */
static char *take_word(lathe_transform_reader *reader, const char *ends, char *end)
{
    char *word = reader->rest;
    size_t length = strcspn(word, ends);
    *end = word[length];
    word[length] = '\0';
    reader->rest = word + length + (*end != '\0');
    return word;
}

static lathe_status set_probability(lathe_step *step, const char *text)
{
    if (lathe_parse_double(text, &step->p) && step->p >= 0 && step->p <= 1) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "%s: p = '%s' is not a number from 0 to 1", lathe_step_name(step), text);
}

/*
 * A range as lathe_fields_set reads it: "0.5..1" is "0.5,1". One number x is the range about 0 or 1, where
 * the default lies about that ("rotate:15": -15 ... 15; "jitter:0.2": 0.8 ... 1.2), otherwise exactly x.
 */
static void range_text(const lathe_field *field, const char *text, char range[96])
{
    const char *points = strstr(text, "..");
    double middle = (field->preset[0] + field->preset[1]) / 2, x;
    char low[32], high[32];
    if (points)
        snprintf(range, 96, "%.*s,%.40s", (int)(points - text < 40 ? points - text : 40), text, points + 2);
    else if (!lathe_parse_double(text, &x)) snprintf(range, 96, "%.90s", text);
    else if (fabs(middle) > 1e-9 && fabs(middle - 1) > 1e-9) snprintf(range, 96, "%.40s,%.40s", text, text);
    else
        snprintf(range, 96, "%s,%s",
            lathe_double_text(fmax(middle - x, middle > 0 ? field->min : -HUGE_VAL), low),
            lathe_double_text(middle + x, high));
}

static lathe_status check_order(const lathe_transform_type *type, const lathe_field *field,
    const double range[2])
{
    if (range[0] <= range[1] || range[1] == 0)
        return LATHE_OK; /* 0 may be the default or 0: decided when resolved */
    return lathe_fail(LATHE_EARG, "%s: %s: %g is more than %g", type->name, field->name, range[0], range[1]);
}

static lathe_status set_field(const lathe_transform_type *type, void *raw, const char *name, const char *text)
{
    const lathe_field *field = lathe_fields_find(type->fields, name);
    char range[96];
    if (!field || field->count != 2) return lathe_fields_set(type->name, type->fields, raw, name, text, 0);
    range_text(field, text, range);
    lathe_status status = lathe_fields_set(type->name, type->fields, raw, name, range, 0);
    return status ?
        status :
        check_order(type, field, (const double *)(const void *)((const char *)raw + field->offset));
}

/* One "value" or "field=value"; `place` counts the values without a name. */
static lathe_status set_value(lathe_step *step, void *raw, char *text, int *place)
{
    const lathe_field *field = step->type ? step->type->fields : lathe_no_fields;
    char *equals = strchr(text, '=');
    if (equals) {
        *equals = '\0';
        if (!strcmp(text, "p")) return set_probability(step, equals + 1);
        if (step->type) return set_field(step->type, raw, text, equals + 1);
        return lathe_fail(LATHE_ENAME, "%s: has no option %s, only p", lathe_step_name(step), text);
    }
    for (int i = 0; i < *place && field->name; i++) field++;
    if (field->name) {
        ++*place;
        return set_field(step->type, raw, field->name, text);
    }
    if (*place < 0)
        return lathe_fail(LATHE_EARG, "%s: '%s' is one value too many", lathe_step_name(step), text);
    *place = -1; /* the probability was the last value */
    return set_probability(step, text);
}

/* Parse ":value:value" and the character that ends it. */
static lathe_status take_values(lathe_transform_reader *reader, lathe_step *step, char *end)
{
    size_t size = step->type && step->type->opts_size ? step->type->opts_size : 1;
    void *raw = lathe_alloc(size, 1);
    step->opts = lathe_alloc(size, 1);
    lathe_status status = raw && step->opts ? LATHE_OK : LATHE_ENOMEM;
    for (int place = 0; *end == ':' && !status;)
        status = set_value(step, raw, take_word(reader, ":,)", end), &place);
    if (!status && step->type)
        status = lathe_fields_resolve(step->type->name, step->type->fields, raw, step->opts,
            step->type->opts_size);
    lathe_free(raw);
    if (!status && step->type && step->type->size && step->p < 1)
        status = lathe_fail(LATHE_EARG, "%s: p = %g, but it decides the size, so that p can only be 1",
            step->type->name, step->p);
    return status;
}

static lathe_status take_list(lathe_transform_reader *reader, char *end);

/* Parse the members of a group after its opening bracket, and the closing bracket. */
static lathe_status take_members(lathe_transform_reader *reader, const char *name, char *end)
{
    if (++reader->depth > DEPTH)
        return lathe_fail(LATHE_EARG, "%s: groups are nested deeper than %d", name, DEPTH);
    lathe_status status = take_list(reader, end);
    reader->depth--;
    if (!status && *end != ')') return lathe_fail(LATHE_EARG, "%s: its bracket is not closed", name);
    if (status) return status;
    char *between = take_word(reader, ":,)", end);
    return *between ? lathe_fail(LATHE_EARG, "%s: '%s' after its bracket", name, between) : LATHE_OK;
}

/* "name:value:value" or "one_of(...):p"; *end: the comma, bracket or zero after it. */
static lathe_status take_step(lathe_transform_reader *reader, char *end)
{
    lathe_transforms *transforms = reader->transforms;
    int number = transforms->count++;
    lathe_step *step = &transforms->step[number];
    char *name = take_word(reader, "(:,)", end);
    step->p = 0.5;
    if (*end == '(') {
        for (int group = LATHE_STEP_SEQUENCE; group <= LATHE_STEP_ONE_OF; group++)
            if (lathe_name_is(group_names[group], name, strlen(name))) step->group = (lathe_step_group)group;
        if (!step->group) return lathe_fail(LATHE_EARG, "'%s': only one_of and sequence have brackets", name);
        lathe_status status = take_members(reader, name, end);
        if (status) return status;
    } else {
        step->type = lathe_transform_find(name);
        if (!step->type) return lathe_error();
        step->p = step->type->p;
    }
    step->end = transforms->count;
    char key[96];
    snprintf(key, sizeof key, "data/transform/%s", lathe_step_name(step));
    step->stream = lathe_rng_stream(key);
    for (lathe_step *before = transforms->step; before < step; before++)
        step->stream += before->type == step->type && before->group == step->group;
    return take_values(reader, step, end);
}

/* Check that transforms that mix pictures come last. */
static lathe_status check_mixing(const lathe_transform_reader *reader, int number)
{
    const lathe_step *step = &reader->transforms->step[number], *before = number ? step - 1 : NULL;
    if (step->type && step->type->mix && reader->depth)
        return lathe_fail(LATHE_EARG, "%s: mixes pictures and cannot be in a group", step->type->name);
    if (before && before->type && before->type->mix && !(step->type && step->type->mix))
        return lathe_fail(LATHE_EARG, "%s: mixes pictures and must come after %s", before->type->name,
            lathe_step_name(step));
    return LATHE_OK;
}

static lathe_status take_list(lathe_transform_reader *reader, char *end)
{
    lathe_status status;
    do {
        int number = reader->transforms->count;
        status = take_step(reader, end);
        if (!status) status = check_mixing(reader, number);
    } while (!status && *end == ',');
    return status;
}

lathe_transforms *lathe_transforms_parse(const char *spec)
{
    lathe_transforms *transforms = lathe_alloc(1, sizeof *transforms);
    if (!transforms || !spec || !*spec) return transforms;
    size_t most = 1;
    for (const char *c = spec; *c; c++) most += *c == ',' || *c == '(';
    if (most > MOST) {
        lathe_fail(LATHE_EARG, "transforms: a text of %zu transforms; at most %d can be named", most, MOST);
        return lathe_transforms_free(transforms), NULL;
    }
    char *text = lathe_strdup(spec), end;
    lathe_transform_reader reader = { .rest = text, .transforms = transforms };
    transforms->step = text ? lathe_alloc(most, sizeof *transforms->step) : NULL;
    lathe_status status = transforms->step ? take_list(&reader, &end) : LATHE_ENOMEM;
    if (!status && end == ')')
        status = lathe_fail(LATHE_EARG, "transforms: a bracket is closed that was not open");
    lathe_free(text);
    if (!status) return transforms;
    lathe_transforms_free(transforms);
    return NULL;
}
