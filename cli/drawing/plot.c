#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <lathe/lathe.h>

enum { WIDTH = 64, HEIGHT = 8, MOST_WIDTH = 200, MOST_HEIGHT = 40, LABEL = 10 };

bool cli_plot_unicode(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    const char *term = getenv("TERM"), *locale = NULL;
    for (int i = 0; i < 3 && !(locale && *locale); i++) locale = getenv(names[i]);
    const char *set = locale ? strchr(locale, '.') : NULL;
    return set && (!strncasecmp(set, ".utf-8", 6) || !strncasecmp(set, ".utf8", 5)) &&
        !(term && !strcmp(term, "dumb"));
}

/* A drawing: each cell has one bit for each dot. */
typedef struct canvas {
    int width, height, across, down; /* cells; dots a cell */
    unsigned char cell[MOST_HEIGHT][MOST_WIDTH];
    double x_low, x_high, y_low, y_high;
} canvas;

static double scaled(double value, bool logarithmic)
{
    return !logarithmic ? value : value > 0 ? log10(value) : NAN;
}

static void dot(canvas *c, int x, int y)
{
    /* U+2800 + these bits: dots go down the left side, then the right, the lowest pair last. */
    static const unsigned char bit[4][2] = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };
    if (x < 0 || y < 0 || x >= c->width * c->across || y >= c->height * c->down) return;
    c->cell[y / c->down][x / c->across] |= bit[y % c->down][x % c->across];
}

static double column(const canvas *c, double x)
{
    return (x - c->x_low) / (c->x_high - c->x_low) * (c->width * c->across - 1);
}

static double row(const canvas *c, double y)
{
    return (c->y_high - y) / (c->y_high - c->y_low) * (c->height * c->down - 1);
}

/* Draw a line of dots. */
static void stroke(canvas *c, double x0, double y0, double x1, double y1)
{
    int most = (int)ceil(fmax(fabs(x1 - x0), fabs(y1 - y0)));
    for (int i = 0; i <= most; i++) {
        double part = most ? (double)i / most : 0;
        dot(c, (int)lround(x0 + part * (x1 - x0)), (int)lround(y0 + part * (y1 - y0)));
    }
}

static void widen(double *low, double *high, double value)
{
    if (value < *low) *low = value;
    if (value > *high) *high = value;
}

/* Find the ranges. Returns false without points. */
static bool measure(canvas *c, const cli_plot *p)
{
    c->x_low = c->y_low = HUGE_VAL;
    c->x_high = c->y_high = -HUGE_VAL;
    for (size_t i = 0; i < p->count; i++) {
        double x = scaled(p->x[i], p->log_x), y = scaled(p->y[i], p->log_y);
        if (!isfinite(x) || !isfinite(y)) continue;
        widen(&c->x_low, &c->x_high, x);
        widen(&c->y_low, &c->y_high, y);
    }
    if (c->x_low > c->x_high) return false;
    if (!(c->x_high > c->x_low)) c->x_high = c->x_low + 1;
    if (!(c->y_high > c->y_low))
        c->y_high += fabs(c->y_high) * 0.1 + 1e-9, c->y_low -= fabs(c->y_low) * 0.1 + 1e-9;
    return true;
}

static void draw(canvas *c, const cli_plot *p)
{
    for (int m = 0; m < p->marks; m++) {
        double x = column(c, scaled(p->mark[m], p->log_x));
        for (int y = 0; isfinite(x) && y<c->height * c->down; y += c->down> 1 ? 2 : 1)
            dot(c, (int)lround(x), y);
    }
    double x0 = NAN, y0 = NAN;
    for (size_t i = 0; i < p->count; i++) {
        double x = scaled(p->x[i], p->log_x), y = scaled(p->y[i], p->log_y);
        bool there = isfinite(x) && isfinite(y);
        if (there && isnan(x0)) stroke(c, column(c, x), row(c, y), column(c, x), row(c, y));
        else if (there) stroke(c, x0, y0, column(c, x), row(c, y));
        x0 = there ? column(c, x) : NAN;
        y0 = row(c, y);
    }
}

static void print_row(FILE *file, const canvas *c, int row)
{
    int last = c->width;
    while (last && !c->cell[row][last - 1]) last--;
    for (int i = 0; i < last; i++) {
        unsigned bits = c->cell[row][i];
        if (c->down == 1) fputc(bits ? '*' : ' ', file);
        else if (!bits) fputc(' ', file);
        else
            fprintf(file, "\xe2%c%c", 0xa0 + (int)(bits >> 6),
                0x80 + (int)(bits & 63)); /* UTF-8 of U+2800 + bits */
    }
    fputc('\n', file);
}

static void print_axis(FILE *file, const canvas *c, const cli_plot *p)
{
    char low[32], high[32];
    lathe_double_tick(p->log_x ? pow(10, c->x_low) : c->x_low, 3, low);
    lathe_double_tick(p->log_x ? pow(10, c->x_high) : c->x_high, 3, high);
    int room = c->width - (int)strlen(low) - (int)strlen(high), middle = (int)strlen(p->x_label);
    int before = room > middle ? (room - middle) / 2 : 1, after = room > middle ? room - middle - before : 1;
    fprintf(file, "%*s%s%*s%s%*s%s\n", LABEL + 1, "", low, before, "", p->x_label, after, "", high);
}

int cli_plot_print(FILE *file, const cli_plot *p)
{
    char text[32];
    const bool unicode = cli_plot_unicode();
    canvas c = { .width = p->width ? p->width : WIDTH,
        .height = p->height ? p->height : HEIGHT,
        .across = unicode ? 2 : 1,
        .down = unicode ? 4 : 1 };
    if (c.width > MOST_WIDTH) c.width = MOST_WIDTH;
    if (c.height > MOST_HEIGHT) c.height = MOST_HEIGHT;
    fprintf(file, "%*s%s\n", LABEL + 1, "", p->title);
    const bool any = measure(&c, p);
    if (any) draw(&c, p);
    for (int i = 0; i < c.height; i++) {
        const double edge = i ? c.y_low : c.y_high;
        if (any && (i == 0 || i == c.height - 1))
            fprintf(file, "%*s ", LABEL, lathe_double_tick(p->log_y ? pow(10, edge) : edge, 4, text));
        else fprintf(file, "%*s ", LABEL, "");
        print_row(file, &c, i);
    }
    if (!p->x_label) return c.height + 1;
    if (any) print_axis(file, &c, p);
    else fputc('\n', file);
    return c.height + 2;
}
