#include "progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "text.h"

/* A tenth of a second between two drawings of the bar costs a run nothing. */
static const double interval = 0.1;

enum { BAR_WIDTH = 24 };

cli_progress cli_progress_new(bool quiet)
{
    return (cli_progress){ .quiet = quiet, .terminal = isatty(STDERR_FILENO), .metric = NAN };
}

void cli_progress_end(cli_progress *progress)
{
    if (progress->drawn) fputs("\r\033[K", stderr);
    progress->drawn = false;
}

static void print_time(double seconds)
{
    long left = lround(seconds);
    if (left >= 3600) fprintf(stderr, "%ld:%02ld:%02ld", left / 3600, left / 60 % 60, left % 60);
    else fprintf(stderr, "%ld:%02ld", left / 60, left % 60);
}

/* "  val acc 97.25 %" of metric number `index`. */
static void print_metric(const lathe_run *run, int index, const char *part, const double *values)
{
    char text[128];
    lathe_task_metric metric = run->learner->task->type->metrics[index];
    if (!strcmp(metric.title, "accuracy")) metric.title = "acc";
    fprintf(stderr, "  %s%s", part, cli_metric_text(&metric, values[index], text, sizeof text));
}

static void draw(const cli_progress *progress, const lathe_run *run, const lathe_step_row *row)
{
    uint64_t made = row->step + 1, total = run->total_steps;
    char bar[BAR_WIDTH + 1];
    int full = total ? (int)((double)made / (double)total * BAR_WIDTH) : 0;
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < full ? '=' : i == full ? '>' : ' ';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\repoch %" PRIu64 " [%s] %" PRIu64 "/%" PRIu64 "  loss %.4f", row->epoch + 1, bar, made,
        total, progress->loss_sum / (double)progress->in_epoch);
    if (isfinite(progress->metric)) print_metric(run, 0, "", &progress->metric);
    fprintf(stderr, "  lr %.3e  ETA ", row->lr);
    double each = (cli_seconds() - progress->started) / (double)(made - progress->first);
    print_time(each * (double)(total > made ? total - made : 0));
    fputs("\033[K", stderr);
    fflush(stderr);
}

void cli_progress_step(cli_progress *progress, const lathe_run *run, const lathe_step_row *row)
{
    if (progress->started == 0) {
        progress->started = cli_seconds();
        progress->first = row->step;
    }
    if (row->epoch != progress->epoch) progress->in_epoch = 0;
    if (!progress->in_epoch) progress->loss_sum = 0;
    progress->epoch = row->epoch;
    progress->in_epoch++;
    progress->loss_sum += row->loss;
    if (progress->quiet || !progress->terminal || cli_seconds() - progress->last_drawn < interval) return;
    draw(progress, run, row);
    progress->drawn = true;
    progress->last_drawn = cli_seconds();
}

void cli_progress_epoch(cli_progress *progress, const lathe_run *run, const lathe_epoch_row *row)
{
    const int metrics = run->learner->task->metrics;
    bool validated = isfinite(row->val_loss);
    if (metrics) progress->metric = validated ? row->val[0] : row->train[0];
    if (progress->quiet) return;
    cli_progress_end(progress);
    double epochs = ceil((double)run->total_steps / run->steps_per_epoch);
    fprintf(stderr, "epoch %" PRIu64 "/%.0f  step %" PRIu64 "  loss %.4f", row->epoch + 1, epochs, row->step,
        row->train_loss);
    for (int i = 0; i < metrics; i++) print_metric(run, i, "", row->train);
    if (validated) fprintf(stderr, "  val loss %.4f", row->val_loss);
    for (int i = 0; i < metrics && validated; i++) print_metric(run, i, "val ", row->val);
    if (run->keeper->history.steps)
        fprintf(stderr, "  lr %.3e", run->keeper->history.step[run->keeper->history.steps - 1].lr);
    fprintf(stderr, "  %.1f s  %.0f images/s\n", row->seconds, row->images_per_second);
}

void cli_progress_message(cli_progress *progress, const char *line)
{
    if (progress->quiet) return;
    cli_progress_end(progress);
    cli_say(stderr, "note: %s", line);
}
