/* The loss and the learning rate of a run in the terminal, during the run or once at its end. */
#ifndef LATHE_CLI_DRAWING_TRAIN_PLOT_H
#define LATHE_CLI_DRAWING_TRAIN_PLOT_H

#include <lathe/lathe.h>

/** Zeros: no plot. */
typedef struct cli_train_plot {
    bool wanted, grows; /* grows: stdout is a terminal */
    int drawn;          /* lines on the screen, above the cursor */
    double last_drawn;
} cli_train_plot;

/** A plot that grows if stdout is a terminal that can move its cursor; otherwise only its end is drawn. */
cli_train_plot cli_train_plot_new(void);

/** After a step: draw it again, if enough time has passed. */
void cli_train_plot_step(cli_train_plot *plot, const lathe_run *run);

/** Remove the plot from the screen, before other output. */
void cli_train_plot_erase(cli_train_plot *plot);

/** Draw the final plot, which stays. */
void cli_train_plot_end(cli_train_plot *plot, const lathe_run *run);

#endif
