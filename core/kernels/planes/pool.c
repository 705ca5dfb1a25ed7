#include "pool.h"

#include <string.h>

#include "../lanes.h"

/*
 * A window's work is written once, as an inline function of its numbers of rows and columns; the common sizes
 * call it with constants, so that the compiler unrolls it.
 */
typedef struct window {
    size_t at; /* of its first number, in the plane */
    int rows, columns;
} window;

static inline window window_at(const lathe_pool_windows *w, int i, int j)
{
    const lathe_pool_span *rows = &w->rows[i], *columns = &w->columns[j];
    return (window){ ((size_t)rows->begin * (size_t)w->width + (size_t)columns->begin) * LANES, rows->count,
        columns->count };
}

static inline real inverse_area(const lathe_pool_windows *w, int i, int j)
{
    return 1 / ((real)w->rows[i].divisor * (real)w->columns[j].divisor);
}

static size_t plane_size(const lathe_pool_windows *w) { return (size_t)w->height * (size_t)w->width * LANES; }

/*
 * Clear the rows of gx that come into use, up to `end`: so late that they are still in the cache. Returns how
 * many are cleared.
 */
static int clear_rows(real *gx, size_t row, int cleared, int end)
{
    if (end <= cleared) return cleared;
    memset(gx + (size_t)cleared * row, 0, (size_t)(end - cleared) * row * sizeof *gx);
    return end;
}

/* row, column: numbers to the next one of the window. */
static inline void window_max(const real *x, real *y, size_t row, size_t column, int rows, int columns,
    int relu)
{
    for (int h = 0; h < LANES; h += PART) {
        part best = relu ? (part){ 0 } : load_part(x + h);
        for (int p = 0; p < rows; p++)
            for (int q = 0; q < columns; q++) {
                part v = load_part(x + (size_t)p * row + (size_t)q * column + h);
                best = choose_part((v > best) | (v != v), v, best); /* NaN stays NaN */
            }
        store_part(y + h, best);
    }
}

static bool is_dense(const lathe_pool_windows *w) { return w->row_step == 1 && w->column_step == 1; }

static bool are_pairs(const lathe_pool_span *spans, int count)
{
    for (int i = 0; i < count; i++)
        if (spans[i].begin != 2 * i || spans[i].count != 2) return false;
    return true;
}

/* Windows of 2 x 2 side by side: their places need not be looked up. */
static bool is_halving(const lathe_pool_windows *w)
{
    return is_dense(w) && are_pairs(w->rows, w->out_height) && are_pairs(w->columns, w->out_width);
}

static inline void halve(const lathe_pool_windows *w, int planes, const real *x, real *y, int relu)
{
    size_t row = (size_t)w->width * LANES;
    for (int n = 0; n < planes; n++, x += plane_size(w))
        for (int i = 0; i < w->out_height; i++) {
            const real *at = x + 2 * (size_t)i * row;
            for (int j = 0; j < w->out_width; j++, at += 2 * LANES, y += LANES)
                window_max(at, y, row, LANES, 2, 2, relu);
        }
}

static void max(const lathe_pool_windows *w, int planes, const real *x, real *y)
{
    if (is_halving(w)) {
        if (w->relu) halve(w, planes, x, y, 1);
        else halve(w, planes, x, y, 0);
        return;
    }
    bool dense = is_dense(w);
    size_t row = (size_t)w->width * LANES;
    for (int n = 0; n < planes; n++, x += plane_size(w))
        for (int i = 0; i < w->out_height; i++)
            for (int j = 0; j < w->out_width; j++, y += LANES) {
                window at = window_at(w, i, j);
                if (at.rows == 2 && at.columns == 2 && dense)
                    window_max(x + at.at, y, row, LANES, 2, 2, w->relu);
                else if (at.rows == 3 && at.columns == 3 && dense)
                    window_max(x + at.at, y, row, LANES, 3, 3, w->relu);
                else
                    window_max(x + at.at, y, row * (size_t)w->row_step, (size_t)w->column_step * LANES,
                        at.rows, at.columns, w->relu);
            }
}

/*
 * Each lane's gradient goes to the first place that equals the maximum; `open` are the lanes that have not
 * found theirs.
 */
static inline void window_max_backward(const real *x, const real *y, const real *gy, real *gx, size_t row,
    size_t column, int rows, int columns, int relu, int add)
{
    for (int h = 0; h < LANES; h += PART) {
        part best = load_part(y + h), g = load_part(gy + h);
        part_mask open = relu ? best > (part){ 0 } : ~(part_mask){ 0 };
        for (int p = 0; p < rows; p++)
            for (int q = 0; q < columns; q++) {
                size_t at = (size_t)p * row + (size_t)q * column + (size_t)h;
                part_mask here = (load_part(x + at) == best) & open;
                part to = (part)(here & (part_mask)g);
                open &= ~here;
                store_part(gx + at, add ? load_part(gx + at) + to : to);
            }
    }
}

