/*
 * The learning curves of a comparison as a picture: above the learning rate of each variant, below the mean
 * of its seeds in a band of the 95 % interval of that mean.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

enum {
    WIDTH = 760,
    LEFT = 56,
    RIGHT = 16,
    RATE_TOP = 44,
    RATE = 76,
    TOP = 162,
    HEIGHT = 260,
    LINE = 18,
    MOST = 64
};

/* A variant's mean curve. */
typedef struct line {
    const lathe_variant *variant;
    const lathe_curve *first; /* NULL: no run has a curve */
    char color[32];
    const char *dashes; /* an attribute, or "" */
    int points, seeds;
    double mean[LATHE_CURVE_POINTS], half[LATHE_CURVE_POINTS]; /* half the interval; NaN below three seeds */
} line;

/* The map from numbers to pixels. */
typedef struct frame {
    double right;               /* epochs */
    double low, high;           /* of the curves */
    double rate_low, rate_high; /* logarithms if `log_rate` */
    bool log_rate, percent;
} frame;

static double across(const frame *f, double epoch)
{
    return LEFT + epoch / f->right * (WIDTH - LEFT - RIGHT);
}

static double up(const frame *f, double value)
{
    return TOP + HEIGHT - (value - f->low) / (f->high - f->low) * HEIGHT;
}

static double rate_up(const frame *f, double rate)
{
    const double r = f->log_rate ? log10(fmax(rate, 1e-300)) : rate;
    return RATE_TOP + RATE - fmax(0, fmin(1, (r - f->rate_low) / (f->rate_high - f->rate_low))) * RATE;
}

/* Seven colours that colour-blind people can tell apart (Okabe, Ito 2008), dashed for the next seven. More
 * variants are shades from dark blue over green to yellow, in their order. */
static void set_color(line *l, int index, int count)
{
    static const char *const few[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
        "#7f7f7f" };
    static const int shade[][3] = { { 68, 1, 84 }, { 59, 82, 139 }, { 33, 145, 140 }, { 94, 201, 98 },
        { 230, 205, 30 } };
    const double at = count > 1 ? 4.0 * index / (count - 1) : 0;
    const int from = at < 3 ? (int)at : 3;
    int c[3];
    for (int i = 0; i < 3; i++)
        c[i] = (int)(shade[from][i] + (at - from) * (shade[from + 1][i] - shade[from][i]));
    if (count > 14) snprintf(l->color, sizeof l->color, "rgb(%d,%d,%d)", c[0], c[1], c[2]);
    else snprintf(l->color, sizeof l->color, "%s", few[index % 7]);
    l->dashes = count <= 14 && index >= 7 ? " stroke-dasharray=\"6 3\"" : "";
}

/* ---- means --------------------------------------------------------------------------------------------- */

/* Runs that died count only in a variant whose runs all died. */
static bool counts(const cli_results *results, const line *l, size_t i)
{
    return !strcmp(results->compare->run[i].group, l->variant->name) && results->curve[i].points &&
        (l->variant->died == l->variant->runs || !lathe_compare_run_died(results->compare, i));
}

