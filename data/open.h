/* Data sets by name: "fashion-mnist", "mnist:DIR", "shapes:colour", as the command line gives them. */
#ifndef LATHE_DATA_OPEN_H
#define LATHE_DATA_OPEN_H

#include <stdbool.h>

#include "dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a name leaves open. NULL or zeros: the set's own. */
typedef struct lathe_data_opts {
    int size;      /* side of the pictures, for sets whose pictures can have any */
    int channels;  /* 1 grey, 3 colour, for sets that can be both */
    uint64_t seed; /* for sets that are generated, or split when they are opened */
    bool skip_bad; /* leave out the pictures that cannot be read, rather than fail */
    /** for sets of picture files: keep all decoded if that takes no more than this; 0: 1 GiB, 1: never */
    size_t cache_bytes;
} lathe_data_opts;

/** A kind of data set that a name can stand for: `const lathe_data_source lathe_..._source = {` beside its
 * reader. */
typedef struct lathe_data_source {
    const char *name; /* what comes before the colon: "mnist" */
    /** what comes after it, for lists: "DIR", "[DIR]" where it may be left out, NULL where there is none */
    const char *argument;
    const char *help; /* one line */
    bool has_val;     /* may have a validation part of its own: open takes LATHE_SPLIT_VAL */
    lathe_dataset *(*open)(const char *argument, lathe_split split,
        const lathe_data_opts *opts); /* argument NULL: not given */
} lathe_data_source;

/** Source number `index` of all; NULL after the last. */
const lathe_data_source *lathe_data_source_at(int index);

/**
 * Open a data set by its name: NAME or NAME:ARGUMENT.
 * LATHE_SPLIT_VAL of a set that has no validation part beside its test part: LATHE_ESTATE.
 * Errors   LATHE_ENAME (lists the known ones), LATHE_EARG (an argument that is missing or not wanted, an
 *          option that the set does not have), and those of the set's own reader: returns NULL.
 */
lathe_dataset *lathe_data_open(const char *spec, lathe_split split, const lathe_data_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
