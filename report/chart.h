/* Charts: lines over a common axis, as SVG text that stands alone or inside a page. */
#ifndef LATHE_REPORT_CHART_H
#define LATHE_REPORT_CHART_H

#include "../io/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One line of a chart. A point whose x or y is not finite is a gap. */
typedef struct lathe_series {
    const char *name; /* for the legend; NULL: not in the legend */
    const double *x, *y;
    size_t count;
    /** 0 to 6 of a palette for colour-blind people (Okabe, Ito 2008). Each colour has its own dashes. */
    int color;
    bool faint; /* the raw curve behind its smoothed one */
    bool dots;  /* mark each point, as for one value an epoch */
    bool path;  /* a path on a map: every point is drawn, in its order, for any x */
} lathe_series;

/** A chart. Zeros: 720 x 260 pixels, linear axes. */
typedef struct lathe_chart {
    const char *title, *x_label, *y_label;
    const lathe_series *series;
    int count;
    bool log_x, log_y; /* logarithmic axes; numbers <= 0 are gaps */
    bool zero;         /* a linear y axis includes 0 */
    int width, height;
} lathe_chart;

/**
 * Add the chart to `out` as one <svg> element. All names are escaped.
 *
 * A line with more points than the chart has pixels is drawn by the lowest and highest point of each column,
 * so every spike is visible. A path is drawn in full. The element has the attributes data-left, data-right
 * (pixels) and data-min, data-max (x values, or their decimal logarithms). From them a script finds the x
 * under the pointer.
 */
void lathe_chart_svg(lathe_text *out, const lathe_chart *chart);

#ifdef __cplusplus
}
#endif
#endif
