#include "chart.h"

enum { WIDTH = 72, HEIGHT = 8 };

/* A cell of the curve `eighths` high, 0 ... 8. */
static const char *const block[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

static double greatest(const double *values, size_t from, size_t to)
{
    double best = values[from];
    for (size_t i = from + 1; i < to; i++)
        if (values[i] > best) best = values[i];
    return best;
}

void cli_chart(FILE *file, const char *title, const double *values, size_t count)
{
    if (!count) return;
    size_t columns = count < WIDTH ? count : WIDTH;
    double high = greatest(values, 0, count), low = values[0];
    for (size_t i = 1; i < count; i++)
        if (values[i] < low) low = values[i];
    int height[WIDTH]; /* in eighths of a cell; at least one, so that the lowest value is visible */
    for (size_t c = 0; c < columns; c++) {
        double part = high > low ?
            (greatest(values, c * count / columns, (c + 1) * count / columns) - low) / (high - low) :
            0.5;
        height[c] = 1 + (int)(part * (8 * HEIGHT - 1) + 0.5);
    }
    fprintf(file, "%s\n", title);
    for (int row = HEIGHT - 1; row >= 0; row--) {
        if (row == HEIGHT - 1) fprintf(file, "%10.4g ", high);
        else if (row == 0) fprintf(file, "%10.4g ", low);
        else fprintf(file, "%11s", "");
        size_t last = columns; /* nothing is drawn after it */
        while (last && height[last - 1] <= 8 * row) last--;
        for (size_t c = 0; c < last; c++) {
            int eighths = height[c] - 8 * row;
            fputs(block[eighths < 0 ? 0 : eighths > 8 ? 8 : eighths], file);
        }
        fputc('\n', file);
    }
}
