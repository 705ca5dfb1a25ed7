#include "resize.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/context.h"
#include "../../core/kernels/kernels.h"

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

static double area(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

static double sinc(double x) { return x == 0 ? 1 : sin(x * PI) / (x * PI); }

static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

static const struct {
    double (*weight)(double);
    double reach;
} filters[] = { { bilinear, 1 }, { NULL, 0 }, { bicubic, 2 }, { area, 0.5 }, { lanczos, 3 } };

static void axis_free(lathe_resample_axis *axis)
{
    lathe_free(axis->first);
    lathe_free(axis->count);
    lathe_free(axis->weight);
}

/* The weights of new pixel i: the filter at the old pixels, scaled to sum 1, then rounded. */
static void set_weights(lathe_resample_axis *axis, int i, int old_size, lathe_filter filter, double begin,
    double scale, double stretch, double *weights)
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
        axis->weight[(size_t)i * (size_t)axis->most + (size_t)k] =
            (int32_t)(weight * (1 << LATHE_RESAMPLE_FRACTION) + (weight < 0 ? -0.5 : 0.5));
    }
    axis->first[i] = first;
    axis->count[i] = end - first;
}

static lathe_status axis_init(lathe_resample_axis *axis, int size, int old_size, lathe_filter filter,
    double begin, double end)
{
    double scale = (end - begin) / size, stretch = scale < 1 ? 1 : scale;
    *axis = (lathe_resample_axis){ .size = size, .most = (int)ceil(filters[filter].reach * stretch) * 2 + 1 };
    axis->first = lathe_alloc_raw((size_t)size, sizeof *axis->first);
    axis->count = lathe_alloc_raw((size_t)size, sizeof *axis->count);
    axis->weight = lathe_alloc_raw(lathe_times((size_t)size, (size_t)axis->most), sizeof *axis->weight);
    double *weights = lathe_alloc_raw((size_t)axis->most, sizeof *weights);
    lathe_status status = axis->first && axis->count && axis->weight && weights ? LATHE_OK : LATHE_ENOMEM;
    for (int i = 0; i < size && !status; i++)
        set_weights(axis, i, old_size, filter, begin, scale, stretch, weights);
    lathe_free(weights);
    if (status) axis_free(axis);
    return status;
}

/* Returns true if new pixel i is old pixel begin + i, so that nothing is resampled. */
static bool takes_over(const lathe_resample_axis *axis, double begin)
{
    for (int i = 0; i < axis->size; i++)
        for (int k = 0; k < axis->count[i]; k++) {
            const int32_t whole = axis->first[i] + k == (int)begin + i ? 1 << LATHE_RESAMPLE_FRACTION : 0;
            if (axis->weight[(size_t)i * (size_t)axis->most + (size_t)k] != whole) return false;
        }
    return true;
}

/* The number of old pixels that an axis needs, from first[0] on. */
static int needed(const lathe_resample_axis *axis)
{
    return axis->first[axis->size - 1] + axis->count[axis->size - 1] - axis->first[0];
}

/* One plane at a time. */
typedef struct lathe_resampling {
    lathe_resample_axis across, down;
    bool keep_columns, keep_rows; /* copied without resampling */
    int left, top;
    uint8_t *between; /* the rows that the columns need, resampled */
    uint8_t *work;
    int32_t *sums;
} lathe_resampling;

static void resample_across(const lathe_resampling *r, const uint8_t *from, int width, int rows, uint8_t *to)
{
    const lathe_resample_kernels *kernels = lathe_context_kernels(NULL)->resample;
    const size_t stride = (size_t)width, to_stride = (size_t)r->across.size;
    for (int y = 0; y < rows; y += LATHE_RESAMPLE_ROWS)
        kernels->across(from + (size_t)y * stride + r->across.first[0], stride,
            rows - y < LATHE_RESAMPLE_ROWS ? rows - y : LATHE_RESAMPLE_ROWS, needed(&r->across), &r->across,
            r->work, to + (size_t)y * to_stride, to_stride);
}