static void average(const cli_results *results, line *l)
{
    double value[1024];
    for (size_t i = 0; i < results->compare->runs; i++) {
        if (!counts(results, l, i)) continue;
        if (!l->first) l->first = &results->curve[i], l->points = l->first->points;
        if (results->curve[i].points < l->points) l->points = results->curve[i].points;
    }
    for (int p = 0; p < l->points; p++) {
        size_t seeds = 0;
        for (size_t i = 0; i < results->compare->runs && seeds < 1024; i++)
            if (counts(results, l, i)) value[seeds++] = results->curve[i].value[p];
        const lathe_spread spread = lathe_spread_of(value, seeds);
        const double n = (double)spread.count;
        l->seeds = (int)seeds;
        l->mean[p] = spread.mean;
        l->half[p] = n > 2 ? lathe_student_t(0.05, n - 1) * spread.deviation / sqrt(n) : (double)NAN;
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The range of the curves without their first 15 %, which rise from nothing, and without the lowest tenth of
 * a share or the highest of a loss. What is no loss and nowhere above 1 is a share, in percent. */
static void set_range(const line *lines, int count, bool loss, frame *f)
{
    double *all = lathe_alloc(lathe_times((size_t)count, LATHE_CURVE_POINTS), sizeof *all);
    size_t n = 0;
    for (int v = 0; v < count; v++)
        for (int p = 0; p < lines[v].points && all; p++)
            if (isfinite(lines[v].mean[p]) && lines[v].first->epoch[p] > 0.15 * f->right)
                all[n++] = lines[v].mean[p];
    if (n) qsort(all, n, sizeof *all, by_size);
    const bool share = f->percent = !loss && !(n && all[n - 1] > 1);
    f->low = n ? all[share ? n / 10 : 0] : 0;
    f->high = n ? all[loss ? n - 1 - n / 10 : n - 1] : 1;
    const double width = fmax(f->high - f->low, 1e-3 * fabs(f->high) + 1e-9);
    f->low = fmax(0, f->low - (share ? 0.35 : 0.08) * width);
    f->high += (loss ? 0.35 : 0.08) * width;
    if (share) f->high = fmin(1, f->high);
    lathe_free(all);
}

static frame frame_of(const cli_results *results, const line *lines, int count)
{
    frame f = { 0 };
    double least = HUGE_VAL, most = 0;
    for (int v = 0; v < count; v++) {
        const lathe_curve *c = lines[v].first;
        double peak = 0;
        for (int i = 0; c && i < c->rates; i++) peak = fmax(peak, c->rate[i]);
        if (c && peak > 0) least = fmin(least, peak), most = fmax(most, peak);
        if (c) f.right = fmax(f.right, fmax(c->epoch[c->points - 1], c->rate_epoch[c->rates - 1]));
    }
    if (!(f.right > 0)) f.right = 1;
    f.log_rate = most > 100 * least;
    f.rate_low = f.log_rate ? log10(least) - 1 : 0;
    f.rate_high = f.log_rate ? log10(most) + 0.1 : most > 0 ? 1.05 * most : 1;
    set_range(lines, count, strstr(results->curve_of, "loss") != NULL, &f);
    return f;
}

/* ---- drawing ------------------------------------------------------------------------------------------- */

static void number(lathe_text *out, double value)
{
    char text[32];
    lathe_text_put(out, lathe_double_text(round(value * 10) / 10, text));
}

static void point(lathe_text *out, char letter, double x, double y)
{
    lathe_text_put_n(out, &letter, 1);
    number(out, x);
    lathe_text_put(out, " ");
    number(out, fmax(-2000, fmin(4000, y)));
}

/* A distance of ticks: 1, 2 or 5 times a power of ten, at most `most` of them. */
static double tick_distance(double range, int most)
{
    double step = pow(10, floor(log10(range / most)));
    if (range / step > 5 * most) step *= 10;
    else if (range / step > 2 * most) step *= 5;
    else if (range / step > most) step *= 2;
    return step;
}

static void y_tick(lathe_text *out, double y, double value)
{
    char text[32];
    lathe_text_add(out, "<path class=\"grid\" d=\"M%d ", LEFT);
    number(out, y);
    lathe_text_add(out, "H%d\"/><text text-anchor=\"end\" x=\"%d\" y=\"", WIDTH - RIGHT, LEFT - 6);
    number(out, y + 4);
    lathe_text_add(out, "\">%s</text>\n", lathe_double_tick(value, 4, text));
}

/* "val_accuracy" in words. */
static void put_words(lathe_text *out, const char *what, bool percent)
{
    const bool val = !strncmp(what, "val_", 4);
    for (what += val ? 4 : 0, lathe_text_put(out, val ? "validation " : ""); *what; what++)
        lathe_text_put_n(out, *what == '_' ? " " : what, 1);
    lathe_text_put(out, percent ? ", %" : "");
}

static void axes(lathe_text *out, const frame *f, const char *what)
{
    const double unit = f->percent ? 100 : 1, step = tick_distance((f->high - f->low) * unit, 7),
                 rate = tick_distance(f->rate_high - f->rate_low, f->log_rate ? 3 : 2),
                 epochs = tick_distance(f->right, 12);
    char text[32];
    lathe_text_add(out, "<text class=\"head\" x=\"8\" y=\"%d\">learning rate</text>\n", RATE_TOP - 10);
    lathe_text_add(out, "<text class=\"head\" x=\"8\" y=\"%d\">", TOP - 10);
    put_words(out, what, f->percent);
    lathe_text_put(out, ": mean of the seeds, band: its 95 % interval</text>\n");
    for (double y = ceil(f->low * unit / step) * step; y <= f->high * unit; y += step)
        y_tick(out, up(f, y / unit), fabs(y) < step / 2 ? 0 : y);
    for (double y = ceil(f->rate_low / rate) * rate; y <= f->rate_high; y += rate) {
        const double value = f->log_rate ? pow(10, y) : y;
        y_tick(out, rate_up(f, value), value);
    }
    for (int i = 0; i * epochs <= f->right * 1.0001; i++) {
        lathe_text_put(out, "<path class=\"grid\" d=\"");
        point(out, 'M', across(f, i * epochs), RATE_TOP);
        lathe_text_add(out, "v%dM", RATE);
        number(out, across(f, i * epochs));
        lathe_text_add(out, " %dv%d\"/><text text-anchor=\"middle\" y=\"%d\" x=\"", TOP, HEIGHT,
            TOP + HEIGHT + 16);
        number(out, across(f, i * epochs));
        lathe_text_add(out, "\">%s</text>\n", lathe_double_tick(i * epochs, 4, text));
    }
    lathe_text_add(out, "<text text-anchor=\"end\" x=\"%d\" y=\"%d\">epochs</text>\n", WIDTH - RIGHT,
        TOP + HEIGHT + 32);
}

/* The rate is straight between its corners, so on a logarithmic axis it needs points every two pixels. */
static void draw_rate(lathe_text *out, const frame *f, const line *l)
{
    const double *x = l->first->rate_epoch, *rate = l->first->rate;
    lathe_text_put(out, "<path class=\"line\" d=\"");
    for (int i = 0; i < l->first->rates; i++) {
        const double wide = i ? across(f, x[i]) - across(f, x[i - 1]) : 0;
        const bool straight = !i || !f->log_rate || rate[i] == rate[i - 1];
        const int pieces = straight || wide < 2 ? 1 : (int)(wide / 2);
        for (int k = 1; k <= pieces; k++) {
            const double part = (double)(pieces - k) / pieces, from = i ? rate[i - 1] : rate[i];
            point(out, i ? 'L' : 'M', across(f, x[i]) - part * wide,
                rate_up(f, rate[i] - part * (rate[i] - from)));
        }
    }
    lathe_text_add(out, "\" stroke=\"%s\"%s/>\n", l->color, l->dashes);
}

static void draw_curve(lathe_text *out, const frame *f, const line *l)
{
    const double *x = l->first->epoch;
    int begun = 0;
    if (l->seeds > 2 && l->points > 1) {
        lathe_text_put(out, "<path class=\"band\" d=\"");
        for (int i = 0; i < 2 * l->points; i++) {
            const int p = i < l->points ? i : 2 * l->points - 1 - i;
            if (isfinite(l->half[p]))
                point(out, begun++ ? 'L' : 'M', across(f, x[p]),
                    up(f, l->mean[p] + (i < l->points ? 1 : -1) * l->half[p]));
        }
        lathe_text_add(out, "Z\" fill=\"%s\"/>\n", l->color);
    }
    lathe_text_put(out, "<path class=\"line\" d=\"");
    begun = 0;
    for (int p = 0; p < l->points; p++)
        if (isfinite(l->mean[p])) point(out, begun++ ? 'L' : 'M', across(f, x[p]), up(f, l->mean[p]));
        else begun = 0;
    lathe_text_add(out, "\" stroke=\"%s\"%s/>\n", l->color, l->dashes);
}

/* The name, and the test accuracy with half its interval. */
static void legend(lathe_text *out, const line *l, int index, int count)
{
    const lathe_spread *a = &l->variant->accuracy;
    const int rows = (count + 1) / 2, x = index < rows ? 16 : WIDTH / 2 + 8,
              y = TOP + HEIGHT + 44 + LINE * (index % rows);
    const double n = (double)a->count;
    lathe_text_add(out, "<path class=\"line\" d=\"M%d %dh18\" stroke=\"%s\"%s/><text x=\"%d\" y=\"%d\">", x,
        y, l->color, l->dashes, x + 24, y + 4);
    lathe_text_html(out, l->variant->name);
    if (a->count) lathe_text_add(out, ": test %.2f %%", 100 * a->mean);
    if (a->count > 1)
        lathe_text_add(out, " \xc2\xb1 %.2f", 100 * lathe_student_t(0.05, n - 1) * a->deviation / sqrt(n));
    if (l->variant->died) lathe_text_add(out, ", %d of %d died", l->variant->died, l->variant->runs);
    lathe_text_put(out, "</text>\n");
}

static void draw(lathe_text *out, const cli_results *results, const line *lines, int count)
{
    const frame f = frame_of(results, lines, count);
    const int height = TOP + HEIGHT + 44 + LINE * ((count + 1) / 2);
    lathe_text_add(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
        "%d\" style=\"background:#fff;color:#1c1e21;font:13px sans-serif\" fill=\"currentColor\">\n"
        "<style>.grid{stroke:currentColor;stroke-opacity:.15}.line{fill:none;stroke-width:1.8}"
        ".band{fill-opacity:.2}.head{font-weight:bold}</style>\n<title>%s of each variant</title>\n"
        "<clipPath id=\"c\"><path d=\"M%d %dH%dV%dH%dz\"/></clipPath>\n",
        WIDTH, height, WIDTH, height, results->curve_of, LEFT, TOP, WIDTH - RIGHT, TOP + HEIGHT, LEFT);
    axes(out, &f, results->curve_of);
    for (int v = 0; v < count; v++)
        if (lines[v].first) draw_rate(out, &f, &lines[v]);
    lathe_text_put(out, "<g clip-path=\"url(#c)\">\n");
    for (int v = 0; v < count; v++)
        if (lines[v].first) draw_curve(out, &f, &lines[v]);
    lathe_text_put(out, "</g>\n");
    for (int v = 0; v < count; v++) legend(out, &lines[v], v, count);
    lathe_text_put(out, "</svg>\n");
}

lathe_status cli_results_svg(const char *path, const cli_results *results)
{
    const int count = results->variants < MOST ? results->variants : MOST;
    line *lines = lathe_alloc((size_t)count, sizeof *lines);
    lathe_text out = { 0 };
    if (!lines) return lathe_error();
    for (int v = 0; v < count; v++) {
        lines[v].variant = &results->variant[v];
        set_color(&lines[v], v, count);
        average(results, &lines[v]);
    }
    draw(&out, results, lines, count);
    lathe_free(lines);
    char *text = lathe_text_take(&out);
    lathe_status status = text ? lathe_file_write_text(path, text) : lathe_error();
    lathe_free(text);
    return status;
}
