/*
 * Recipes: settings for a purpose, by name. They are defaults: whoever uses a recipe may set any of them
 * otherwise.
 */
#ifndef LATHE_TRAIN_SETTINGS_RECIPE_H
#define LATHE_TRAIN_SETTINGS_RECIPE_H

#include "settings.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One setting of a recipe. */
typedef struct lathe_recipe_setting {
    const char *key, *text; /* as for lathe_settings_set */
    /** has a meaning only beside the recipe's setting of this key, "sched" for "max_lr"; NULL: always */
    const char *owner;
} lathe_recipe_setting;

typedef struct lathe_recipe {
    const char *name;                    /* as on the command line: "finetune" */
    const char *summary;                 /* one line for `lathe list` */
    const lathe_recipe_setting *setting; /* ended by one without a key */
} lathe_recipe;

/** Recipe number `index`; NULL after the last. */
const lathe_recipe *lathe_recipe_at(int index);

/** The recipe of this name. Errors: LATHE_ENAME, listing the known names. */
const lathe_recipe *lathe_recipe_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
