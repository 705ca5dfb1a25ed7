/* The results of a comparison, for people and for programs. */
#ifndef LATHE_CLI_COMPARE_H
#define LATHE_CLI_COMPARE_H

#include <lathe/lathe.h>

/** A variant: what came of its runs. */
typedef struct cli_group {
    const char *name;
    lathe_spread accuracy, val_loss, train_loss, seconds; /* accuracy: of the test, 0 ... 1 */
    int runs, ended, diverged;
    lathe_paired_t against; /* the baseline, seed by seed */
    double p;               /* of that, with Holm's correction for all variants */
} cli_group;

/** The variants of a comparison in their order, to be given to lathe_free, against the one named `baseline` (NULL: the first). NULL: out of memory, unknown name. */
cli_group *cli_groups_of(const lathe_compare *compare, const char *baseline, int *count, int *base);

/** As a table, with what test was made. */
void cli_groups_print(const cli_group *group, int count, int base);

/** As a picture: the test accuracy of each run and the mean of each variant. */
lathe_status cli_groups_svg(const char *path, const lathe_compare *compare, const cli_group *group, int count);

/** As one JSON object on stdout. Returns an exit code. */
int cli_groups_json(const lathe_compare *compare, const cli_group *group, int count, int base);

#endif
