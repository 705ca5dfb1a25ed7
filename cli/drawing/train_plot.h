/* The loss and the learning rate of a run in the terminal: growing while it trains, or once at its end. */
#ifndef LATHE_CLI_DRAWING_TRAIN_PLOT_H
#define LATHE_CLI_DRAWING_TRAIN_PLOT_H

#include <lathe/lathe.h>

/** Zeros: no plot is wanted. */
typedef struct cli_train_plot {
    bool wanted, grows; /* grows: stdout is a terminal */
    int drawn;          /* lines of it on the screen, the cursor below them */
    double last_drawn;
} cli_train_plot;

/** One that grows if stdout is a terminal that can move its cursor; else it is drawn by cli_train_plot_end
 * alone. */
cli_train_plot cli_train_plot_new(void);

/** After a step: draw it anew, if some time has passed. */
void cli_train_plot_step(cli_train_plot *plot, const lathe_run *run);

/** Take it off the screen, for what is to be written there. */
void cli_train_plot_erase(cli_train_plot *plot);

/** The last picture, which stays. */
void cli_train_plot_end(cli_train_plot *plot, const lathe_run *run);

#endif
