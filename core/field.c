#include "field.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "registry.h"

/* ---- numbers as text, with a point in any locale ------------------------------------------------------- */

/* C's functions write and read numbers with the point of the caller's locale, which may be several bytes. */
static void put_point(char text[32])
{
    const char *point = localeconv()->decimal_point;
    char *found = strstr(text, point);
    if (!found || !strcmp(point, ".")) return;
    *found = '.';
    memmove(found + 1, found + strlen(point), strlen(found + strlen(point)) + 1);
}

/* strtod of a text with a point. *end is where the number ends in `text`. */
static double read_double(const char *text, const char **end)
{
    const char *point = localeconv()->decimal_point, *found = strchr(text, '.');
    char copy[512], *stop;
    if (!found || !strcmp(point, ".") || strlen(text) + strlen(point) > sizeof copy) {
        double number = strtod(text, &stop);
        return *end = stop, number;
    }
    size_t before = (size_t)(found - text), width = strlen(point);
    memcpy(copy, text, before);
    memcpy(copy + before, point, width);
    memcpy(copy + before + width, found + 1, strlen(found)); /* with the 0 at the end */
    double number = strtod(copy, &stop);
    size_t length = (size_t)(stop - copy);
    *end = text + (length > before ? length - width + 1 : length);
    return number;
}

bool lathe_parse_double(const char *text, double *number)
{
    /* Refuse names, hexadecimal numbers and spaces: "nan", "0x10", " 1". */
    if (!number || !text || !*text || text[strspn(text, "0123456789+-.eE")]) return false;
    const char *end;
    double result = read_double(text, &end);
    if (end == text || *end || !isfinite(result)) return false;
    *number = result;
    return true;
}

bool lathe_parse_int64(const char *text, int64_t *number)
{
    if (!number || !text || !*text || text[strspn(text, "0123456789+-")]) return false;
    char *end;
    errno = 0;
    long long result = strtoll(text, &end, 10);
    if (end == text || *end || errno) return false;
    *number = result;
    return true;
}

const char *lathe_double_digits(double number, int digits, char text[32])
{
    if (!text) return lathe_fail_null("lathe_double_digits", "text"), NULL;
    snprintf(text, 32, "%.*g", digits < 1 ? 1 : digits > 17 ? 17 : digits, number);
    put_point(text);
    return text;
}

const char *lathe_double_text(double number, char text[32])
{
    if (!text) return lathe_fail_null("lathe_double_text", "text"), NULL;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, number);
        if (strtod(text, NULL) == number) break;
    }
    put_point(text);
    return text;
}

const char *lathe_double_tick(double number, int digits, char text[32])
{
    if (!lathe_double_digits(number, digits, text)) return NULL;
    const double rounded = strtod(text, NULL), size = rounded < 0 ? -rounded : rounded;
    return size >= 1 && size <= 1e9 ? lathe_double_text(rounded, text) : text;
}

/* ---- fields -------------------------------------------------------------------------------------------- */

static int length_of(const lathe_field *field) { return field->count ? field->count : 1; }

static void *place_of(const lathe_field *field, void *opts) { return (char *)opts + field->offset; }

static const void *constant_place_of(const lathe_field *field, const void *opts)
{
    return (const char *)opts + field->offset;
}

/* Names are equal if they differ in hyphens and underscores only. */
static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b)) return false;
    return *a == *b;
}

const lathe_field *lathe_fields_find(const lathe_field *fields, const char *name)
{
    if (!fields || !name) return NULL;
    for (; fields->name; fields++)
        if (same_name(fields->name, name)) return fields;
    return NULL;
}

const lathe_field *lathe_fields_find_of(const char *owner, const lathe_field *fields, const char *key)
{
    const char *point = key ? strchr(key, '.') : NULL;
    if (point && !lathe_name_is(owner, key, (size_t)(point - key))) return NULL;
    return lathe_fields_find(fields, point ? point + 1 : key);
}

static int choices_in(const lathe_field *field)
{
    int count = 0;
    while (field->choices[count]) count++;
    return count;
}

static bool any_number(const lathe_field *field) { return field->min == 0 && field->max == 0; }

