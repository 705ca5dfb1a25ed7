/* Affine warps with OpenCV's arithmetic: positions in 1/32 of a pixel, and its interpolation weights. */
#include <math.h>
#include <string.h>

#include "transform_impl.h"

enum { PARTS = 32, PART_BITS = 5, PLACE_BITS = 10, WEIGHT_BITS = 14, MOST = 8 };

#define PI 3.14159265358979323846

static double cubic(double x)
{
    const double a = -0.75;
    x = fabs(x);
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* Four lobes. */
static double lanczos4(double x)
{
    if (x == 0) return 1;
    return fabs(x) < 4 ? sin(PI * x) * sin(PI * x / 4) * 4 / (PI * PI * x * x) : 0;
}

static double linear(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Taps of an interpolation for each place between two pixels: number k belongs to the pixel `before` - k to
 * the left. */
typedef struct lathe_taps {
    int count, before;
    int32_t weight[PARTS][MOST]; /* each row sums to 1 << WEIGHT_BITS */
} lathe_taps;

static void set_row(lathe_taps *taps, double (*weight_of)(double), int part)
{
    double weight[MOST], sum = 0;
    int32_t left = 1 << WEIGHT_BITS;
    int largest = 0;
    for (int k = 0; k < taps->count; k++) {
        weight[k] = weight_of(k - taps->before - (double)part / PARTS);
        sum += weight[k];
        if (weight[k] > weight[largest]) largest = k;
    }
    for (int k = 0; k < taps->count; k++) {
        taps->weight[part][k] = (int32_t)lround(weight[k] / sum * (1 << WEIGHT_BITS));
        left -= taps->weight[part][k];
    }
    taps->weight[part][largest] += left;
}

static void set_taps(lathe_taps *taps, int filter)
{
    static const struct {
        double (*weight)(double);
        int count;
    } kinds[] = { { linear, 2 }, { linear, 2 }, { cubic, 4 }, { linear, 2 },
        { lanczos4, 8 } }; /* in lathe_filter's order */
    taps->count = kinds[filter].count;
    taps->before = taps->count / 2 - 1;
    for (int part = 0; part < PARTS; part++) set_row(taps, kinds[filter].weight, part);
}

/* The rows and columns (-1: the fill value) of a pixel of the result, with their weights. */
typedef struct lathe_spot {
    int row[MOST], column[MOST];
    const int32_t *down, *across;
} lathe_spot;

static uint8_t weigh(const uint8_t *plane, int width, const lathe_spot *spot, int count, int fill)
{
    int64_t sum = 0;
    for (int i = 0; i < count; i++) {
        int32_t line = 0;
        for (int k = 0; k < count; k++) {
            bool outside = spot->row[i] < 0 || spot->column[k] < 0;
            line += (outside ? fill : plane[(size_t)spot->row[i] * (size_t)width + (size_t)spot->column[k]]) *
                spot->across[k];
        }
        sum += (int64_t)line * spot->down[i];
    }
    sum = (sum + (1 << (2 * WEIGHT_BITS - 1))) >> 2 * WEIGHT_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* A position in 1/1024 of a pixel, limited so that the sum of two does not overflow. */
static int64_t place(double pixels)
{
    const double most = 1e12;
    return (int64_t)rint(fmin(fmax(pixels * (1 << PLACE_BITS), -most), most));
}

/* The index of the pixel, limited to a distance from the picture that borders can handle. */
static int whole(int64_t place)
{
    const int64_t most = 1 << 26;
    return (int)(place < -most ? -most : place > most ? most : place);
}

static void warp_nearest(const lathe_image *in, const double m[6], const lathe_edge *edge, lathe_image *out)
{
    size_t area = (size_t)in->height * (size_t)in->width, out_area = (size_t)out->height * (size_t)out->width;
    const int64_t half = 1 << (PLACE_BITS - 1);
    const lathe_border border =
        in->mask == LATHE_INSTANCE_MASK ? LATHE_BORDER_CONSTANT : (lathe_border)edge->border;
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++) {
            int column = whole((place(m[0] * x) + place(m[1] * y + m[2]) + half) >> PLACE_BITS);
            int row = whole((place(m[3] * x) + place(m[4] * y + m[5]) + half) >> PLACE_BITS);
            column = lathe_border_place(border, column, in->width);
            row = lathe_border_place(border, row, in->height);
            bool outside = row < 0 || column < 0;
            size_t from = outside ? 0 : (size_t)row * (size_t)in->width + (size_t)column;
            uint8_t *to = out->pixels + (size_t)y * (size_t)out->width + (size_t)x;
            for (size_t c = 0; c < (size_t)in->channels; c++)
                to[c * out_area] = outside ? (uint8_t)lathe_edge_fill(edge, in) : in->pixels[c * area + from];
        }
}

static void find_spot(const lathe_image *in, const lathe_taps *taps, int border, int64_t x, int64_t y,
    lathe_spot *spot)
{
    const int shift = PLACE_BITS - PART_BITS;
    const int64_t half = 1 << (shift - 1);
    int64_t across = (x + half) >> shift, down = (y + half) >> shift;
    spot->across = taps->weight[across & (PARTS - 1)];
    spot->down = taps->weight[down & (PARTS - 1)];
    int column = whole(across >> PART_BITS) - taps->before, row = whole(down >> PART_BITS) - taps->before;
    for (int k = 0; k < taps->count; k++) {
        spot->column[k] = lathe_border_place((lathe_border)border, column + k, in->width);
        spot->row[k] = lathe_border_place((lathe_border)border, row + k, in->height);
    }
}

void lathe_image_warp(const lathe_image *in, const double m[6], int filter, const lathe_edge *edge,
    lathe_image *out)
{
    if (in->mask || filter == LATHE_NEAREST) {
        warp_nearest(in, m, edge, out);
        return;
    }
    size_t area = (size_t)in->height * (size_t)in->width, out_area = (size_t)out->height * (size_t)out->width;
    lathe_taps taps;
    set_taps(&taps, filter);
    for (int y = 0; y < out->height; y++) {
        int64_t across = place(m[1] * y + m[2]), down = place(m[4] * y + m[5]);
        uint8_t *to = out->pixels + (size_t)y * (size_t)out->width;
        for (int x = 0; x < out->width; x++) {
            lathe_spot spot;
            find_spot(in, &taps, edge->border, place(m[0] * x) + across, place(m[3] * x) + down, &spot);
            for (size_t c = 0; c < (size_t)in->channels; c++)
                to[c * out_area + (size_t)x] =
                    weigh(in->pixels + c * area, in->width, &spot, taps.count, edge->fill);
        }
    }
}

void lathe_affine_invert(const double m[6], double inverse[6])
{
    double determinant = m[0] * m[4] - m[1] * m[3], d = determinant != 0 ? 1 / determinant : 0;
    inverse[0] = m[4] * d;
    inverse[1] = -m[1] * d;
    inverse[3] = -m[3] * d;
    inverse[4] = m[0] * d;
    inverse[2] = -inverse[0] * m[2] - inverse[1] * m[5];
    inverse[5] = -inverse[3] * m[2] - inverse[4] * m[5];
}
