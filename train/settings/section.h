/*
 * Sections: each part of training owns the table of its settings. Settings files, the command line, its help,
 * resuming and comparing use these tables. No other code lists the keys.
 */
#ifndef LATHE_TRAIN_SETTINGS_SECTION_H
#define LATHE_TRAIN_SETTINGS_SECTION_H

#include "../../sched/text.h"
#include "settings.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_setting_flags {
    LATHE_SETTING_FREE = 1,  /* a resumed run may have another value, with the same results */
    LATHE_SETTING_PLACE = 2, /* a place: not written into a run's settings file */
    LATHE_SETTING_LINE = 4,  /* only for the command line: refused in a settings file */
    LATHE_SETTING_SILENT = 8 /* not written into a checkpoint: it changes only speed or safety */
} lathe_setting_flags;

/** One key. */
struct lathe_setting {
    lathe_field field;  /* name, offset in lathe_settings and help; for a number also kind and range */
    const char *preset; /* the default, as text */
    const char *value;  /* the kind of value: "N", "NAME", "DIR", "LENGTH", ... */
    size_t text_size;   /* bytes of a text in lathe_settings; 0: the key is a number */
    unsigned flags;     /* of lathe_setting_flags */
};

/** A type that a section's key can choose, with its options: an optimizer, a schedule, a loss. */
typedef struct lathe_option_type {
    const char *name;
    const lathe_field *fields;
    size_t size; /* of the options struct */
} lathe_option_type;

/** The settings of one part, which defines `const lathe_section lathe_NAME_section`. */
typedef struct lathe_section {
    const char *name;             /* of the part: "save" */
    const char *heading;          /* in settings files: "train" stands for [train] */
    int order;                    /* sections are listed and written in rising order */
    const lathe_setting *setting; /* ended by one without a name */
    /**
     * Type number `index` that the section's key can choose. Returns false after the last. NULL: the section
     * has no options. Options are given as "HEADING.OPTION", or "HEADING.TYPE.OPTION".
     */
    bool (*type_at)(int index, lathe_option_type *type);
    /** Finds the types that the settings choose. Errors: LATHE_ENAME, LATHE_EARG. */
    lathe_status (
        *choose)(const lathe_settings *settings, lathe_option_type type[LATHE_SCHED_SEGMENTS], int *count);
    /** What the table's ranges cannot say; may be NULL. Errors: LATHE_ENAME, LATHE_EARG. */
    lathe_status (*check)(const lathe_settings *settings);
} lathe_section;

/** Section number `index`: of all, and in their order. NULL after the last. */
const lathe_section *lathe_section_at(int index);
const lathe_section *lathe_section_by_order(int index);

/** The most names of settings and options. */
#define LATHE_SETTING_NAMES 512

/** The names of all settings, then of all options of the sections' types, each once, ended by NULL. */
void lathe_setting_names(const char *name[LATHE_SETTING_NAMES + 1]);

#ifdef __cplusplus
}
#endif
#endif
