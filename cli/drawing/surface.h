/* Functions of two numbers, to watch optimizers on. */
#ifndef LATHE_CLI_DRAWING_SURFACE_H
#define LATHE_CLI_DRAWING_SURFACE_H

/** A function with one lowest place, where it is 0. */
typedef struct cli_surface {
    const char *name, *summary;
    double start[2], goal[2];
    double low[2], high[2];                          /* what a picture shows */
    const double *levels;                            /* whose lines it shows; ended by 0 */
    double (*value)(const double p[2], double g[2]); /* and its gradient */
    void (*on_level)(double level, double angle,
        double p[2]); /* a point where the function is `level`; all of them as angle goes round */
} cli_surface;

/** Number `index`; NULL after the last. */
const cli_surface *cli_surface_at(int index);

/** By name. NULL, LATHE_ENAME: unknown. */
const cli_surface *cli_surface_find(const char *name);

#endif
