/*
 * Sections: each part of training owns the table of its settings. Reading and writing settings files, the
 * command line, its help, resuming and comparing walk these tables; nothing else lists the keys.
 */
#ifndef LATHE_TRAIN_SETTINGS_SECTION_H
#define LATHE_TRAIN_SETTINGS_SECTION_H

#include "../../sched/text.h"
#include "settings.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_setting_flags {
    LATHE_SETTING_FREE = 1,  /* a resumed run may have another value: the results stay the same */
    LATHE_SETTING_PLACE = 2, /* where, not what: the settings file of a run does not keep it */
    LATHE_SETTING_LINE = 4,  /* for the command line only: a settings file that has it is refused */
    LATHE_SETTING_SILENT = 8 /* a checkpoint does not keep it: how fast or how safely, nothing that shows */
} lathe_setting_flags;

/** One key. */
struct lathe_setting {
    lathe_field field;  /* name, offset in lathe_settings and help; of a number also kind and range */
    const char *preset; /* the default, as text */
    const char *value;  /* what is expected: "N", "NAME", "DIR", "LENGTH", ... */
    size_t text_size;   /* room for a text in lathe_settings; 0: the key is a number */
    unsigned flags;     /* of lathe_setting_flags */
};

/** A type that a section's key chooses, and its options: an optimizer, a schedule, a loss. */
typedef struct lathe_option_type {
    const char *name;
    const lathe_field *fields;
    size_t size; /* of the options struct */
} lathe_option_type;

/** The settings of one part. A part defines `const lathe_section lathe_NAME_section`. */
typedef struct lathe_section {
    const char *name;             /* of the part: "save" */
    const char *heading;          /* in settings files: "train" stands for [train] */
    int order;                    /* sections are listed and written by rising order */
    const lathe_setting *setting; /* ended by one without a name */
    /** Type number `index` that the section's key can choose; false after the last. NULL: the section has no
     * options. Options are given as "HEADING.OPTION", or "HEADING.TYPE.OPTION". */
    bool (*type_at)(int index, lathe_option_type *type);
    /** The types that the settings choose. Errors: LATHE_ENAME, LATHE_EARG. */
    lathe_status (
        *choose)(const lathe_settings *settings, lathe_option_type type[LATHE_SCHED_SEGMENTS], int *count);
} lathe_section;

/** Section number `index` of all, and by their order; NULL after the last. */
const lathe_section *lathe_section_at(int index);
const lathe_section *lathe_section_by_order(int index);

/** Room for the names of all settings and options. */
#define LATHE_SETTING_NAMES 512

/** The names of all settings, then of all options of the sections' types, each once, ended by NULL. */
void lathe_setting_names(const char *name[LATHE_SETTING_NAMES + 1]);

#ifdef __cplusplus
}
#endif
#endif
