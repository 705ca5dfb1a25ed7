#include "walk_draw.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { WIDTH = 560, HEIGHT = 320, LOSS_HEIGHT = 150, AROUND = 1440, GREY = 6 };

/* The coordinates of a line. */
typedef struct trace {
    double *x, *y;
    size_t count;
    double apart; /* points nearer than this part of the map's width and height are left out */
} trace;

static bool near_last(const trace *t, const cli_surface *s, const double p[2])
{
    if (t->apart == 0 || !t->count || isnan(t->x[t->count - 1])) return false;
    return hypot((p[0] - t->x[t->count - 1]) / (s->high[0] - s->low[0]),
               (p[1] - t->y[t->count - 1]) / (s->high[1] - s->low[1])) < t->apart;
}

static void add(trace *t, const cli_surface *surface, const double p[2])
{
    bool inside = p[0] >= surface->low[0] && p[0] <= surface->high[0] && p[1] >= surface->low[1] &&
        p[1] <= surface->high[1];
    if (!inside && (!t->count || isnan(t->x[t->count - 1]))) return; /* one gap is enough */
    if (inside && near_last(t, surface, p)) return;
    t->x[t->count] = inside ? p[0] : NAN;
    t->y[t->count++] = inside ? p[1] : NAN;
}

static lathe_status open_trace(trace *t, size_t room)
{
    *t = (trace){ .x = lathe_alloc(room, 2 * sizeof *t->x) };
    if (!t->x) return lathe_error();
    t->y = t->x + room;
    return LATHE_OK;
}

static lathe_status trace_levels(trace *t, const cli_surface *surface)
{
    size_t levels = 0;
    while (surface->levels[levels] > 0) levels++;
    if (open_trace(t, levels * (AROUND + 2))) return lathe_error();
    t->apart = 0.025;
    for (size_t i = 0; i < levels; i++) {
        for (int a = 0; a <= AROUND; a++) {
            double p[2];
            surface->on_level(surface->levels[i], 2 * 3.14159265358979323846 * a / AROUND, p);
            add(t, surface, p);
        }
        add(t, surface, (const double[]){ NAN, NAN });
    }
    return LATHE_OK;
}

static lathe_status trace_rows(trace *t, const cli_surface *surface, const cli_walk_row *row, uint64_t steps,
    bool average)
{
    if (open_trace(t, steps + 1)) return lathe_error();
    for (uint64_t i = 0; i <= steps; i++) add(t, surface, average ? row[i].average : row[i].p);
    return LATHE_OK;
}

static lathe_status trace_numbers(trace *t, const cli_walk_row *row, uint64_t steps, bool rates)
{
    if (open_trace(t, steps + 1)) return lathe_error();
    for (uint64_t i = 0; i <= steps; i++) {
        t->x[i] = (double)row[i].step;
        t->y[i] = rates ? row[i].lr : row[i].value;
    }
    t->count = steps + 1;
    return LATHE_OK;
}

/* "from (-1.2, 1) to (1, 1), loss 24.2 to 0.001; the lowest is 0 at (1, 1)" */
static lathe_status write_page(const char *path, const lathe_chart *chart, int charts, const char *name,
    const cli_walk_row *first, const cli_walk_row *end)
{
    char title[128], said[256];
    snprintf(title, sizeof title, "%s on %s: %" PRIu64 " steps", name, chart->title, end->step);
    snprintf(said, sizeof said, "From (%.4g, %.4g) to (%.4g, %.4g). The loss goes from %.4g to %.4g.",
        first->p[0], first->p[1], end->p[0], end->p[1], first->value, end->value);
    return lathe_report_charts(&(lathe_chart_page){ title, said, chart, charts }, path);
}

lathe_status cli_walk_draw(const cli_picture_files *files, const cli_surface *surface, const char *name,
    const cli_walk_row *row, uint64_t steps)
{
    enum { LINES, WAY, AVERAGE, LOSS, RATE, TRACES };
    trace t[TRACES] = { { .x = NULL } };
    lathe_status status = trace_levels(&t[LINES], surface);
    if (!status) status = trace_rows(&t[WAY], surface, row, steps, false);
    if (!status) status = trace_rows(&t[AVERAGE], surface, row, steps, true);
    if (!status) status = trace_numbers(&t[LOSS], row, steps, false);
    if (!status) status = trace_numbers(&t[RATE], row, steps, true);
    const lathe_series map[] = {
        { .x = t[LINES].x,
            .y = t[LINES].y,
            .count = t[LINES].count,
            .color = GREY,
            .faint = true,
            .path = true },
        { .name = name, .x = t[WAY].x, .y = t[WAY].y, .count = t[WAY].count, .path = true },
        { .name = t[AVERAGE].count ? "average" : NULL,
            .x = t[AVERAGE].x,
            .y = t[AVERAGE].y,
            .count = t[AVERAGE].count,
            .color = 1,
            .path = true },
        { .x = surface->goal, .y = surface->goal + 1, .count = 1, .color = 2, .dots = true },
    };
    const lathe_series losses = { .x = t[LOSS].x, .y = t[LOSS].y, .count = t[LOSS].count };
    const lathe_series rates = { .x = t[RATE].x, .y = t[RATE].y, .count = t[RATE].count };
    const lathe_chart chart[] = {
        { .title = surface->name,
            .series = map,
            .count = sizeof map / sizeof map[0],
            .width = WIDTH,
            .height = HEIGHT },
        { .title = "loss",
            .x_label = "step",
            .series = &losses,
            .count = 1,
            .log_y = true,
            .width = WIDTH,
            .height = LOSS_HEIGHT },
        { .title = "learning rate", .x_label = "step", .series = &rates, .count = 1, .zero = true },
    };
    if (!status && files->svg) status = cli_picture_write(files->svg, chart, 2);
    if (!status && files->html) status = write_page(files->html, chart, 3, name, row, &row[steps]);
    for (int i = 0; i < TRACES; i++) lathe_free(t[i].x);
    return status;
}
