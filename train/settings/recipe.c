/* The recipes. Their figures are in docs/training.md. */
#include "recipe.h"

#include <string.h>

/*
 * The head first, on features that are computed once, in one cycle of the rate; then all layers for the last
 * epochs at a thousandth of it, early layers in smaller steps (Howard, Ruder 2018). With higher rates the
 * first steps spoil the weights. The norms keep their statistics, which small batches would spoil too. No
 * picture is held back: the schedule ends near 0, so the last weights are good ones, and the choice of a
 * handful of pictures is worse.
 */
static const lathe_recipe_setting finetune[] = {
    { "freeze", "body", NULL },
    { "unfreeze_after", "50ep", "freeze" },
    { "freeze_norm", "true", NULL },
    { "layer_decay", "0.75", NULL },
    { "optim", "adamw", NULL },
    { "sched", "one_cycle:50ep,cosine", NULL },
    { "max_lr", "1e-2", "sched" },
    { "lr", "1e-5", "sched" },
    { "batch_size", "32", NULL },
    { "epochs", "52", NULL },
    { "val_split", "0", NULL },
    { NULL, NULL, NULL },
};

/* Nothing random precedes the head, so that the features are computed once. */
static const lathe_recipe_setting head[] = {
    { "freeze", "body", NULL },
    { "freeze_norm", "true", NULL },
    { "optim", "adamw", NULL },
    { "sched", "one_cycle", NULL },
    { "max_lr", "1e-2", "sched" },
    { "batch_size", "32", NULL },
    { "epochs", "50", NULL },
    { "val_split", "0", NULL },
    { NULL, NULL, NULL },
};

static const lathe_recipe recipes[] = {
    { "finetune", "train a net with weights from elsewhere: the head first, then all layers", finetune },
    { "head", "train only the last layer of a net with weights from elsewhere", head },
};

enum { RECIPES = sizeof recipes / sizeof recipes[0] };

const lathe_recipe *lathe_recipe_at(int index)
{
    return index >= 0 && index < RECIPES ? &recipes[index] : NULL;
}

static const char *name_at(const void *context, int index)
{
    (void)context;
    return index < RECIPES ? recipes[index].name : NULL;
}

const lathe_recipe *lathe_recipe_find(const char *name)
{
    if (!name) return lathe_fail_null("lathe_recipe_find", "name"), NULL;
    for (int i = 0; i < RECIPES; i++)
        if (!strcmp(recipes[i].name, name)) return &recipes[i];
    lathe_fail_name("recipe", name, name_at, NULL);
    return NULL;
}
