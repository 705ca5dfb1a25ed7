#include "kinds.h"

#include <stdio.h>
#include <string.h>

static bool model_at(int index, cli_item *item)
{
    const lathe_model_type *type = lathe_model_at(index);
    if (type) *item = (cli_item){ .name = type->name, .summary = type->summary, .model = type };
    return type;
}

static bool layer_at(int index, cli_item *item)
{
    const lathe_layer_type *type = lathe_layer_at(index);
    if (type) *item = (cli_item){ .name = type->name, .summary = type->summary };
    return type;
}

static bool optimizer_at(int index, cli_item *item)
{
    const lathe_optim_type *type = lathe_optim_at(index);
    if (type) *item = (cli_item){ .name = type->name, .summary = type->summary, .fields = type->fields };
    return type;
}

static bool scheduler_at(int index, cli_item *item)
{
    const lathe_sched_type *type = lathe_sched_at(index);
    if (type) *item = (cli_item){ .name = type->name, .summary = type->summary, .fields = type->fields };
    return type;
}

/* Loss number `index` of those that a task uses, or of those between boxes. */
static bool loss_of(bool boxes, int index, cli_item *item)
{
    const lathe_loss_type *type;
    for (int i = 0; (type = lathe_loss_at(i)); i++)
        if ((boxes ? type->boxes != NULL : type->classify || type->many) && !index--) break;
    if (type)
        *item =
            (cli_item){ .name = type->name, .summary = type->summary, .fields = type->fields, .loss = type };
    return type;
}

static bool loss_at(int index, cli_item *item) { return loss_of(false, index, item); }

static bool box_loss_at(int index, cli_item *item) { return loss_of(true, index, item); }

static bool metric_at(int index, cli_item *item)
{
    const lathe_metric_type *type = lathe_metric_at(index);
    if (type) *item = (cli_item){ .name = type->name, .summary = type->summary, .fields = type->fields };
    return type;
}

static bool transform_at(int index, cli_item *item)
{
    const lathe_transform_type *type = lathe_transform_at(index);
    if (type)
        *item = (cli_item){ .name = type->name,
            .summary = type->help,
            .alias = type->alias,
            .fields = type->fields };
    return type;
}

static bool dataset_at(int index, cli_item *item)
{
    const lathe_data_source *source = lathe_data_source_at(index);
    if (source)
        *item = (cli_item){ .name = source->name, .summary = source->help, .argument = source->argument };
    return source;
}

static bool task_at(int index, cli_item *item)
{
    const lathe_task_type *type = lathe_task_at(index);
    if (type) *item = (cli_item){ .name = type->name, .summary = type->summary };
    return type;
}

static bool probe_at(int index, cli_item *item)
{
    const lathe_probe_type *type = lathe_probe_at(index);
    if (type) *item = (cli_item){ .name = type->name, .summary = type->summary };
    return type;
}

static bool export_at(int index, cli_item *item)
{
    const lathe_export_type *type = lathe_export_at(index);
    if (type) *item = (cli_item){ .name = type->name, .summary = type->summary };
    return type;
}

static bool recipe_at(int index, cli_item *item)
{
    const lathe_recipe *recipe = lathe_recipe_at(index);
    if (recipe) *item = (cli_item){ .name = recipe->name, .summary = recipe->summary, .recipe = recipe };
    return recipe;
}

static const cli_kind kinds[] = { { "models", "networks: --model NAME", "", model_at, "model", true },
    { "layers", "what networks are built from", "", layer_at },
    { "optimizers", "--optim NAME, and its options", "--", optimizer_at, "optim" },
    { "schedulers", "--sched NAME, and its options", "--", scheduler_at, "sched" },
    { "losses", "--loss NAME, and its options", "--", loss_at, "loss" },
    { "box-losses", "losses between boxes, for programs: lathe_loss_find", "", box_loss_at },
    { "tasks", "what is learned from a picture: the data set decides", "", task_at },
    { "metrics", "how good a model's predictions are", "", metric_at, "metric" },
    { "transforms", "what is done to pictures before training", "", transform_at, "augment" },
    { "datasets", "--data NAME or NAME:ARGUMENT", "", dataset_at, "data" },
    { "probes", "what a step does to the net: --probe NAME", "", probe_at, "probe" },
    { "recipes", "settings for a purpose: train --recipe NAME", "", recipe_at, "recipe" },
    { "exports", "kinds of files that a trained model leaves as: export --to NAME", "", export_at, "to" } };

const cli_kind *cli_kind_at(int index)
{
    return index >= 0 && index < (int)(sizeof kinds / sizeof kinds[0]) ? &kinds[index] : NULL;
}

static const char *kind_name(const void *context, int index)
{
    (void)context;
    const cli_kind *kind = cli_kind_at(index);
    return kind ? kind->name : NULL;
}

static const char *item_name(const void *kind, int index)
{
    cli_item item;
    return ((const cli_kind *)kind)->at(index, &item) ? item.name : NULL;
}

const cli_kind *cli_kind_find(const char *name)
{
    for (int i = 0; kind_name(NULL, i); i++)
        if (!strcmp(kinds[i].name, name)) return &kinds[i];
    lathe_fail_name("kind", name, kind_name, NULL);
    return NULL;
}

bool cli_kind_has(const cli_kind *kind, const char *name)
{
    cli_item item;
    for (int i = 0; kind->at(i, &item); i++)
        if (!strcmp(item.name, name)) return true;
    char what[32];
    const size_t ending = strlen(kind->name) - (kind->at == loss_at || kind->at == box_loss_at ? 2 : 1);
    snprintf(what, sizeof what, "%.*s", (int)ending, kind->name);
    lathe_fail_name(what, name, item_name, kind);
    return false;
}
