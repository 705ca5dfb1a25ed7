#include "chart.h"

#include <math.h>
#include <stdio.h>

#include "../core/field.h"

enum { LEFT = 64, RIGHT = 16, TOP = 34, BOTTOM = 40, MOST_TICKS = 12 };

static const char *const colors[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
    "#7f7f7f" };
static const char *const dashes[] = { "", "7 3", "2 3", "9 3 2 3", "4 2", "1 4", "12 4" };
enum { COLORS = sizeof colors / sizeof colors[0] };

/* The map from numbers to pixels. */
typedef struct frame {
    const lathe_chart *chart;
    int width, height;
    double x_min, x_max, y_min, y_max; /* logarithms on a logarithmic axis */
} frame;

static double y_value(const lathe_chart *chart, double y)
{
    return !chart->log_y ? y : y > 0 ? log10(y) : NAN;
}

static double x_value(const lathe_chart *chart, double x)
{
    return !chart->log_x ? x : x > 0 ? log10(x) : NAN;
}

static double x_pixel(const frame *f, double x)
{
    return LEFT + (x - f->x_min) / (f->x_max - f->x_min) * (f->width - LEFT - RIGHT);
}

static double y_pixel(const frame *f, double y)
{
    return f->height - BOTTOM - (y - f->y_min) / (f->y_max - f->y_min) * (f->height - TOP - BOTTOM);
}

static void widen(double *low, double *high, double value)
{
    if (!isfinite(value)) return;
    if (value < *low) *low = value;
    if (value > *high) *high = value;
}

/* Widen an empty range, so that a single point or a constant can be drawn. */
static void make_range(double *low, double *high, double margin)
{
    if (*low > *high) *low = 0, *high = 1;
    double width = *high - *low;
    if (width <= fabs(*high) * 1e-12) width = *high == 0 ? 1 : fabs(*high) * 0.1;
    *low -= width * margin;
    *high += width * (margin > 0 ? margin : *high == *low);
}

static frame frame_of(const lathe_chart *chart)
{
    frame f = { chart, chart->width ? chart->width : 720, chart->height ? chart->height : 260, HUGE_VAL,
        -HUGE_VAL, HUGE_VAL, -HUGE_VAL };
    for (int s = 0; s < chart->count; s++)
        for (size_t i = 0; i < chart->series[s].count; i++) {
            double y = y_value(chart, chart->series[s].y[i]);
            if (!isfinite(y)) continue;
            widen(&f.x_min, &f.x_max, x_value(chart, chart->series[s].x[i]));
            widen(&f.y_min, &f.y_max, y);
        }
    if (chart->zero && !chart->log_y) widen(&f.y_min, &f.y_max, 0);
    make_range(&f.x_min, &f.x_max, 0);
    make_range(&f.y_min, &f.y_max, 0.04);
    return f;
}

/* A step of 1, 2 or 5 times a power of ten that divides the range into at most `most` parts. */
static double tick_step(double range, int most)
{
    double power = pow(10, floor(log10(range / most)));
    static const double factor[] = { 1, 2, 5, 10 };
    for (int i = 0; i < 3; i++)
        if (range / (power * factor[i]) <= most) return power * factor[i];
    return power * factor[3];
}

static void pixel(lathe_text *out, double value)
{
    char number[32];
    lathe_text_put(out, lathe_double_text(round(value * 10) / 10, number));
}

static const char *tick_text(double value, char text[32])
{
    char exact[32];
    lathe_double_text(value, exact);
    double rounded;
    snprintf(text, 32, "%s", exact);
    /* Show 0.30000000000000004 as 0.3. */
    for (int digits = 3; digits <= 12; digits++) {
        lathe_double_tick(value, digits, text);
        if (lathe_parse_double(text, &rounded) && fabs(rounded - value) <= fabs(value) * 1e-9) break;
    }
    return text;
}

