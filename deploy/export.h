/* Exports: a net leaves lathe as a file of another kind. A kind is one object, one file and one test. */
#ifndef LATHE_DEPLOY_EXPORT_H
#define LATHE_DEPLOY_EXPORT_H

#include "../nn/graph.h"
#include "trained.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes for the name of an exported net, with its ending zero. */
#define LATHE_EXPORT_NAME 64

/** NULL or zeros: the model's name, folded, one image at a time. A kind refuses what it cannot do. */
typedef struct lathe_export_opts {
    /** What the file calls the net: letters, digits, underscores, no digit first. NULL: the model's name. */
    const char *name;
    bool no_fold;       /* batch norms stay operations of their own */
    bool dynamic_batch; /* any number of images at once */
    bool preprocessing; /* the file takes 8-bit pixels and normalises them itself */
    bool split_weights; /* the weights are a file of their own */
} lathe_export_opts;

/** What a kind of export writes. */
typedef struct lathe_exported {
    const lathe_graph *graph;
    const lathe_trained *trained; /* classes, mean, std, task, checksums; NULL for a bare net */
    char name[LATHE_EXPORT_NAME];
    lathe_export_opts opts; /* opts.name is `name` */
} lathe_exported;

/** A kind of export. */
typedef struct lathe_export_type {
    const char *name;      /* "onnx" */
    const char *summary;   /* one line for `lathe list` */
    const char *suffix;    /* of its files: ".onnx" */
    lathe_graph_fold fold; /* how it wants the graph, unless opts.no_fold */
    /** Write the file, all of it or nothing. Errors: LATHE_EARG for an operation or option without a form. */
    lathe_status (*write)(const lathe_exported *exported, const char *path);
} lathe_export_type;

/** Kind of export number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_export_type *lathe_export_at(int index);

/** The kind of this name (see lathe_registry_find). Errors: LATHE_ENAME, listing the known names. */
const lathe_export_type *lathe_export_find(const char *name);

/**
 * Add a kind of export of the program (see core/registry.h).
 * Errors   LATHE_ENAME if the name is taken; LATHE_EARG if it has no write or no suffix
 */
lathe_status lathe_export_register(const lathe_export_type *type);

/**
 * Write a trained model with its classes and normalisation.
 *
 * to       the kind: "onnx", "c"
 * path     of the file, which is replaced if it exists
 * Errors   those of lathe_export_find and lathe_graph_new; LATHE_EARG for a wrong name, for an operation that
 *          the kind has no form of ("onnx: lathe_kl_div ..., layer '3'"), and for options that it does not
 *          have; LATHE_EIO
 */
lathe_status lathe_export_trained(const lathe_trained *trained, const char *to, const char *path,
    const lathe_export_opts *opts);

/**
 * Write a net alone, for images of this shape, such as `(lathe_shape){ 3, { 1, 28, 28 } }`. Its name is
 * opts->name, or "net". Errors: as lathe_export_trained.
 */
lathe_status lathe_export_net(lathe_layer *net, lathe_shape image, const char *to, const char *path,
    const lathe_export_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