const char *lathe_field_range(const lathe_field *field, char text[LATHE_FIELD_TEXT])
{
    if (!field || !text) return lathe_fail_null("lathe_field_range", !field ? "field" : "text"), NULL;
    char low[32], high[32];
    if (field->kind == LATHE_FIELD_BOOL) snprintf(text, LATHE_FIELD_TEXT, "true | false");
    else if (field->kind == LATHE_FIELD_PATH) snprintf(text, LATHE_FIELD_TEXT, "a file");
    else if (field->kind == LATHE_FIELD_CHOICE) {
        lathe_names names = lathe_names_in(text, LATHE_FIELD_TEXT);
        for (int i = 0; field->choices[i]; i++) lathe_names_add(&names, " | ", field->choices[i]);
    } else if (any_number(field)) snprintf(text, LATHE_FIELD_TEXT, "any number");
    else if (field->max >= 9007199254740992.0) /* 2^53 or infinity: not shown as a bound */
        snprintf(text, LATHE_FIELD_TEXT, "%s %s",
            field->above_min ? ">" : ">=", lathe_double_text(field->min, low));
    else
        snprintf(text, LATHE_FIELD_TEXT, "%c%s, %s%c", field->above_min ? '(' : '[',
            lathe_double_text(field->zero ? 0 : field->min, low), lathe_double_text(field->max, high),
            field->below_max ? ')' : ']');
    return text;
}

static lathe_status check_number(const char *owner, const lathe_field *field, int index, double value)
{
    bool legal = isfinite(value);
    if (legal && !any_number(field))
        legal = (field->above_min ? value > field->min : value >= field->min) &&
            (field->below_max ? value < field->max : value <= field->max);
    if (legal) return LATHE_OK;
    char number[32], range[LATHE_FIELD_TEXT], place[16] = "";
    if (field->count > 1) snprintf(place, sizeof place, "[%d]", index);
    return lathe_fail(LATHE_EARG, "%s: %s%s = %s is not legal: %s", owner, field->name, place,
        lathe_double_text(value, number), lathe_field_range(field, range));
}

static lathe_status resolve_double(const char *owner, const lathe_field *field, int index, double *value)
{
    if (*value == 0) {
        if (field->required) return lathe_fail(LATHE_EARG, "%s: %s must be given", owner, field->name);
        *value = field->preset[index];
    } else if (*value == LATHE_ZERO) *value = 0;
    return check_number(owner, field, index, *value);
}

static lathe_status resolve_field(const char *owner, const lathe_field *field, void *resolved)
{
    char range[LATHE_FIELD_TEXT];
    void *place = place_of(field, resolved);
    lathe_status status = LATHE_OK;
    for (int i = 0; i < length_of(field) && !status; i++) {
        switch (field->kind) {
        case LATHE_FIELD_DOUBLE: status = resolve_double(owner, field, i, (double *)place + i); break;
        case LATHE_FIELD_INT: {
            int *value = (int *)place + i;
            if (!*value && field->required)
                return lathe_fail(LATHE_EARG, "%s: %s must be given", owner, field->name);
            if (!*value) *value = (int)field->preset[i];
            status = check_number(owner, field, i, *value);
            break;
        }
        case LATHE_FIELD_STEPS: {
            uint64_t *value = (uint64_t *)place + i;
            if (!*value && i) return LATHE_OK; /* the end of a list */
            if (!*value && field->required)
                return lathe_fail(LATHE_EARG, "%s: %s must be given", owner, field->name);
            if (!*value) *value = (uint64_t)field->preset[0];
            status = check_number(owner, field, i, (double)*value);
            break;
        }
        case LATHE_FIELD_CHOICE: {
            int value = *(int *)place;
            if (value < 0 || value >= choices_in(field))
                status = lathe_fail(LATHE_EARG, "%s: %s = %d is not one of %s", owner, field->name, value,
                    lathe_field_range(field, range));
            break;
        }
        case LATHE_FIELD_PATH:
            if (!*(const char *const *)place && field->required)
                return lathe_fail(LATHE_EARG, "%s: %s must be given", owner, field->name);
            break;
        case LATHE_FIELD_BOOL: break;
        }
    }
    return status;
}

lathe_status lathe_fields_resolve(const char *owner, const lathe_field *fields, const void *opts,
    void *resolved, size_t size)
{
    if (!owner || !fields || !resolved)
        return lathe_fail_null("lathe_fields_resolve", !owner ? "owner" : !fields ? "fields" : "resolved");
    if (opts) memcpy(resolved, opts, size);
    else memset(resolved, 0, size);
    lathe_status status = LATHE_OK;
    for (; fields->name && !status; fields++) status = resolve_field(owner, fields, resolved);
    return status;
}

/* ---- fields from text ---------------------------------------------------------------------------------- */

static lathe_status bad_text(const char *owner, const lathe_field *field, const char *text,
    const char *expected)
{
    return lathe_fail(LATHE_EARG, "%s: %s = '%s' is not %s", owner, field->name, text, expected);
}

/* An explicit 0 must survive the rule that 0 means the default: a double becomes LATHE_ZERO, elsewhere it is
 * refused. */
static bool zero_is_default(const lathe_field *field, int index)
{
    return field->preset[index] == 0 && !field->required;
}

static lathe_status refuse_zero(const char *owner, const lathe_field *field)
{
    lathe_status status = check_number(owner, field, 0, 0);
    return status ? status :
                    lathe_fail(LATHE_EARG, "%s: %s = 0 cannot be asked for; leave it out for the default",
                        owner, field->name);
}

