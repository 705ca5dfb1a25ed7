#include "schedule_svg.h"

#include "picture.h"

enum { WIDTH = 720, HEIGHT = 220 };

lathe_status cli_schedule_svg(const char *path, const lathe_step_row *row, uint64_t steps)
{
    double *room = lathe_alloc(lathe_times(3, steps), sizeof *room);
    if (!room) return lathe_error();
    double *lr = room + steps, *momentum = lr + steps;
    bool changes = false;
    for (uint64_t i = 0; i < steps; i++) {
        room[i] = (double)row[i].step, lr[i] = row[i].lr, momentum[i] = row[i].momentum;
        changes = changes || momentum[i] != momentum[0];
    }
    const lathe_series series[2] = { { .x = room, .y = lr, .count = steps },
        { .x = room, .y = momentum, .count = steps } };
    const lathe_chart chart[2] = {
        { .title = "learning rate",
            .x_label = "step",
            .series = &series[0],
            .count = 1,
            .width = WIDTH,
            .height = HEIGHT,
            .zero = true },
        { .title = "momentum",
            .x_label = "step",
            .series = &series[1],
            .count = 1,
            .width = WIDTH,
            .height = HEIGHT },
    };
    lathe_status status = cli_picture_write(path, chart, changes ? 2 : 1);
    lathe_free(room);
    return status;
}
