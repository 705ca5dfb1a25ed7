#include <stdio.h>
#include <string.h>

#include "../command.h"
#include "../json.h"
#include "../kinds.h"
#include "../settings.h"
#include "../drawing/table.h"

/* ---- what a model costs -------------------------------------------------------------------------------- */

/* Parameters and FLOPs of a model of the zoo at its native size. */
static lathe_summary *summary_of(const lathe_model_type *type)
{
    lathe_model *model = lathe_model_new();
    lathe_layer *net = model ? lathe_model_build(model, type->name, NULL) : NULL;
    lathe_summary *summary = NULL;
    if (net)
        summary = lathe_nn_summary(net,
            (lathe_shape){ 3, { type->native.channels, type->native.height, type->native.width } });
    lathe_model_free(model);
    return summary;
}

/* ---- for people ---------------------------------------------------------------------------------------- */

/* `prefix` is printed before a name: "--" on the command line. */
static void print_fields(const lathe_field *field, const char *prefix)
{
    cli_table *table = cli_table_new("llll");
    cli_table_row(table, (const char *const[]){ "option", "default", "range", "" });
    for (; field->name; field++) {
        char name[64], preset[LATHE_FIELD_TEXT], range[LATHE_FIELD_TEXT];
        snprintf(name, sizeof name, "%s%s", prefix, field->name);
        for (char *c = name; *prefix && *c; c++)
            if (*c == '_') *c = '-';
        cli_table_row(table,
            (const char *const[]){ name, cli_field_preset(field, preset), lathe_field_range(field, range),
                field->help ? field->help : "" });
    }
    cli_table_print(table, stdout, 4);
}

static void print_recipe(const lathe_recipe *recipe)
{
    cli_table *table = cli_table_new("ll");
    printf("%s: %s\n", recipe->name, recipe->summary);
    for (const lathe_recipe_setting *s = recipe->setting; s->key; s++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", s->key);
        for (char *c = name; *c; c++)
            if (*c == '_') *c = '-';
        cli_table_row(table, (const char *const[]){ name, strcmp(s->text, "true") ? s->text : "" });
    }
    cli_table_print(table, stdout, 4);
    putchar('\n');
}

static int print_models(const char *only)
{
    cli_table *table = cli_table_new("llrrrl");
    cli_table_row(table, (const char *const[]){ "model", "input", "classes", "parameters", "MFLOP", "" });
    for (int i = 0; lathe_model_at(i); i++) {
        const lathe_model_type *type = lathe_model_at(i);
        if (only && strcmp(only, type->name)) continue;
        char input[48], classes[16], parameters[32], flops[32];
        lathe_summary *summary = summary_of(type);
        if (!summary) return cli_library_failed();
        snprintf(input, sizeof input, "%dx%dx%d", type->native.channels, type->native.height,
            type->native.width);
        snprintf(classes, sizeof classes, "%d", type->native.classes);
        snprintf(parameters, sizeof parameters, "%zu", summary->parameters);
        snprintf(flops, sizeof flops, "%.2f", summary->flops * 1e-6);
        cli_table_row(table,
            (const char *const[]){ type->name, input, classes, parameters, flops, type->summary });
        lathe_summary_free(summary);
    }
    cli_table_print(table, stdout, 0);
    puts("\nMFLOP: of a forward of one image, a multiply-add counted as 2; a training step needs about three "
         "times that.");
    return CLI_DONE;
}

/* What a loss can be used for. */
static const char *uses_of(const lathe_loss_type *loss)
{
    if (!loss || loss->boxes) return "";
    return loss->classify && loss->many ? " (for labels and tags)" :
        loss->many                      ? " (for tags)" :
                                          " (for labels)";
}

static int print_items(const cli_kind *kind, const char *only)
{
    if (kind->is_models) return print_models(only);
    cli_item item;
    cli_table *table = cli_table_new("ll");
    for (int i = 0; kind->at(i, &item); i++) {
        if (only && strcmp(only, item.name)) continue;
        if (item.recipe) {
            print_recipe(item.recipe);
            continue;
        }
        if (item.fields) {
            printf("%s%s%s: %s%s\n", item.name, item.alias ? ", " : "", item.alias ? item.alias : "",
                item.summary, uses_of(item.loss));
            if (item.fields->name) print_fields(item.fields, kind->prefix);
            putchar('\n');
            continue;
        }
        char name[128];
        bool optional = item.argument && item.argument[0] == '['; /* "[DIR]": NAME[:DIR] */
        snprintf(name, sizeof name, "%s%s%s", item.name,
            optional          ? "[:" :
                item.argument ? ":" :
                                "",
            item.argument ? item.argument + optional : "");
        cli_table_row(table, (const char *const[]){ name, item.summary ? item.summary : "" });
    }
    cli_table_print(table, stdout, 0);
    return CLI_DONE;
}

