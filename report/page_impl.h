/* Private: what the page of one run and that of several have in common. */
#ifndef LATHE_REPORT_PAGE_IMPL_H
#define LATHE_REPORT_PAGE_IMPL_H

#include "../io/text.h"
#include "../study/variants.h"
#include "page.h"

/** A run as the page shows it. */
typedef struct lathe_page_run {
    const lathe_history *history;
    int group; /* runs of a group differ in the seed alone */
    uint64_t seed;
    double steps_per_epoch;
    double seconds; /* the rest: NaN if not measured */
    double test_accuracy, test_loss;
    const char *folder; /* "": it has none */
} lathe_page_run;

/** What several runs have in common. */
typedef struct lathe_page_group {
    const char *name;
    const char *differs;         /* "key = value" lines of the settings that not all groups have; "" */
    const lathe_variant *result; /* NULL: it is held against none */
} lathe_page_group;

/** A page. */
typedef struct lathe_page {
    const char *title;
    const char *kind; /* "run" or "compare" */
    const lathe_page_run *run;
    const lathe_page_group *group;
    size_t runs, groups;
    size_t planned;                 /* runs, with those that have not begun */
    const char *settings, *summary; /* NULL: not shown */
    const char *outcome;            /* the JSON of lathe_report_outcome, or NULL */
    bool live;                      /* the run has not ended: a page that is served asks for news */
} lathe_page;

/** The data of a page as one JSON object. A text with a `<` has it escaped, so that it may stand in a script
 * element. */
void lathe_page_data(lathe_text *out, const lathe_page *page);

/** The whole page, to be given to lathe_free. Errors: LATHE_ENOMEM: NULL. */
char *lathe_page_text(const lathe_page *page);

/**
 * What is done with a page once it is made: its text or its data into *(char **)result, or it and its charts
 * written to the path *(const char **)result.
 * Errors   LATHE_ENOMEM, LATHE_EIO.
 */
typedef lathe_status lathe_page_use(const lathe_page *page, void *result);
lathe_status lathe_page_take_text(const lathe_page *page, void *result);
lathe_status lathe_page_take_data(const lathe_page *page, void *result);
lathe_status lathe_page_write(const lathe_page *page, void *result);

/** Write the page's charts beside it: DIR/report-loss.svg, ... for DIR/report.html. Errors: LATHE_EIO,
 * LATHE_ENOMEM, LATHE_EARG (path too long). */
lathe_status lathe_page_write_charts(const lathe_page *page, const char *page_path);

/**
 * What a finished run's model takes for what, on the test set (else the validation part), as a JSON object:
 * confusion matrix and the mistakes it is surest of, with their pictures. To be given to lathe_free. Errors:
 * those of evaluation: NULL.
 */
char *lathe_report_outcome(lathe_run *run);

/** A picture [C, H, W] of 1 or 3 channels as a data URI of a PNG, in double quotes. Errors: LATHE_ENOMEM,
 * LATHE_EARG. */
lathe_status lathe_report_png(lathe_text *out, const uint8_t *pixels, int channels, int height, int width);

#endif
