#include "resize.h"

#include <math.h>
#include <string.h>

#include "../core/alloc.h"

#define FRACTION 22 /* bits after the point of a weight: 32, less 8 for the pixel and 2 for weights beyond 1 */
#define PI 3.14159265358979323846

const char *const lathe_filter_names[] = { "bilinear", "nearest", "bicubic", "area", "lanczos", NULL };

static double bilinear(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double area(double x)
{
    return x > -0.5 && x <= 0.5 ? 1 : 0;
}

static double sinc(double x)
{
    return x == 0 ? 1 : sin(x * PI) / (x * PI);
}

static double lanczos(double x)
{
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static const struct {
    double (*weight)(double);
    double reach;
} filters[] = { { bilinear, 1 }, { NULL, 0 }, { bicubic, 2 }, { area, 0.5 }, { lanczos, 3 } };

/* How one axis is resampled: new pixel i is the sum of weight[i * most + k] * old pixel first[i] + k, k < count[i]. */
typedef struct lathe_axis {
    int size, most;
    int *first, *count;
    int32_t *weight;
} lathe_axis;

static void axis_free(lathe_axis *axis)
{
    lathe_free(axis->first);
    lathe_free(axis->count);
    lathe_free(axis->weight);
}

/* The weights of new pixel i: the filter over the old pixels, made to sum to one, then rounded. */
static void set_weights(lathe_axis *axis, int i, int old_size, lathe_filter filter, double begin, double scale, double stretch,
    double *weights)
{
    double centre = begin + (i + 0.5) * scale, reach = filters[filter].reach * stretch, sum = 0;
    int first = (int)(centre - reach + 0.5), end = (int)(centre + reach + 0.5);
    if (first < 0) first = 0;
    if (end > old_size) end = old_size;
    for (int k = 0; k < end - first; k++) {
        weights[k] = filters[filter].weight((k + first - centre + 0.5) / stretch);
        sum += weights[k];
    }
    for (int k = 0; k < end - first; k++) {
        double weight = sum != 0 ? weights[k] / sum : weights[k];
        axis->weight[(size_t)i * (size_t)axis->most + (size_t)k] = (int32_t)(weight * (1 << FRACTION) + (weight < 0 ? -0.5 : 0.5));
    }
    axis->first[i] = first;
    axis->count[i] = end - first;
}

static lathe_status axis_init(lathe_axis *axis, int size, int old_size, lathe_filter filter, double begin, double end)
{
    double scale = (end - begin) / size, stretch = scale < 1 ? 1 : scale;
    *axis = (lathe_axis){ .size = size, .most = (int)ceil(filters[filter].reach * stretch) * 2 + 1 };
    axis->first = lathe_alloc_raw((size_t)size, sizeof *axis->first);
    axis->count = lathe_alloc_raw((size_t)size, sizeof *axis->count);
    axis->weight = lathe_alloc_raw(lathe_times((size_t)size, (size_t)axis->most), sizeof *axis->weight);
    double *weights = lathe_alloc_raw((size_t)axis->most, sizeof *weights);
    lathe_status status = axis->first && axis->count && axis->weight && weights ? LATHE_OK : LATHE_ENOMEM;
    for (int i = 0; i < size && !status; i++) set_weights(axis, i, old_size, filter, begin, scale, stretch, weights);
    lathe_free(weights);
    if (status) axis_free(axis);
    return status;
}

static uint8_t clip(int32_t sum)
{
    int32_t value = sum >> FRACTION;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void resample_row(const uint8_t *from, const lathe_axis *axis, uint8_t *to)
{
    for (int i = 0; i < axis->size; i++) {
        const int32_t *weight = axis->weight + (size_t)i * (size_t)axis->most;
        const uint8_t *pixel = from + axis->first[i];
        int32_t sum = 1 << (FRACTION - 1);
        for (int k = 0; k < axis->count[i]; k++) sum += pixel[k] * weight[k];
        to[i] = clip(sum);
    }
}

/* New row i of rows `from`, each `width` wide, of which the first is old row `begin`. `sums` has room for a row. */
static void resample_column(const uint8_t *from, int begin, int width, const lathe_axis *axis, int i, int32_t *restrict sums,
    uint8_t *restrict to)
{
    const int32_t *weight = axis->weight + (size_t)i * (size_t)axis->most;
    for (int x = 0; x < width; x++) sums[x] = 1 << (FRACTION - 1);
    for (int k = 0; k < axis->count[i]; k++) {
        const uint8_t *row = from + (size_t)(axis->first[i] - begin + k) * (size_t)width;
        for (int x = 0; x < width; x++) sums[x] += row[x] * weight[k];
    }
    for (int x = 0; x < width; x++) to[x] = clip(sums[x]);
}

/* Rows first, only those that columns need, then columns. */
static lathe_status resample(const lathe_image *in, const lathe_axis *across, const lathe_axis *down, lathe_image *out)
{
    int begin = down->first[0], end = down->first[down->size - 1] + down->count[down->size - 1];
    size_t rows = (size_t)(end - begin), width = (size_t)out->width;
    uint8_t *between = lathe_alloc_raw(rows, width);
    int32_t *sums = lathe_alloc_raw(width, sizeof *sums);
    lathe_status status = between && sums ? LATHE_OK : LATHE_ENOMEM;
    for (int c = 0; c < out->channels && !status; c++) {
        const uint8_t *plane = in->pixels + (size_t)c * (size_t)in->height * (size_t)in->width;
        for (size_t y = 0; y < rows; y++)
            resample_row(plane + ((size_t)begin + y) * (size_t)in->width, across, between + y * width);
        uint8_t *to = out->pixels + (size_t)c * (size_t)out->height * width;
        for (int y = 0; y < out->height; y++) resample_column(between, begin, out->width, down, y, sums, to + (size_t)y * width);
    }
    lathe_free(between);
    lathe_free(sums);
    return status;
}

static int nearest_place(int i, double begin, double scale, int size)
{
    int place = (int)floor(begin + (i + 0.5) * scale);
    return place < 0 ? 0 : place >= size ? size - 1 : place;
}

static void pick_nearest(const lathe_image *in, const lathe_box *box, lathe_image *out)
{
    double across = (box->right - box->left) / out->width, down = (box->bottom - box->top) / out->height;
    uint8_t *to = out->pixels;
    for (int c = 0; c < out->channels; c++)
        for (int y = 0; y < out->height; y++) {
            size_t row = (size_t)c * (size_t)in->height + (size_t)nearest_place(y, box->top, down, in->height);
            const uint8_t *from = in->pixels + row * (size_t)in->width;
            for (int x = 0; x < out->width; x++) *to++ = from[nearest_place(x, box->left, across, in->width)];
        }
}

lathe_status lathe_image_resize(const lathe_image *in, lathe_filter filter, const lathe_box *box, lathe_image *out)
{
    if (!in || !out || in->channels != out->channels || in->height < 1 || in->width < 1 || out->height < 1 || out->width < 1)
        return lathe_fail(LATHE_EARG, "lathe_image_resize: %s", !in || !out ? "NULL" : "sizes below 1, or channels that differ");
    if (filter < LATHE_BILINEAR || filter > LATHE_LANCZOS) return lathe_fail(LATHE_EARG, "lathe_image_resize: filter %d", (int)filter);
    lathe_box whole = { 0, 0, in->width, in->height };
    if (!box) box = &whole;
    if (!(box->left >= 0 && box->left < box->right && box->right <= in->width && box->top >= 0 && box->top < box->bottom &&
        box->bottom <= in->height))
        return lathe_fail(LATHE_EARG, "lathe_image_resize: box %g %g %g %g of a picture of %d x %d", box->left, box->top, box->right,
            box->bottom, in->width, in->height);
    if (filter == LATHE_NEAREST) {
        pick_nearest(in, box, out);
        return LATHE_OK;
    }
    lathe_axis across, down;
    lathe_status status = axis_init(&across, out->width, in->width, filter, box->left, box->right);
    if (status) return status;
    status = axis_init(&down, out->height, in->height, filter, box->top, box->bottom);
    if (!status) {
        status = resample(in, &across, &down, out);
        axis_free(&down);
    }
    axis_free(&across);
    return status;
}