static void x_axis(lathe_text *out, const frame *f)
{
    char text[32];
    double step = tick_step(f->x_max - f->x_min, MOST_TICKS - 2);
    if (f->chart->log_x && step < 1 && f->x_max - f->x_min > 1)
        step = 1; /* only powers of ten, if the range has one */
    for (double tick = ceil(f->x_min / step) * step; tick <= f->x_max + step * 1e-9; tick += step) {
        lathe_text_put(out, "<path class=\"grid\" d=\"M");
        pixel(out, x_pixel(f, tick));
        lathe_text_add(out, " %dV%d\"/><text class=\"tick\" text-anchor=\"middle\" y=\"%d\" x=\"", TOP,
            f->height - BOTTOM, f->height - BOTTOM + 16);
        pixel(out, x_pixel(f, tick));
        double value = fabs(tick) < step * 1e-9 ? 0 : tick;
        lathe_text_add(out, "\">%s</text>\n", tick_text(f->chart->log_x ? pow(10, value) : value, text));
    }
}

static void y_tick(lathe_text *out, const frame *f, double tick, double value)
{
    char text[32];
    double y = y_pixel(f, tick);
    lathe_text_add(out, "<path class=\"grid\" d=\"M%d ", LEFT);
    pixel(out, y);
    lathe_text_add(out, "H%d\"/><text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"", f->width - RIGHT,
        LEFT - 6);
    pixel(out, y + 4);
    lathe_text_add(out, "\">%s</text>\n", tick_text(value, text));
}

/* In a range of less than two powers of ten: 1, 2, 5, 10, 20, ... */
static void few_powers(lathe_text *out, const frame *f)
{
    static const double factor[] = { 1, 2, 5 };
    for (double power = floor(f->y_min); power <= f->y_max; power++)
        for (int i = 0; i < 3; i++) {
            double value = factor[i] * pow(10, power), tick = log10(value);
            if (tick >= f->y_min && tick <= f->y_max) y_tick(out, f, tick, value);
        }
}

static void y_axis(lathe_text *out, const frame *f)
{
    bool logarithmic = f->chart->log_y;
    double range = f->y_max - f->y_min, step = tick_step(range, 5);
    if (logarithmic && range > 0.5 && range < 2) {
        few_powers(out, f);
        return;
    }
    if (logarithmic && step < 1 && range > 1) step = 1; /* only powers of ten, if the range has one */
    for (double tick = ceil(f->y_min / step) * step; tick <= f->y_max + step * 1e-9; tick += step) {
        double value = fabs(tick) < step * 1e-9 ? 0 : tick;
        y_tick(out, f, tick, logarithmic ? pow(10, value) : value);
    }
}

static void point(lathe_text *out, const frame *f, double x, double y, bool *pen_down)
{
    lathe_text_put(out, *pen_down ? "L" : "M");
    pixel(out, x_pixel(f, x));
    lathe_text_put(out, " ");
    pixel(out, y_pixel(f, y));
    *pen_down = true;
}

/* Draw the points [begin, end) of one pixel column by their first, lowest, highest and last point. */
static void column_of_points(lathe_text *out, const frame *f, const lathe_series *s, size_t begin, size_t end,
    bool *pen_down)
{
    size_t low = begin, high = begin;
    for (size_t i = begin + 1; i < end; i++) {
        if (s->y[i] < s->y[low]) low = i;
        if (s->y[i] > s->y[high]) high = i;
    }
    size_t chosen[4] = { begin, low < high ? low : high, low < high ? high : low, end - 1 };
    for (int i = 0; i < 4; i++)
        if (i == 0 || chosen[i] != chosen[i - 1])
            point(out, f, x_value(f->chart, s->x[chosen[i]]), y_value(f->chart, s->y[chosen[i]]), pen_down);
}

