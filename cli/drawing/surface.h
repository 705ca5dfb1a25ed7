/* Functions of two numbers, to show optimizers on. */
#ifndef LATHE_CLI_DRAWING_SURFACE_H
#define LATHE_CLI_DRAWING_SURFACE_H

/** A function with one minimum, where it is 0. */
typedef struct cli_surface {
    const char *name, *summary;
    double start[2], goal[2];
    double low[2], high[2];                          /* the range of a picture */
    const double *levels;                            /* level lines of a picture; ended by 0 */
    double (*value)(const double p[2], double g[2]); /* returns the value; g receives the gradient */
    /** A point where the function is `level`; angles from 0 to 2 pi give the whole line. */
    void (*on_level)(double level, double angle, double p[2]);
} cli_surface;

/** Surface number `index`; NULL after the last. */
const cli_surface *cli_surface_at(int index);

/** The surface of this name. Errors: LATHE_ENAME: returns NULL. */
const cli_surface *cli_surface_find(const char *name);

#endif