static lathe_status set_doubles(const char *owner, const lathe_field *field, double *values, const char *text)
{
    char part[64];
    int count = length_of(field);
    double parsed[2];
    for (int i = 0; i < count; i++) {
        size_t length = strcspn(text, ",");
        bool last = text[length] == '\0';
        if (length >= sizeof part || last != (i + 1 == count))
            return bad_text(owner, field, text,
                count == 1 ? "a number" : "two numbers with a comma between them");
        memcpy(part, text, length);
        part[length] = '\0';
        if (!lathe_parse_double(part, &parsed[i])) return bad_text(owner, field, part, "a number");
        text += length + !last;
    }
    for (int i = 0; i < count; i++)
        values[i] = parsed[i] == 0 && !zero_is_default(field, i) ? LATHE_ZERO : parsed[i];
    return LATHE_OK;
}

static lathe_status set_int(const char *owner, const lathe_field *field, int *value, const char *text)
{
    int64_t parsed;
    if (!lathe_parse_int64(text, &parsed) || parsed < INT32_MIN || parsed > INT32_MAX)
        return bad_text(owner, field, text, "a whole number");
    if (parsed == 0 && field->zero) parsed = field->zero;
    if (parsed == 0 && !zero_is_default(field, 0)) return refuse_zero(owner, field);
    *value = (int)parsed;
    return LATHE_OK;
}

static lathe_status set_length(const char *owner, const lathe_field *field, uint64_t *value, const char *text,
    double steps_per_epoch)
{
    char number[64];
    size_t length = strspn(text, "0123456789+-.eE");
    /* The e of "2ep" and "2.5epochs" belongs to the unit. */
    while (length && (text[length - 1] == 'e' || text[length - 1] == 'E')) length--;
    const char *unit = text + length;
    bool epochs = !strcmp(unit, "ep"), steps = !*unit || !strcmp(unit, "it");
    double amount;
    if (length >= sizeof number || (!epochs && !steps))
        return bad_text(owner, field, text, "a length such as 500, 500it or 2.5ep");
    memcpy(number, text, length);
    number[length] = '\0';
    if (!lathe_parse_double(number, &amount) || amount < 0 || (steps && amount != floor(amount)))
        return bad_text(owner, field, text, "a length such as 500, 500it or 2.5ep");
    if (epochs && !(steps_per_epoch > 0))
        return lathe_fail(LATHE_EARG,
            "%s: %s = '%s': how many steps an epoch has is not known here; give steps", owner, field->name,
            text);
    if (epochs) amount = floor(amount * steps_per_epoch + 0.5);
    if (!(amount <= 9007199254740992.0)) return bad_text(owner, field, text, "below 2^53 steps");
    if (amount == 0 && !zero_is_default(field, 0)) return refuse_zero(owner, field);
    *value = (uint64_t)amount;
    return LATHE_OK;
}

/* One length, or a list of them with commas between, ended by 0. */
static lathe_status set_steps(const char *owner, const lathe_field *field, uint64_t *values, const char *text,
    double steps_per_epoch)
{
    uint64_t parsed[LATHE_FIELD_LIST] = { 0 };
    int count = 0;
    for (const char *rest = text; rest; count++) {
        char part[64];
        size_t length = length_of(field) > 1 ? strcspn(rest, ",") : strlen(rest);
        if (count == length_of(field))
            return lathe_fail(LATHE_EARG, "%s: %s: more than %d lengths are given", owner, field->name,
                count);
        if (length >= sizeof part)
            return bad_text(owner, field, text, "a length such as 500, 500it or 2.5ep");
        memcpy(part, rest, length);
        part[length] = '\0';
        lathe_status status = set_length(owner, field, &parsed[count], part, steps_per_epoch);
        if (status) return status;
        rest = rest[length] ? rest + length + 1 : NULL;
    }
    memcpy(values, parsed, (size_t)length_of(field) * sizeof *values);
    return LATHE_OK;
}

static lathe_status set_bool(const char *owner, const lathe_field *field, bool *value, const char *text)
{
    static const char *const yes[] = { "true", "on", "yes", "1" },
                             *const no[] = { "false", "off", "no", "0" };
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        bool is_yes = !strcmp(text, yes[i]);
        if (is_yes || !strcmp(text, no[i])) {
            *value = is_yes;
            return LATHE_OK;
        }
    }
    return bad_text(owner, field, text, "true or false");
}

static lathe_status set_choice(const char *owner, const lathe_field *field, int *value, const char *text)
{
    for (int i = 0; field->choices[i]; i++) {
        if (!same_name(field->choices[i], text)) continue;
        *value = i;
        return LATHE_OK;
    }
    char range[LATHE_FIELD_TEXT];
    return lathe_fail(LATHE_EARG, "%s: %s = '%s' is not one of %s", owner, field->name, text,
        lathe_field_range(field, range));
}

