/* Charts: lines over a common axis, as SVG text that stands alone or inside a page. */
#ifndef LATHE_REPORT_CHART_H
#define LATHE_REPORT_CHART_H

#include "../io/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One line of a chart. Points whose x or y is not finite are gaps. */
typedef struct lathe_series {
    const char *name; /* for the legend; NULL: not in it */
    const double *x, *y;
    size_t count;
    /** 0 ... 6 of a palette that colour-blind people can tell apart (Okabe, Ito 2008); each has a dash of its
     * own */
    int color;
    bool faint; /* a raw curve behind its smoothed one */
    bool dots;  /* mark each point, as for one value an epoch */
    bool path;  /* a way on a map: every point in its order, whatever x does */
} lathe_series;

/** A chart. Zeros: 720 x 260 pixels, linear axis. */
typedef struct lathe_chart {
    const char *title, *x_label, *y_label;
    const lathe_series *series;
    int count;
    bool log_x, log_y; /* logarithmic axes; numbers <= 0 are gaps */
    bool zero;         /* y = 0 is on the chart, on a linear axis */
    int width, height;
} lathe_chart;

/**
 * Add the chart to `out` as one <svg> element. A line with more points than the chart has pixels, unless it
 * is a path, is drawn by the lowest and highest of each column, so that no spike is lost. The element carries
 * data-left, data-right (pixels) and data-min, data-max (x values, or their decimal logarithms), from which
 * a script can tell what lies under the pointer. All names are escaped.
 */
void lathe_chart_svg(lathe_text *out, const lathe_chart *chart);

#ifdef __cplusplus
}
#endif
#endif
