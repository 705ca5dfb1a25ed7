/* Options described as data: one table a struct gives defaults, checks, the command line and the docs. */
#ifndef LATHE_CORE_FIELD_H
#define LATHE_CORE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * In place of 0 where 0 means the default: the smallest positive double, which every options struct reads as
 * 0.
 */
#define LATHE_ZERO 4.9406564584124654e-324

/** The longest list of lengths. */
#define LATHE_FIELD_LIST 16

typedef enum lathe_field_kind {
    LATHE_FIELD_DOUBLE, /* double[count] */
    LATHE_FIELD_INT,    /* int[count] */
    /** uint64_t[count]: lengths in steps; as text also "500it", "2.5ep". With a count: a list, ended by 0. */
    LATHE_FIELD_STEPS,
    LATHE_FIELD_BOOL,   /* bool: as text true/false, on/off, 1/0 */
    LATHE_FIELD_CHOICE, /* an enum (int) whose value n is choices[n]; value 0 is the default */
    LATHE_FIELD_PATH    /* const char *: a file's name, which must outlive the options; NULL is the default */
} lathe_field_kind;

/** One option. A table ends with a field whose name is NULL. */
typedef struct lathe_field {
    const char *name; /* PyTorch's word, as in the struct: "weight_decay" */
    lathe_field_kind kind;
    size_t offset; /* offsetof in the options struct */
    int count; /* array length, such as 2 for betas; 0 means 1; a list of lengths: at most LATHE_FIELD_LIST */
    double preset[2]; /* the default, which 0 means */
    /** legal range, inclusive unless above_min, below_max; both 0: finite numbers */
    double min, max;
    bool above_min, below_max; /* min itself, max itself is not legal */
    bool required;             /* 0 is not legal and there is no default */
    int zero; /* of an int whose default is not 0: the number that stands for 0; 0: 0 is not legal */
    const char *const *choices; /* for LATHE_FIELD_CHOICE: names, ended by NULL */
    const char *help;           /* one line */
} lathe_field;

/**
 * Copy `opts` (NULL: all zero) into `resolved`, both of `size` bytes, and check each field. A zero becomes
 * the default, LATHE_ZERO becomes 0. Fields that the table does not describe are copied unchanged.
 * owner    begins the message: "adamw: betas[0] = 1.5 is not legal: [0, 1)"
 * Errors   LATHE_EARG
 */
lathe_status lathe_fields_resolve(const char *owner, const lathe_field *fields, const void *opts,
    void *resolved, size_t size);

/**
 * Set one field of `opts` from text, as the command line and settings files do. A hyphen in `name` is an
 * underscore. Arrays are "0.9,0.999". "0" is stored as LATHE_ZERO or as the field's `zero`, not as the
 * default. Numbers have a decimal point in any locale.
 * steps_per_epoch   converts "2.5ep", rounded to whole steps; 0: epochs are unknown here
 * Errors            LATHE_ENAME (lists the known names), LATHE_EARG
 */
lathe_status lathe_fields_set(const char *owner, const lathe_field *fields, void *opts, const char *name,
    const char *text, double steps_per_epoch);

/** The field of this name (hyphens are underscores); NULL if the table has no such field. */
const lathe_field *lathe_fields_find(const lathe_field *fields, const char *name);

/** The field that `key`, "max_lr" or with its owner "cyclic.max_lr", names; NULL if `owner` has no such
 * field. */
const lathe_field *lathe_fields_find_of(const char *owner, const lathe_field *fields, const char *key);

/** Bytes for a field's value as text. */
#define LATHE_FIELD_TEXT 384

/**
 * The value of a field in resolved options, as text that lathe_fields_set reads back exactly. Returns `text`.
 */
const char *lathe_field_text(const lathe_field *field, const void *resolved, char text[LATHE_FIELD_TEXT]);

/** The legal range for messages and lists: "[0, 1)", "> 0", "a | b | c". Returns `text`. */
const char *lathe_field_range(const lathe_field *field, char text[LATHE_FIELD_TEXT]);

/**
 * Read a finite number from all of `text`, with a decimal point in any locale. Returns false if it is not
 * one.
 */
bool lathe_parse_double(const char *text, double *number);

/** Read an integer from all of `text`. Returns false if it is not an integer or does not fit. */
bool lathe_parse_int64(const char *text, int64_t *number);

/**
 * The shortest text (at most 24 characters) that reads back exactly, with a decimal point. Returns `text`.
 */
const char *lathe_double_text(double number, char text[32]);

/** The number with at most `digits` significant digits (1 to 17), with a decimal point. Returns `text`. */
const char *lathe_double_digits(double number, int digits, char text[32]);

/** The same for axes: numbers from 1 to 1e9 have no exponent: "1000", not "1e+03". Returns `text`. */
const char *lathe_double_tick(double number, int digits, char text[32]);

/**
 * Fail with LATHE_ENAME for an unknown name: "unknown optimizer 'adamv'; did you mean adamw? known: adamw,
 * sgd". `name_of(context, i)` returns known name number i, and NULL after the last.
 */
lathe_status lathe_fail_name(const char *kind, const char *name,
    const char *(*name_of)(const void *context, int index), const void *context);

#ifdef __cplusplus
}
#endif
#endif
