/* The results of a comparison, as text, picture and JSON. */
#ifndef LATHE_CLI_DRAWING_COMPARE_H
#define LATHE_CLI_DRAWING_COMPARE_H

#include <lathe/lathe.h>

/** Print a table, and which test was made. */
void cli_variants_print(const lathe_variant *variant, int count);

/** Write a picture: the test accuracy of each run and the mean of each variant. */
lathe_status cli_variants_svg(const char *path, const lathe_compare *compare, const lathe_variant *variant,
    int count);

/** Print one JSON object to stdout. Returns an exit code. */
int cli_variants_json(const lathe_compare *compare, const lathe_variant *variant, int count);

#endif
