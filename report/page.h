/* The page of curves: one self-contained HTML file about a run or several, without any request to anywhere.
 */
#ifndef LATHE_REPORT_PAGE_H
#define LATHE_REPORT_PAGE_H

#include "../study/compare.h"
#include "../train/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The page of a run as text: charts of loss, accuracy, learning rate and momentum that are read with pointer
 * or keyboard, the table of epochs, the layers, and the settings. To be given to lathe_free. Errors:
 * LATHE_ENOMEM: NULL.
 */
char *lathe_report_page(const lathe_run *run);

/** The data of that page alone, a JSON object: what a page that is served asks for while the run goes on.
 * Errors: LATHE_ENOMEM: NULL. */
char *lathe_report_data(const lathe_run *run);

/**
 * Write the page to a file, atomically, and its charts as pictures beside it: DIR/report-loss.svg, -val-loss,
 * -val-accuracy, -lr and -momentum for DIR/report.html. Errors: LATHE_ENOMEM, LATHE_EIO.
 */
lathe_status lathe_report_write(const lathe_run *run, const char *path);

/**
 * The same of a run that has ended, with what its model takes for what: confusion matrix, precision and
 * recall of each class, the surest mistakes as pictures. For that the test set, or the validation part, is
 * gone through once more with the weights that the run was tested with.
 * Errors   those of lathe_report_write. Where the measuring itself fails the page goes without it.
 */
lathe_status lathe_report_finish(lathe_run *run, const char *path);

/**
 * Write FOLDER/report.html, the page of a comparison: learning rate, momentum, training loss, validation loss
 * and accuracy of each variant, the mean of its seeds in a band from the least to the greatest, what is more
 * than noise against the variant `baseline` (NULL: the first), the settings that differ, and a table of
 * results; and its charts as pictures beside it. The curves are read from the run folders; runs that have
 * none yet are left out.
 * Errors   LATHE_ENOMEM, LATHE_EIO, LATHE_EFORMAT; LATHE_ENAME: no such variant.
 */
lathe_status lathe_report_compare(const lathe_compare *compare, const char *baseline);

/**
 * That page as text, and its data alone: what a page that is served asks for while the comparison goes on.
 * `now` is the run that is being trained, whose curves are read from memory; NULL: none. To be given to
 * lathe_free. Errors: those of lathe_report_compare: NULL.
 */
char *lathe_report_compare_page(const lathe_compare *compare, const char *baseline, const lathe_run *now);
char *lathe_report_compare_data(const lathe_compare *compare, const char *baseline, const lathe_run *now);

#ifdef __cplusplus
}
#endif
#endif
