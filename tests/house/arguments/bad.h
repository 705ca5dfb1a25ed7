/* Bad arguments, by the kind of parameter: bad_int(0), bad_int(1), ... and how many there are of each. */
#ifndef LATHE_TESTS_BAD_H
#define LATHE_TESTS_BAD_H

#include <limits.h>
#include <math.h>

#include "good.h"

typedef enum bad_kind {
    BAD_none,
    BAD_pointer,
    BAD_opts,
    BAD_tensor,
    BAD_text,
    BAD_shape,
    BAD_choice,
    BAD_int,
    BAD_size_t,
    BAD_uint64_t,
    BAD_uint32_t,
    BAD_int64_t,
    BAD_double
} bad_kind;

/* How many bad values there are of each kind, and what a message calls the values. */
static const struct {
    int count;
    const char *name[8];
} bad_values[] = {
    [BAD_pointer] = { 1, { "NULL" } },
    [BAD_tensor] = { 6,
        { "NULL", "one number", "without numbers", "on another tape", "of rank 5", "of other sizes" } },
    [BAD_text] = { 6, { "NULL", "\"\"", "long", "not UTF-8", "\"%n%s\"", "control characters" } },
    [BAD_shape] = { 6,
        { "rank -1", "rank 99", "dimension 0", "dimension -1", "dimensions INT_MAX", "one huge" } },
    [BAD_choice] = { 2, { "99", "-1" } },
    [BAD_int] = { 4, { "INT_MIN", "-1", "0", "INT_MAX" } },
    [BAD_size_t] = { 2, { "0", "SIZE_MAX / 2" } },
    [BAD_uint64_t] = { 2, { "0", "UINT64_MAX" } },
    [BAD_uint32_t] = { 2, { "0", "UINT32_MAX" } },
    [BAD_int64_t] = { 3, { "INT64_MIN", "0", "INT64_MAX" } },
    [BAD_double] = { 5, { "NaN", "inf", "-inf", "-1", "1e308" } },
};

static int bad_int(int value) { return (const int[]){ INT_MIN, -1, 0, INT_MAX }[value]; }
static int bad_choice(int value) { return (const int[]){ 99, -1 }[value]; }
static size_t bad_size_t(int value) { return (const size_t[]){ 0, SIZE_MAX / 2 }[value]; }
static uint32_t bad_uint32_t(int value) { return (const uint32_t[]){ 0, UINT32_MAX }[value]; }
static uint64_t bad_uint64_t(int value) { return (const uint64_t[]){ 0, UINT64_MAX }[value]; }
static double bad_double(int value)
{
    return (const double[]){ (double)NAN, (double)INFINITY, -(double)INFINITY, -1, 1e308 }[value];
}
static void *bad_pointer(int value)
{
    (void)value;
    return NULL;
}

static const char *bad_text(int value)
{
    static char longest[8192];
    memset(longest, 'x', sizeof longest - 1);
    return (const char *[]){ NULL, "", longest, "\xff\xfe\x80", "%n%s", "a\nb\x1b[31m\x01" }[value];
}

/* A member of an options struct. */
typedef struct bad_field {
    const char *name;
    size_t offset;
    bad_kind kind;
} bad_field;

/* Which bad value of which member number `value` is: NULL is 0, then all values of each member. Returns NULL
 * beyond the last. */
static const bad_field *bad_member(const bad_field *fields, int *value)
{
    for (*value -= 1; fields->name; fields++) {
        if (*value < bad_values[fields->kind].count) return fields;
        *value -= bad_values[fields->kind].count;
    }
    return NULL;
}

static int bad_members(const bad_field *fields)
{
    int count = 1;
    for (; fields->name; fields++) count += bad_values[fields->kind].count;
    return count;
}

/* Good options with one member bad. */
static void *bad_opts(int value, void *opts, const bad_field *fields)
{
    if (value == 0) return NULL;
    const bad_field *field = bad_member(fields, &value);
    char *place = (char *)opts + field->offset;
    switch (field->kind) {
    case BAD_int: *(int *)place = bad_int(value); break;
    case BAD_choice: *(int *)place = bad_choice(value); break;
    case BAD_size_t: *(size_t *)place = bad_size_t(value); break;
    case BAD_uint64_t: *(uint64_t *)place = bad_uint64_t(value); break;
    case BAD_double: *(double *)place = bad_double(value); break;
    case BAD_text: *(const char **)place = bad_text(value); break;
    default: fail_msg("%s: no bad value of this kind", field->name);
    }
    return opts;
}

static lathe_shape bad_shape(int value)
{
    return (const lathe_shape[]){ { -1, { 2 } }, { 99, { 2, 2 } }, { 2, { 2, 0 } }, { 2, { 2, -1 } },
        { 5, { INT_MAX, INT_MAX, INT_MAX, INT_MAX, INT_MAX } }, { 1, { INT_MAX } } }[value];
}

static lathe_tensor *bad_tensor(int value)
{
    static lathe_tensor empty = { .shape = { 2, { 2, 4 } } };
    lathe_tape *other;
    switch (value) {
    case 0: return NULL;
    case 1: return leaf(LATHE_PLAIN, (lathe_shape){ 0 });
    case 2: return &empty;
    case 3:
        other = later(free_tape, lathe_tape_new(NULL));
        lathe_tape_begin(other, LATHE_TRAIN);
        return lathe_tape_leaf(other, LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 8, 8 } }, NULL);
    case 4: return leaf(LATHE_BATCHED, (lathe_shape){ 5, { 2, 1, 2, 1, 2 } });
    default: return leaf(LATHE_BATCHED, (lathe_shape){ 4, { 3, 1, 2, 7 } });
    }
}

#endif
