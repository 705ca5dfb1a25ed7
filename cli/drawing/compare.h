/* The results of a comparison, as text, picture and JSON. */
#ifndef LATHE_CLI_DRAWING_COMPARE_H
#define LATHE_CLI_DRAWING_COMPARE_H

#include <lathe/lathe.h>

/** A comparison with what its results say. */
typedef struct cli_results {
    const lathe_compare *compare;
    lathe_variant *variant;
    lathe_hypothesis *hypothesis;
    lathe_curve *curve;   /* of each run; only for the picture */
    const char *curve_of; /* "val_accuracy" */
    int variants, hypotheses;
} cli_results;

/** Print a table of variants, a table of hypotheses if some were named, and which test was made. */
void cli_results_print(const cli_results *results);

/**
 * Print what each variant did, a line for each: lathe_account_words of its runs that did not die, as far as
 * their folders have curves. Returns an exit code.
 */
int cli_results_accounts(const cli_results *results);

/** Write a picture: the learning rate of each variant, and the mean curve of its seeds. */
lathe_status cli_results_svg(const char *path, const cli_results *results);

/** Print one JSON object to stdout. Returns an exit code. */
int cli_results_json(const cli_results *results);

#endif
