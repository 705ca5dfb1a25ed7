/* The page of curves: one self-contained HTML file about one run or several. It makes no requests. */
#ifndef LATHE_REPORT_PAGE_H
#define LATHE_REPORT_PAGE_H

#include "../study/compare.h"
#include "../train/run.h"
#include "chart.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The page of a run as text. It has charts of loss, accuracy, learning rate and momentum, which pointer and
 * keyboard can read, the table of epochs, the layers, and the settings. Free the result with lathe_free.
 * Errors   LATHE_ENOMEM: returns NULL.
 */
char *lathe_report_page(const lathe_run *run);

/**
 * The data of that page, a JSON object. A served page asks for it while the run continues.
 * Errors   LATHE_ENOMEM: returns NULL.
 */
char *lathe_report_data(const lathe_run *run);

/**
 * Write the page to a file, atomically, and its charts as pictures beside it. For DIR/report.html they are
 * DIR/report-loss.svg, -val-loss, -val-accuracy, -lr and -momentum.
 * Errors   LATHE_ENOMEM, LATHE_EIO.
 */
lathe_status lathe_report_write(const lathe_run *run, const char *path);

/**
 * The same page of a history alone, such as a lathe_keeper's in your own loop: its curves and its epochs.
 *
 * title    heads the page
 * Errors   LATHE_ENOMEM, LATHE_EIO.
 */
lathe_status lathe_report_history(const lathe_history *history, const char *title, const char *path);

/** A history, and the name of its line on a page. */
typedef struct lathe_named_history {
    const char *name;
    const lathe_history *history;
} lathe_named_history;

/**
 * The page of several such histories, with a line for each: schedules in your own loop.
 *
 * histories [count], of the same metrics
 * Errors    LATHE_EARG, LATHE_ENOMEM, LATHE_EIO.
 */
lathe_status lathe_report_histories(const lathe_named_history *histories, size_t count, const char *title,
    const char *path);

/**
 * Write the page of a run that has ended, with an evaluation of its model: confusion matrix, precision and
 * recall of each class, and the mistakes of highest confidence as pictures. The test set, else the validation
 * set, is evaluated once more, with the weights that the run was tested with.
 * Errors   those of lathe_report_write. If the evaluation fails, the page is written without it.
 */
lathe_status lathe_report_finish(lathe_run *run, const char *path);

/**
 * Write FOLDER/report.html, the page of a comparison, and its charts as pictures beside it.
 *
 * For each variant the page shows learning rate, momentum, training loss, validation loss and accuracy: the
 * mean of its seeds, in a band from the smallest to the largest. It also shows which differences from the
 * variant `baseline` (NULL: the first) are significant, the settings that differ, and a table of results. The
 * curves are read from the run folders. Runs without curves are left out.
 * Errors   LATHE_ENOMEM, LATHE_EIO, LATHE_EFORMAT; LATHE_ENAME if no variant has the name `baseline`.
 */
lathe_status lathe_report_compare(const lathe_compare *compare, const char *baseline);

/**
 * That page as text, and its data. A served page asks for the data while the comparison continues. `now` is
 * the run that is training: its curves are read from memory. NULL: no run is training. Free the result with
 * lathe_free.
 * Errors   those of lathe_report_compare: returns NULL.
 */
char *lathe_report_compare_page(const lathe_compare *compare, const char *baseline, const lathe_run *now);
char *lathe_report_compare_data(const lathe_compare *compare, const char *baseline, const lathe_run *now);

/** A page of ready charts, such as those of a range test. */
typedef struct lathe_chart_page {
    const char *title; /* heads the page */
    const char *said;  /* what the charts show, as text; NULL: nothing */
    const lathe_chart *chart;
    int charts;
} lathe_chart_page;

/**
 * Write a page of the same making with these charts, atomically. Widths and heights of the charts do not
 * count.
 * Errors   LATHE_EARG without a title or charts; LATHE_ENOMEM, LATHE_EIO.
 */
lathe_status lathe_report_charts(const lathe_chart_page *page, const char *path);

/**
 * Write the page of a schedule without a run, atomically: learning rate and momentum of each step.
 *
 * row      [steps]; the losses do not count
 * steps_per_epoch   0: unknown
 * Errors   LATHE_ENOMEM, LATHE_EIO.
 */
lathe_status lathe_report_schedule(const lathe_step_row *row, size_t steps, double steps_per_epoch,
    const char *title, const char *path);

#ifdef __cplusplus
}
#endif
#endif