/* ---- for programs -------------------------------------------------------------------------------------- */

static void add_fields(cJSON *object, const lathe_field *field)
{
    cJSON *options = cJSON_AddArrayToObject(object, "options");
    for (; field && field->name; field++) {
        char preset[LATHE_FIELD_TEXT], range[LATHE_FIELD_TEXT];
        cJSON *option = cJSON_CreateObject();
        cJSON_AddStringToObject(option, "name", field->name);
        if (field->required) cJSON_AddNullToObject(option, "default");
        else cJSON_AddStringToObject(option, "default", cli_field_preset(field, preset));
        cJSON_AddStringToObject(option, "range", lathe_field_range(field, range));
        cJSON_AddStringToObject(option, "help", field->help ? field->help : "");
        cJSON_AddItemToArray(options, option);
    }
}

static void add_model(cJSON *object, const lathe_model_type *type)
{
    lathe_summary *summary = summary_of(type);
    cJSON_AddNumberToObject(object, "channels", type->native.channels);
    cJSON_AddNumberToObject(object, "height", type->native.height);
    cJSON_AddNumberToObject(object, "width", type->native.width);
    cJSON_AddNumberToObject(object, "classes", type->native.classes);
    cJSON_AddNumberToObject(object, "parameters", summary ? (double)summary->parameters : 0);
    cJSON_AddNumberToObject(object, "flops", summary ? summary->flops : 0);
    lathe_summary_free(summary);
}

static void add_recipe(cJSON *object, const lathe_recipe *recipe)
{
    cJSON *settings = cJSON_AddObjectToObject(object, "settings");
    for (const lathe_recipe_setting *s = recipe->setting; s->key; s++)
        cJSON_AddStringToObject(settings, s->key, s->text);
}

static int print_json(const cli_kind *kind, const char *only)
{
    cli_item item;
    cJSON *object = cli_json_new(), *array = cJSON_AddArrayToObject(object, kind->name);
    for (int i = 0; kind->at(i, &item); i++) {
        if (only && strcmp(only, item.name)) continue;
        cJSON *entry = cJSON_CreateObject();
        cJSON_AddStringToObject(entry, "name", item.name);
        cJSON_AddStringToObject(entry, "summary", item.summary ? item.summary : "");
        if (item.argument) cJSON_AddStringToObject(entry, "argument", item.argument);
        if (item.alias) cJSON_AddStringToObject(entry, "alias", item.alias);
        if (item.loss) {
            cJSON_AddBoolToObject(entry, "labels", item.loss->classify != NULL);
            cJSON_AddBoolToObject(entry, "tags", item.loss->many != NULL);
            cJSON_AddBoolToObject(entry, "boxes", item.loss->boxes != NULL);
        }
        if (item.recipe) add_recipe(entry, item.recipe);
        else if (item.model) add_model(entry, item.model);
        else add_fields(entry, item.fields);
        cJSON_AddItemToArray(array, entry);
    }
    return cli_json_print(object);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int print_kinds(bool json)
{
    if (json) {
        cJSON *object = cli_json_new(), *array = cJSON_AddArrayToObject(object, "kinds");
        for (int i = 0; cli_kind_at(i); i++)
            cJSON_AddItemToArray(array, cJSON_CreateString(cli_kind_at(i)->name));
        return cli_json_print(object);
    }
    cli_table *table = cli_table_new("ll");
    for (int i = 0; cli_kind_at(i); i++)
        cli_table_row(table, (const char *const[]){ cli_kind_at(i)->name, cli_kind_at(i)->summary });
    cli_table_print(table, stdout, 0);
    return CLI_DONE;
}

static int run(const cli_line *line)
{
    if (!line->arguments) return print_kinds(line->json);
    const cli_kind *kind = cli_kind_find(line->argument[0]);
    const char *only = line->arguments > 1 ? line->argument[1] : NULL;
    if (!kind || (only && !cli_kind_has(kind, only))) return cli_library_failed();
    return line->json ? print_json(kind, only) : print_items(kind, only);
}

extern const cli_command lathe_list_command;
const cli_command lathe_list_command = {
    .name = "list",
    .summary = "models, layers, optimizers, schedulers, losses, tasks, metrics, transforms, datasets, "
               "probes, recipes, exports with their options",
    .arguments = "[KIND [NAME]]",
    .about = "Lists all of a kind with their options, defaults and legal ranges, or only NAME.\n"
             "Kinds: models, layers, optimizers, schedulers, losses, tasks, metrics, transforms,\n"
             "datasets, probes, recipes, exports.",
    .example = "lathe list schedulers cyclic",
    .most = 2,
    .run = run,
};
