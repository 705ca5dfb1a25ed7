/* What `lathe list` lists: the registries of the library in one form. */
#ifndef LATHE_CLI_KINDS_H
#define LATHE_CLI_KINDS_H

#include <stdbool.h>

#include <lathe/lathe.h>

/** An object of any registry. */
typedef struct cli_item {
    const char *name, *summary;
    const char *argument, *alias;  /* of a data set, of a transform; may be NULL */
    const lathe_field *fields;     /* NULL: no options */
    const lathe_model_type *model; /* of a model */
    const lathe_loss_type *loss;   /* of a loss */
    const lathe_recipe *recipe;    /* of a recipe */
} cli_item;

/** A registry. */
typedef struct cli_kind {
    const char *name; /* "optimizers" */
    const char *summary;
    const char *prefix;                    /* before the name of an option: "--" on the command line */
    bool (*at)(int index, cli_item *item); /* false after the last */
    const char *option;                    /* the option that takes a name of it: "optim"; NULL: no option */
    bool is_models;
} cli_kind;

/** Kind number `index`; NULL after the last. */
const cli_kind *cli_kind_at(int index);

/** The kind of this name; NULL after a failure that lists the known names. */
const cli_kind *cli_kind_find(const char *name);

/** Returns true if the kind has an object of this name; false after a failure that lists the known names. */
bool cli_kind_has(const cli_kind *kind, const char *name);

#endif
