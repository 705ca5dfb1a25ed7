#include "schedule_svg.h"

#include <string.h>

enum { WIDTH = 720, HEIGHT = 220 };

/* The chart as part of a larger picture: a nested <svg> element needs its place. */
static void add_chart(lathe_text *out, const char *name, const double *x, const double *y, size_t count, int top, bool zero)
{
    static const char begin[] = "<svg ";
    const lathe_series series = { .x = x, .y = y, .count = count };
    lathe_text chart = { 0 };
    lathe_chart_svg(&chart, &(lathe_chart){ .title = name, .x_label = "step", .series = &series, .count = 1, .width = WIDTH,
        .height = HEIGHT, .zero = zero });
    char *text = lathe_text_take(&chart);
    if (!text) return;
    lathe_text_add(out, "<svg y=\"%d\" width=\"%d\" height=\"%d\" ", top, WIDTH, HEIGHT);
    lathe_text_put(out, text + strlen(begin));
    lathe_free(text);
}

lathe_status cli_schedule_svg(const char *path, const lathe_step_row *row, uint64_t steps)
{
    double *room = lathe_alloc(steps, 3 * sizeof *room), *lr = room + steps, *momentum = lr + steps;
    if (!room) return lathe_error();
    bool changes = false;
    for (uint64_t i = 0; i < steps; i++) {
        room[i] = (double)row[i].step, lr[i] = row[i].lr, momentum[i] = row[i].momentum;
        changes = changes || momentum[i] != momentum[0];
    }
    lathe_text out = { 0 };
    int height = changes ? 2 * HEIGHT : HEIGHT;
    lathe_text_add(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
        "style=\"background:#fff;color:#1c1e21\">\n", WIDTH, height, WIDTH, height);
    add_chart(&out, "learning rate", room, lr, steps, 0, true);
    if (changes) add_chart(&out, "momentum", room, momentum, steps, HEIGHT, false);
    lathe_text_put(&out, "\n</svg>\n");
    lathe_free(room);
    char *text = lathe_text_take(&out);
    lathe_status status = text ? lathe_file_write_text(path, text) : lathe_error();
    lathe_free(text);
    return status;
}