static inline void halve_backward(const lathe_pool_windows *w, int planes, const real *x, const real *y,
    const real *gy, real *gx, int relu)
{
    size_t row = (size_t)w->width * LANES, size = plane_size(w);
    for (int n = 0; n < planes; n++, x += size, gx += size)
        for (int i = 0; i < w->out_height; i++) {
            size_t at = 2 * (size_t)i * row;
            for (int j = 0; j < w->out_width; j++, at += 2 * LANES, y += LANES, gy += LANES)
                window_max_backward(x + at, y, gy, gx + at, row, LANES, 2, 2, relu, 0);
        }
}

static void max_backward(const lathe_pool_windows *w, int planes, const real *x, const real *y,
    const real *gy, real *gx, int add)
{
    if (!add && w->partition && is_halving(w)) {
        if (w->relu) halve_backward(w, planes, x, y, gy, gx, 1);
        else halve_backward(w, planes, x, y, gy, gx, 0);
        return;
    }
    bool dense = is_dense(w);
    size_t row = (size_t)w->width * LANES, size = plane_size(w);
    for (int n = 0; n < planes; n++, x += size, gx += size) {
        int adds = add || !w->partition, cleared = add || w->partition ? w->height : 0;
        for (int i = 0; i < w->out_height; i++) {
            cleared = clear_rows(gx, row, cleared, w->rows[i].end);
            for (int j = 0; j < w->out_width; j++, y += LANES, gy += LANES) {
                window at = window_at(w, i, j);
                if (at.rows == 2 && at.columns == 2 && !adds && dense)
                    window_max_backward(x + at.at, y, gy, gx + at.at, row, LANES, 2, 2, w->relu, 0);
                else if (at.rows == 3 && at.columns == 3 && adds && dense)
                    window_max_backward(x + at.at, y, gy, gx + at.at, row, LANES, 3, 3, w->relu, 1);
                else
                    window_max_backward(x + at.at, y, gy, gx + at.at, row * (size_t)w->row_step,
                        (size_t)w->column_step * LANES, at.rows, at.columns, w->relu, adds);
            }
        }
        clear_rows(gx, row, cleared, w->height);
    }
}

static inline void window_average(const real *x, real *y, size_t row, int rows, int columns, real factor)
{
    for (int h = 0; h < LANES; h += PART) {
        part even = { 0 }, odd = { 0 }; /* two sums hide half of an addition's latency */
        for (int p = 0; p < rows; p++) {
            const real *at = x + (size_t)p * row + h;
            int q = 0;
            for (; q + 2 <= columns; q += 2, at += 2 * LANES) {
                even += load_part(at);
                odd += load_part(at + LANES);
            }
            if (q < columns) even += load_part(at);
        }
        store_part(y + h, (even + odd) * factor);
    }
}

static void average(const lathe_pool_windows *w, int planes, const real *x, real *y)
{
    size_t row = (size_t)w->width * LANES;
    for (int n = 0; n < planes; n++, x += plane_size(w))
        for (int i = 0; i < w->out_height; i++)
            for (int j = 0; j < w->out_width; j++, y += LANES) {
                window at = window_at(w, i, j);
                real factor = inverse_area(w, i, j);
                if (at.rows == 2 && at.columns == 2) window_average(x + at.at, y, row, 2, 2, factor);
                else if (at.rows == 3 && at.columns == 3) window_average(x + at.at, y, row, 3, 3, factor);
                else window_average(x + at.at, y, row, at.rows, at.columns, factor);
            }
}

static inline void window_average_backward(const real *gy, real *gx, size_t row, int rows, int columns,
    real factor, int add)
{
    for (int h = 0; h < LANES; h += PART) {
        part g = load_part(gy + h) * factor;
        for (int p = 0; p < rows; p++)
            for (int q = 0; q < columns; q++) {
                real *to = gx + (size_t)p * row + (size_t)(q * LANES + h);
                store_part(to, add ? load_part(to) + g : g);
            }
    }
}

static void average_backward(const lathe_pool_windows *w, int planes, const real *gy, real *gx, int add)
{
    size_t row = (size_t)w->width * LANES, size = plane_size(w);
    for (int n = 0; n < planes; n++, gx += size) {
        int adds = add || !w->partition, cleared = add || w->partition ? w->height : 0;
        for (int i = 0; i < w->out_height; i++) {
            cleared = clear_rows(gx, row, cleared, w->rows[i].end);
            for (int j = 0; j < w->out_width; j++, gy += LANES) {
                window at = window_at(w, i, j);
                real factor = inverse_area(w, i, j);
                if (at.rows == 2 && at.columns == 2 && !adds)
                    window_average_backward(gy, gx + at.at, row, 2, 2, factor, 0);
                else if (at.rows == 3 && at.columns == 3 && adds)
                    window_average_backward(gy, gx + at.at, row, 3, 3, factor, 1);
                else window_average_backward(gy, gx + at.at, row, at.rows, at.columns, factor, adds);
            }
        }
        clear_rows(gx, row, cleared, w->height);
    }
}

extern const lathe_pool_kernels KERNEL(lathe_pool_kernels);
const lathe_pool_kernels KERNEL(lathe_pool_kernels) = {
    .max = max,
    .max_backward = max_backward,
    .average = average,
    .average_backward = average_backward,
};
