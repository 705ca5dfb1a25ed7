/* Data sets by name, as on the command line: "fashion-mnist", "mnist:DIR", "shapes:colour". */
#ifndef LATHE_DATA_OPEN_H
#define LATHE_DATA_OPEN_H

#include <stdbool.h>

#include "dataset.h"
#include "part.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Options that a name does not contain. NULL or zeros: the set's own. */
typedef struct lathe_data_opts {
    int size;      /* side of the pictures in pixels, for sets that can have any size */
    int channels;  /* 1 grey, 3 colour, for sets that can have both */
    uint64_t seed; /* for sets that are generated, or split when they are opened */
    bool skip_bad; /* leave out pictures that cannot be read; false: fail */
    /** Keep all pictures decoded or unpacked in memory if they need at most this; 0: 1 GiB, 1: never. */
    size_t cache_bytes;
    size_t max_pixels; /* for sets of picture files: refuse larger ones, see lathe_files_opts; 0: 32 mebi */
    double crop_ratio; /* of picture files, see lathe_files_opts; 0: scaled until they cover the size */
    lathe_filter interpolation; /* of picture files */
    int background; /* of picture files: behind transparent pixels, see lathe_colour_parse; 0: none */
    const char *label_column; /* for tables: their columns of labels, see lathe_folder_opts; NULL: all */
} lathe_data_opts;

/** A kind of data set with a name: `const lathe_data_source lathe_..._source = {` beside its reader. */
typedef struct lathe_data_source {
    const char *name; /* before the colon: "mnist" */
    /** After the colon, for lists: "DIR", or "[DIR]" if it is optional; NULL: no argument. */
    const char *argument;
    const char *help; /* one line */
    bool has_val;     /* may have a validation set: open accepts LATHE_SPLIT_VAL */
    bool has_files;   /* has picture files: takes opts.background, crop_ratio and interpolation */
    bool has_columns; /* is a table: takes opts.label_column */
    /** `argument` is NULL if it was not given. */
    lathe_dataset *(*open)(const char *argument, lathe_split split, const lathe_data_opts *opts);
} lathe_data_source;

/** Data source number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_data_source *lathe_data_source_at(int index);

/** The data source of this name (see lathe_registry_find). Errors: LATHE_ENAME, listing the known names. */
const lathe_data_source *lathe_data_source_find(const char *name);

/**
 * Add a data source of the program (see core/registry.h). Settings, lists and checkpoints find it by name.
 * Errors   LATHE_ENAME if the name is taken;
 *          LATHE_EARG if it has no open.
 */
lathe_status lathe_data_source_register(const lathe_data_source *type);

/**
 * Open a data set by its name: NAME or NAME:ARGUMENT.
 * Errors   LATHE_ENAME (lists the known names); LATHE_EARG (an argument that is missing or unexpected, an
 *          option that the set does not have); LATHE_ESTATE for LATHE_SPLIT_VAL of a set without a validation
 *          set; those of the set's reader: returns NULL.
 */
lathe_dataset *lathe_data_open(const char *spec, lathe_split split, const lathe_data_opts *opts);

/**
 * Open the validation set that a data set has of its own. *val becomes NULL if it has none, which is not an
 * error.
 * Errors   those of lathe_data_open, except LATHE_ESTATE
 */
lathe_status lathe_data_open_val(const char *spec, const lathe_data_opts *opts, lathe_dataset **val);

#ifdef __cplusplus
}
#endif
#endif
