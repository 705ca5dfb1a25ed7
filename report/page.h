/* The page of curves: one self-contained HTML file about one run, without any request to anywhere. */
#ifndef LATHE_REPORT_PAGE_H
#define LATHE_REPORT_PAGE_H

#include "../train/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The page of a run as text: results, charts of loss, accuracy, learning rate and momentum against the step, the table of
 * epochs, and the settings. To be given to lathe_free. Errors: LATHE_ENOMEM: NULL.
 */
char *lathe_report_page(const lathe_run *run);

/** Write it to a file, atomically. Errors: LATHE_ENOMEM, LATHE_EIO. */
lathe_status lathe_report_write(const lathe_run *run, const char *path);

#ifdef __cplusplus
}
#endif
#endif
