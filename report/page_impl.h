/* Private: what the page of one run and the page of several runs share. */
#ifndef LATHE_REPORT_PAGE_IMPL_H
#define LATHE_REPORT_PAGE_IMPL_H

#include "../io/text.h"
#include "../study/hypothesis.h"
#include "../study/variants.h"
#include "page.h"

/** A run on a page. */
typedef struct lathe_page_run {
    const lathe_history *history;
    int group; /* runs of a group differ only in the seed */
    uint64_t seed;
    double steps_per_epoch;
    double seconds;                             /* this and the next line: NaN if not measured */
    double test_loss, test[LATHE_TASK_METRICS]; /* the metrics as the history has them */
    const char *folder;                         /* "": no folder */
    bool died;                                  /* see lathe_compare_run_died */
} lathe_page_run;

/** What the runs of a group share. */
typedef struct lathe_page_group {
    const char *name;
    const char *differs;         /* "key = value" lines of the settings that not all groups share; "" */
    const lathe_variant *result; /* NULL: not compared with a baseline */
} lathe_page_group;

/** A page. */
typedef struct lathe_page {
    const char *title;
    const char *kind; /* "run", "compare", "preview" or "charts" */
    const lathe_page_run *run;
    const lathe_page_group *group;
    const lathe_hypothesis *test; /* the comparison's hypotheses */
    size_t runs, groups, tests;
    size_t planned;                 /* all runs, also those that have not begun */
    const char *settings, *summary; /* NULL: not shown */
    const char *outcome;            /* the JSON of lathe_report_outcome, or NULL */
    const lathe_chart_page *charts; /* ready charts; NULL: the charts of the runs */
    bool live;                      /* the run has not ended: a served page asks for news */
} lathe_page;

/** The data of a page as one JSON object. Each `<` in a text is escaped, so it may be in a script element. */
void lathe_page_data(lathe_text *out, const lathe_page *page);

/** A number in six digits, more than a screen shows, or null. */
void lathe_page_number(lathe_text *out, double number);

/** The members of that object for ready charts. */
void lathe_page_charts(lathe_text *out, const lathe_chart_page *page);

/** The whole page, for lathe_free. Errors: LATHE_ENOMEM: NULL. */
char *lathe_page_text(const lathe_page *page);

/**
 * The last step of making a page. The functions put its text or its data into *(char **)result, or write the
 * page and its charts to the path *(const char **)result.
 * Errors   LATHE_ENOMEM, LATHE_EIO.
 */
typedef lathe_status lathe_page_use(const lathe_page *page, void *result);
lathe_status lathe_page_take_text(const lathe_page *page, void *result);
lathe_status lathe_page_take_data(const lathe_page *page, void *result);
lathe_status lathe_page_write(const lathe_page *page, void *result);

/**
 * Write the page's charts beside it: DIR/report-loss.svg, ... for DIR/report.html.
 * Errors   LATHE_EIO, LATHE_ENOMEM, LATHE_EARG (the path is too long).
 */
lathe_status lathe_page_write_charts(const lathe_page *page, const char *page_path);

/**
 * The evaluation of a finished run's model on the test set, else the validation set, as a JSON object:
 * confusion matrix, and mistakes of highest confidence with their pictures. Free the result with lathe_free.
 * Errors   those of the evaluation: returns NULL.
 */
char *lathe_report_outcome(lathe_run *run);

/**
 * Add a picture [C, H, W], C 1 or 3, as a data URI of a PNG, in double quotes. Errors: LATHE_ENOMEM,
 * LATHE_EARG.
 */
lathe_status lathe_report_png(lathe_text *out, const uint8_t *pixels, int channels, int height, int width);

#endif
