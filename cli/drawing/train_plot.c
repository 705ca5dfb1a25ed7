#include "train_plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../command.h"
#include "plot.h"

/* Seconds between two pictures. */
static const double interval = 0.5;

enum { POINTS = 128 };

/* Each point stands for some steps: their mean. */
typedef struct means {
    double x[POINTS], loss[POINTS], lr[POINTS];
    size_t count;
} means;

static void gather(means *m, const lathe_history *history)
{
    m->count = history->steps < POINTS ? history->steps : POINTS;
    for (size_t i = 0; i < m->count; i++) {
        const size_t from = i * history->steps / m->count, to = (i + 1) * history->steps / m->count;
        double loss = 0, lr = 0;
        for (size_t k = from; k < to; k++) loss += history->step[k].loss, lr += history->step[k].lr;
        m->x[i] = (double)history->step[from].step;
        m->loss[i] = loss / (double)(to - from);
        m->lr[i] = lr / (double)(to - from);
    }
}

static int draw(const lathe_run *run)
{
    means m;
    char loss[160], lr[64];
    const lathe_history *h = &run->keeper->history;
    gather(&m, h);
    if (!m.count) return 0;
    int used = snprintf(loss, sizeof loss, "loss %.4f", m.loss[m.count - 1]);
    const lathe_task_metric *chief = h->metric; /* the first one */
    if (h->metrics && h->epochs && isfinite(h->epoch[h->epochs - 1].val[0]))
        used += snprintf(loss + used, sizeof loss - (size_t)used,
            chief->percent ? "   validation %.2f %%" : "   validation %.4f",
            (chief->percent ? 100 : 1) * h->epoch[h->epochs - 1].val[0]);
    snprintf(loss + used, sizeof loss - (size_t)used, "   step %" PRIu64 " of %" PRIu64, run->learner->step,
        run->total_steps);
    snprintf(lr, sizeof lr, "lr %.3e", h->step[h->steps - 1].lr);
    const cli_plot above = { .title = loss, .x = m.x, .y = m.loss, .count = m.count, .height = 8 };
    const cli_plot below = { .title = lr,
        .x_label = "step",
        .x = m.x,
        .y = m.lr,
        .count = m.count,
        .height = 4 };
    int lines = cli_plot_print(stdout, &above);
    lines += cli_plot_print(stdout, &below);
    fflush(stdout);
    return lines;
}

cli_train_plot cli_train_plot_new(void)
{
    const char *term = getenv("TERM");
    return (cli_train_plot){ .wanted = true,
        .last_drawn = -interval,
        .grows = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") };
}

void cli_train_plot_erase(cli_train_plot *plot)
{
    if (plot->drawn) printf("\033[%dA\033[J", plot->drawn);
    if (plot->drawn) fflush(stdout);
    plot->drawn = 0;
}

void cli_train_plot_step(cli_train_plot *plot, const lathe_run *run)
{
    if (!plot->grows || cli_seconds() - plot->last_drawn < interval) return;
    cli_train_plot_erase(plot);
    plot->drawn = draw(run);
    plot->last_drawn = cli_seconds();
}

void cli_train_plot_end(cli_train_plot *plot, const lathe_run *run)
{
    if (!plot->wanted) return;
    cli_train_plot_erase(plot);
    draw(run);
}