static void line(lathe_text *out, const frame *f, const lathe_series *s)
{
    int color = s->color >= 0 && s->color < COLORS ? s->color : 0;
    lathe_text_add(out, "<path class=\"%s\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"",
        s->faint ? "line faint" : "line", colors[color], s->faint ? "" : dashes[color]);
    bool pen_down = false;
    for (size_t i = 0; i < s->count;) {
        if (!isfinite(x_value(f->chart, s->x[i])) || !isfinite(y_value(f->chart, s->y[i]))) {
            pen_down = false;
            i++;
            continue;
        }
        size_t end = i + 1;
        double column = floor(x_pixel(f, x_value(f->chart, s->x[i])));
        while (!s->path && end < s->count && isfinite(y_value(f->chart, s->y[end])) &&
            floor(x_pixel(f, x_value(f->chart, s->x[end]))) == column)
            end++;
        column_of_points(out, f, s, i, end, &pen_down);
        i = end;
    }
    lathe_text_put(out, "\"/>\n");
    for (size_t i = 0; s->dots && i < s->count; i++) {
        double x = x_value(f->chart, s->x[i]), y = y_value(f->chart, s->y[i]);
        if (!isfinite(y) || !isfinite(x)) continue;
        lathe_text_add(out, "<circle r=\"3\" fill=\"%s\" cx=\"", colors[color]);
        pixel(out, x_pixel(f, x));
        lathe_text_put(out, "\" cy=\"");
        pixel(out, y_pixel(f, y));
        lathe_text_put(out, "\"/>\n");
    }
}

static void legend(lathe_text *out, const frame *f)
{
    double x = LEFT + 8;
    for (int i = 0; i < f->chart->count; i++) {
        const lathe_series *s = &f->chart->series[i];
        if (!s->name) continue;
        int color = s->color >= 0 && s->color < COLORS ? s->color : 0;
        lathe_text_add(out, "<path class=\"%s\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"M%d %dh22\"/>",
            s->faint ? "line faint" : "line", colors[color], s->faint ? "" : dashes[color], (int)x, TOP + 10);
        lathe_text_add(out, "<text class=\"key\" x=\"%d\" y=\"%d\">", (int)x + 27, TOP + 14);
        lathe_text_html(out, s->name);
        lathe_text_put(out, "</text>\n");
        size_t letters = 0;
        while (s->name[letters]) letters++;
        x += 40 + 7.0 * (double)letters;
    }
}

static void label(lathe_text *out, const char *text, const char *class, int x, int y, const char *more)
{
    if (!text) return;
    lathe_text_add(out, "<text class=\"%s\" x=\"%d\" y=\"%d\" %s>", class, x, y, more);
    lathe_text_html(out, text);
    lathe_text_put(out, "</text>\n");
}

void lathe_chart_svg(lathe_text *out, const lathe_chart *chart)
{
    if (!out || !chart) return;
    frame f = frame_of(chart);
    lathe_text_add(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" viewBox=\"0 0 %d %d\" "
        "data-left=\"%d\" "
        "data-right=\"%d\" data-min=\"",
        f.width, f.height, LEFT, f.width - RIGHT);
    lathe_text_number(out, f.x_min);
    lathe_text_put(out, "\" data-max=\"");
    lathe_text_number(out, f.x_max);
    lathe_text_put(out,
        "\">\n<style>.chart{font:12px sans-serif;fill:currentColor}.chart "
        ".grid{stroke:currentColor;stroke-opacity:.15;fill:none}"
        ".chart .line{fill:none;stroke-width:1.8;stroke-linejoin:round}.chart "
        ".faint{stroke-opacity:.35;stroke-width:1}"
        ".chart .title{font-weight:bold;font-size:14px}.chart .tick,.chart "
        ".label{fill-opacity:.75}</style>\n<title>");
    lathe_text_html(out, chart->title ? chart->title : "chart");
    lathe_text_put(out, "</title>\n");
    x_axis(out, &f);
    y_axis(out, &f);
    for (int i = 0; i < chart->count; i++) line(out, &f, &chart->series[i]);
    legend(out, &f);
    label(out, chart->title, "title", LEFT, 20, "");
    label(out, chart->x_label, "label", f.width - RIGHT, f.height - 6, "text-anchor=\"end\"");
    label(out, chart->y_label, "label", f.width - RIGHT, 20, "text-anchor=\"end\"");
    lathe_text_put(out, "</svg>\n");
}