/* Resample the rows that the columns need, then the columns. */
static void resample_plane(const lathe_resampling *r, const uint8_t *plane, int width, uint8_t *to)
{
    const size_t stride = (size_t)width, to_stride = (size_t)r->across.size;
    const uint8_t *kept = plane + (size_t)r->top * stride, *first = plane + (size_t)r->down.first[0] * stride;
    if (r->keep_rows && !r->keep_columns) {
        resample_across(r, kept, width, r->down.size, to);
        return;
    }
    if (!r->keep_columns) resample_across(r, first, width, needed(&r->down), r->between);
    const uint8_t *from = r->keep_columns ? first + r->left : r->between;
    for (int y = 0; y < r->down.size; y++) {
        if (r->keep_rows) memcpy(to + (size_t)y * to_stride, kept + (size_t)y * stride + r->left, to_stride);
        else
            lathe_context_kernels(NULL)->resample->down(from, r->keep_columns ? stride : to_stride,
                r->across.size, &r->down, y, r->sums, to + (size_t)y * to_stride);
    }
}

static lathe_status resample(const lathe_image *in, const lathe_box *box, lathe_resampling *r,
    lathe_image *out)
{
    r->left = (int)box->left;
    r->top = (int)box->top;
    r->keep_columns = takes_over(&r->across, box->left);
    r->keep_rows = takes_over(&r->down, box->top);
    r->between = lathe_alloc_raw((size_t)needed(&r->down), (size_t)out->width);
    r->work =
        lathe_alloc_raw(lathe_plus((size_t)needed(&r->across) + 32, (size_t)out->width), LATHE_RESAMPLE_ROWS);
    r->sums = lathe_alloc_raw((size_t)out->width, sizeof *r->sums);
    lathe_status status = r->between && r->work && r->sums ? LATHE_OK : LATHE_ENOMEM;
    const size_t plane = (size_t)in->height * (size_t)in->width,
                 made = (size_t)out->height * (size_t)out->width;
    for (int c = 0; c < out->channels && !status; c++)
        resample_plane(r, in->pixels + (size_t)c * plane, in->width, out->pixels + (size_t)c * made);
    lathe_free(r->between);
    lathe_free(r->work);
    lathe_free(r->sums);
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
            size_t row =
                (size_t)c * (size_t)in->height + (size_t)nearest_place(y, box->top, down, in->height);
            const uint8_t *from = in->pixels + row * (size_t)in->width;
            for (int x = 0; x < out->width; x++) *to++ = from[nearest_place(x, box->left, across, in->width)];
        }
}

lathe_status lathe_image_resize(const lathe_image *in, lathe_filter filter, const lathe_box *box,
    lathe_image *out)
{
    if (!in || !out) return lathe_fail_null("lathe_image_resize", in ? "out" : "in");
    if (in->channels != out->channels || in->height < 1 || in->width < 1 || out->height < 1 || out->width < 1)
        return lathe_fail(LATHE_EARG, "lathe_image_resize: sizes below 1, or channels that differ");
    if (filter < LATHE_BILINEAR || filter > LATHE_LANCZOS)
        return lathe_fail(LATHE_EARG, "lathe_image_resize: filter %d", (int)filter);
    lathe_box whole = { 0, 0, in->width, in->height };
    if (!box) box = &whole;
    if (!(box->left >= 0 && box->left < box->right && box->right <= in->width && box->top >= 0 &&
            box->top < box->bottom && box->bottom <= in->height))
        return lathe_fail(LATHE_EARG, "lathe_image_resize: box %g %g %g %g of a picture of %d x %d",
            box->left, box->top, box->right, box->bottom, in->width, in->height);
    if (filter == LATHE_NEAREST) {
        pick_nearest(in, box, out);
        return LATHE_OK;
    }
    lathe_resampling r;
    lathe_status status = axis_init(&r.across, out->width, in->width, filter, box->left, box->right);
    if (status) return status;
    status = axis_init(&r.down, out->height, in->height, filter, box->top, box->bottom);
    if (!status) {
        status = resample(in, box, &r, out);
        axis_free(&r.down);
    }
    axis_free(&r.across);
    return status;
}
