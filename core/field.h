/* Options described as data: one table a struct, from which defaults, checks, the command line and the docs
 * are made. */
#ifndef LATHE_CORE_FIELD_H
#define LATHE_CORE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Ask for 0 where 0 would mean the default: the smallest positive double, taken as 0 by every options
 * struct. */
#define LATHE_ZERO 4.9406564584124654e-324

/** The longest list of lengths. */
#define LATHE_FIELD_LIST 16

typedef enum lathe_field_kind {
    LATHE_FIELD_DOUBLE, /* double[count] */
    LATHE_FIELD_INT,    /* int[count] */
    /** uint64_t[count]: lengths in steps; as text also "500it", "2.5ep". More than one: a list, ended by 0 */
    LATHE_FIELD_STEPS,
    LATHE_FIELD_BOOL,   /* bool: as text true/false, on/off, 1/0 */
    LATHE_FIELD_CHOICE, /* an enum (int) whose value n is choices[n]; value 0 is the default */
    LATHE_FIELD_PATH /* const char *: the name of a file, which must outlive the options; NULL is the default
                      */
} lathe_field_kind;

/** One option. A table of them ends with one whose name is NULL. */
typedef struct lathe_field {
    const char *name; /* PyTorch's word, as in the struct: "weight_decay" */
    lathe_field_kind kind;
    size_t offset; /* offsetof in the options struct */
    int count; /* array length, such as 2 for betas; 0 means 1; a list of lengths: at most LATHE_FIELD_LIST */
    double preset[2];           /* the default: what 0 means */
    double min, max;            /* legal range, inclusive unless said otherwise; both 0: any finite number */
    bool above_min, below_max;  /* the end of the range itself is not legal */
    bool required;              /* 0 is not legal and there is no default */
    const char *const *choices; /* for LATHE_FIELD_CHOICE: names, ended by NULL */
    const char *help;           /* one line */
} lathe_field;

/**
 * Copy `opts` (NULL: all zero) into `resolved`, both `size` bytes, with every zero replaced by its default,
 * LATHE_ZERO by 0, and each field checked. `owner` begins the message: "adamw: betas[0] = 1.5 is not legal:
 * [0, 1)".
 * Fields that the table does not describe are copied as they are. Errors: LATHE_EARG.
 */
lathe_status lathe_fields_resolve(const char *owner, const lathe_field *fields, const void *opts,
    void *resolved, size_t size);

/**
 * Set one field of `opts` from text, as the command line and settings files do. A hyphen in `name` is an
 * underscore; arrays are "0.9,0.999"; "0" is stored so that it is not mistaken for the default. Numbers are
 * read with a decimal point whatever the locale. `steps_per_epoch` gives "2.5ep" its meaning, rounded to
 * whole steps; 0: epochs are not known here.
 * Errors   LATHE_ENAME (lists the known names), LATHE_EARG.
 */
lathe_status lathe_fields_set(const char *owner, const lathe_field *fields, void *opts, const char *name,
    const char *text, double steps_per_epoch);

/** The field of that name (hyphens as underscores), NULL if there is none. */
const lathe_field *lathe_fields_find(const lathe_field *fields, const char *name);

/** Room for a field's value as text. */
#define LATHE_FIELD_TEXT 384

/** The value of a field in resolved options, as lathe_fields_set would read it back exactly; returns `text`.
 */
const char *lathe_field_text(const lathe_field *field, const void *resolved, char text[LATHE_FIELD_TEXT]);

/** "[0, 1)", "> 0", "a | b | c": the legal range, for messages and lists; returns `text`. */
const char *lathe_field_range(const lathe_field *field, char text[LATHE_FIELD_TEXT]);

/** A number from the whole of `text` with a decimal point in any locale; false if it is not one, or not
 * finite. */
bool lathe_parse_double(const char *text, double *number);

/** An integer from the whole of `text`; false if it is not one or does not fit. */
bool lathe_parse_int64(const char *text, int64_t *number);

/** The shortest text (at most 24 characters) that reads back as the same double, with a point in any locale;
 * returns `text`. */
const char *lathe_double_text(double number, char text[32]);

/** The number with at most so many significant digits (1 ... 17), with a point in any locale; returns `text`.
 */
const char *lathe_double_digits(double number, int digits, char text[32]);

/**
 * For unknown names: "unknown optimizer 'adamv'; did you mean adamw? known: adamw, sgd" as LATHE_ENAME.
 * `name_of(i)` gives known name number i, NULL after the last.
 */
lathe_status lathe_fail_name(const char *kind, const char *name, const char *(*name_of)(int index));

#ifdef __cplusplus
}
#endif
#endif