static lathe_status unknown_field(const char *owner, const lathe_field *fields, const char *name)
{
    char known[320];
    lathe_names names = lathe_names_in(known, sizeof known);
    for (const lathe_field *f = fields; f->name; f++) lathe_names_add(&names, ", ", f->name);
    return lathe_fail(LATHE_ENAME, "%s: no option '%s'; known: %s", owner, name, known);
}

lathe_status lathe_fields_set(const char *owner, const lathe_field *fields, void *opts, const char *name,
    const char *text, double steps_per_epoch)
{
    if (!owner || !fields || !opts || !name || !text)
        return lathe_fail_null("lathe_fields_set",
            !owner      ? "owner" :
                !fields ? "fields" :
                !opts   ? "opts" :
                !name   ? "name" :
                          "text");
    const lathe_field *field = lathe_fields_find(fields, name);
    if (!field) return unknown_field(owner, fields, name);
    void *place = place_of(field, opts);
    switch (field->kind) {
    case LATHE_FIELD_DOUBLE: return set_doubles(owner, field, place, text);
    case LATHE_FIELD_INT: return set_int(owner, field, place, text);
    case LATHE_FIELD_STEPS: return set_steps(owner, field, place, text, steps_per_epoch);
    case LATHE_FIELD_BOOL: return set_bool(owner, field, place, text);
    case LATHE_FIELD_CHOICE: return set_choice(owner, field, place, text);
    case LATHE_FIELD_PATH:
        if (!*text) return bad_text(owner, field, text, "the name of a file");
        *(const char **)place = text;
        return LATHE_OK;
    }
    return LATHE_OK;
}

const char *lathe_field_text(const lathe_field *field, const void *resolved, char text[LATHE_FIELD_TEXT])
{
    if (!field || !resolved || !text)
        return lathe_fail_null("lathe_field_text", !field ? "field" : !resolved ? "resolved" : "text"), NULL;
    char number[32];
    const void *place = constant_place_of(field, resolved);
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < length_of(field); i++) {
        const char *comma = i ? "," : "";
        size_t room = LATHE_FIELD_TEXT - used;
        switch (field->kind) {
        case LATHE_FIELD_DOUBLE:
            used += (size_t)snprintf(text + used, room, "%s%s", comma,
                lathe_double_text(((const double *)place)[i], number));
            break;
        case LATHE_FIELD_INT:
            used += (size_t)snprintf(text + used, room, "%s%d", comma,
                field->zero && ((const int *)place)[i] == field->zero ? 0 : ((const int *)place)[i]);
            break;
        case LATHE_FIELD_STEPS:
            if (i && !((const uint64_t *)place)[i]) return text;
            used += (size_t)snprintf(text + used, room, "%s%" PRIu64, comma, ((const uint64_t *)place)[i]);
            break;
        case LATHE_FIELD_BOOL: snprintf(text, room, "%s", *(const bool *)place ? "true" : "false"); break;
        case LATHE_FIELD_CHOICE: snprintf(text, room, "%s", field->choices[*(const int *)place]); break;
        case LATHE_FIELD_PATH:
            snprintf(text, room, "%s", *(const char *const *)place ? *(const char *const *)place : "");
            break;
        }
    }
    return text;
}

/* ---- unknown names ------------------------------------------------------------------------------------- */

static int least(int a, int b, int c)
{
    int smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/* Levenshtein's distance, of names up to 63 characters. */
static int distance(const char *a, const char *b)
{
    int row[64];
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a > 63 || length_b > 63) return 64;
    for (int j = 0; j <= (int)length_b; j++) row[j] = j;
    for (int i = 1; i <= (int)length_a; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= (int)length_b; j++) {
            int above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[length_b];
}

lathe_status lathe_fail_name(const char *kind, const char *name,
    const char *(*name_of)(const void *context, int index), const void *context)
{
    if (!kind || !name || !name_of)
        return lathe_fail_null("lathe_fail_name", !kind ? "kind" : !name ? "name" : "name_of");
    char known[360], nearest[96] = "";
    lathe_names names = lathe_names_in(known, sizeof known);
    int best = (int)strlen(name) / 2 + 1; /* names further away are not suggested */
    const char *one;
    for (int i = 0; (one = name_of(context, i)); i++) {
        lathe_names_add(&names, ", ", one);
        int off = distance(name, one);
        if (off >= best) continue;
        best = off;
        snprintf(nearest, sizeof nearest, " did you mean %s?", one);
    }
    return lathe_fail(LATHE_ENAME, "unknown %s '%.60s';%s known: %s", kind, name, nearest, known);
}
