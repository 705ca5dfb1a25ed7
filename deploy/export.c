#include "export.h"

#include <ctype.h>
#include <string.h>

#include "../core/registry.h"

extern const void *const lathe_export_types[];

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_export_type *type = object;
    if (!type->write || !type->suffix)
        return lathe_registry_refuse(registry, object, "%s is NULL", type->write ? "suffix" : "write");
    return LATHE_OK;
}

static lathe_registry registry = { .kind = "export",
    .prefix = "lathe_export",
    .table = lathe_export_types,
    .check = check_type };

const lathe_export_type *lathe_export_at(int index) { return lathe_registry_at(&registry, index); }
const lathe_export_type *lathe_export_find(const char *name) { return lathe_registry_find(&registry, name); }
lathe_status lathe_export_register(const lathe_export_type *type)
{
    return lathe_registry_add(&registry, type);
}

/* ---- names --------------------------------------------------------------------------------------------- */

static bool is_of_name(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* The name as given, or made of the model's: "mobilenet_v1_blocks_12" of "mobilenet_v1:blocks=12". */
static lathe_status set_name(lathe_exported *exported, const char *model)
{
    const char *given = exported->opts.name, *from = given ? given : model;
    size_t length = 0;
    if (given && (!*given || isdigit((unsigned char)*given) || strlen(given) >= LATHE_EXPORT_NAME))
        return lathe_fail(LATHE_EARG,
            "export: the name '%.80s' must have 1 to %d letters, digits and underscores, no digit first",
            given, LATHE_EXPORT_NAME - 1);
    if (isdigit((unsigned char)*from)) exported->name[length++] = '_';
    for (; *from && length < LATHE_EXPORT_NAME - 1; from++) {
        if (given && !is_of_name(*from))
            return lathe_fail(LATHE_EARG,
                "export: the name '%s' has a '%c'; it may have letters, digits and underscores", given,
                *from);
        exported->name[length++] = (char)(is_of_name(*from) ? *from : '_');
    }
    exported->opts.name = exported->name;
    return LATHE_OK;
}

/* ---- exports ------------------------------------------------------------------------------------------- */

static lathe_status export(lathe_exported *exported, lathe_layer *net, lathe_shape image, const char *to,
    const char *path, const char *model)
{
    const lathe_export_type *type = lathe_export_find(to);
    lathe_status status = type ? set_name(exported, model) : lathe_error();
    if (status) return status;
    lathe_graph *graph = lathe_graph_new(net, image, exported->opts.no_fold ? LATHE_GRAPH_PLAIN : type->fold);
    exported->graph = graph;
    status = graph ? type->write(exported, path) : lathe_error();
    lathe_graph_free(graph);
    return status;
}

lathe_status lathe_export_trained(const lathe_trained *trained, const char *to, const char *path,
    const lathe_export_opts *opts)
{
    if (!trained || !to || !path)
        return lathe_fail_null("lathe_export_trained", !trained ? "trained" : to ? "path" : "to");
    lathe_exported exported = { .trained = trained, .opts = opts ? *opts : (lathe_export_opts){ 0 } };
    const lathe_shape image = { 3, { trained->data.channels, trained->task->height, trained->task->width } };
    return export(&exported, trained->net, image, to, path, trained->model_name);
}

lathe_status lathe_export_net(lathe_layer *net, lathe_shape image, const char *to, const char *path,
    const lathe_export_opts *opts)
{
    if (!net || !to || !path) return lathe_fail_null("lathe_export_net", !net ? "net" : to ? "path" : "to");
    lathe_exported exported = { .opts = opts ? *opts : (lathe_export_opts){ 0 } };
    return export(&exported, net, image, to, path, "net");
}
