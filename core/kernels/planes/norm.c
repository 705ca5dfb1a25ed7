#include "norm.h"

#include "../lanes.h"

/*
 * Sums run in registers over a chunk, and from chunk to chunk in double: short sums, little rounding, a fixed
 * order. Each sum is four, of every fourth place, so that an addition need not wait for the one before.
 */
enum { CHUNK = 128, SUMS = 4 };

static inline double sum_used(lane_mask used, const lane_parts *sum)
{
    return (double)sum_lanes((lanes)(used & sum->mask));
}

/* sums[0] = the sum of d = x - center, sums[1] = that of d^2. */
static void chunk_distances(size_t size, lane_mask used, real center, const real *x, double sums[2])
{
    lane_parts sum, squares;
    for (int h = 0; h < PARTS; h++) {
        part d[SUMS] = { { 0 } }, d2[SUMS] = { { 0 } };
        const real *at = x + h * PART;
        size_t i = 0;
        for (; i + SUMS <= size; i += SUMS, at += SUMS * LANES)
            for (int k = 0; k < SUMS; k++) {
                part distance = load_part(at + k * LANES) - center;
                d[k] += distance;
                d2[k] += distance * distance;
            }
        for (; i < size; i++, at += LANES) {
            part distance = load_part(at) - center;
            d[0] += distance;
            d2[0] += distance * distance;
        }
        sum.parts[h] = (d[0] + d[1]) + (d[2] + d[3]);
        squares.parts[h] = (d2[0] + d2[1]) + (d2[2] + d2[3]);
    }
    sums[0] = sum_used(used, &sum);
    sums[1] = sum_used(used, &squares);
}

/*
 * Each chunk's corrected sum of squares about the mean of the chunks before it (Chan, Golub, LeVeque,
 * "Algorithms for computing the sample variance", 1983), and the chunks joined by their formula for two
 * samples. The first chunk is looked at twice, the first time for its mean.
 */
static void moments(size_t size, int used, const real *x, double result[2])
{
    lane_mask mask = first_lanes(used);
    double count = 0, mean = 0, squares = 0;
    for (size_t i = 0; i < size; i += CHUNK) {
        size_t length = size - i < CHUNK ? size - i : CHUNK;
        double n = (double)length * used, sums[2];
        if (i == 0) {
            chunk_distances(length, mask, 0, x, sums);
            mean = sums[0] / n;
        }
        real center = (real)mean;
        chunk_distances(length, mask, center, x + i * LANES, sums);
        double delta = (double)center + sums[0] / n - mean;
        squares += sums[1] - sums[0] * sums[0] / n + delta * delta * (count * n / (count + n));
        mean += delta * (n / (count + n));
        count += n;
    }
    result[0] = mean;
    result[1] = squares < 0 ? 0 : squares;
}

static inline part affine_of(const lathe_norm_affine *a, part x)
{
    return (x - a->mean) * a->scale + a->shift;
}

static void normalise(size_t size, int used, const lathe_norm_affine *a, const real *x, real *y)
{
    lane_parts mask = { .mask = first_lanes(used) };
    part zero = { 0 };
    for (size_t i = 0; i < size * LANES; i += LANES)
        for (int h = 0; h < PARTS; h++) {
            part v = affine_of(a, load_part(x + i + h * PART));
            part_mask kept = a->relu ? mask.masks[h] & ~(v < zero) : mask.masks[h]; /* NaN stays NaN */
            store_part(y + i + h * PART, (part)(kept & (part_mask)v));
        }
}

/* gy, but 0 where relu made a 0 of y: y itself need not be read for that. */
static inline part gradient_at(const lathe_norm_affine *a, int relu, part x, part gy)
{
    return relu ? (part)((affine_of(a, x) > (part){ 0 }) & (part_mask)gy) : gy;
}

/* The two sums over one chunk; `relu` is a constant, so that the compiler makes two loops of it. */
static inline void chunk_gradient_sums(size_t size, const lathe_norm_affine *a, int relu, const real *x,
    const real *gy, double sums[2])
{
    lane_parts sum, products;
    for (int h = 0; h < PARTS; h++) {
        part sum_h = { 0 }, products_h = { 0 };
        for (size_t at = (size_t)(h * PART); at < size * LANES; at += LANES) {
            part place = load_part(x + at), g = gradient_at(a, relu, place, load_part(gy + at));
            sum_h += g;
            products_h += g * (place - a->mean);
        }
        sum.parts[h] = sum_h;
        products.parts[h] = products_h;
    }
    sums[0] += (double)sum_lanes(sum.whole);
    sums[1] += (double)sum_lanes(products.whole);
}

static void gradient_sums(size_t size, const lathe_norm_affine *a, const real *x, const real *gy,
    double sums[2])
{
    sums[0] = sums[1] = 0;
    for (size_t i = 0; i < size; i += CHUNK) {
        size_t length = size - i < CHUNK ? size - i : CHUNK, at = i * LANES;
        if (a->relu) chunk_gradient_sums(length, a, 1, x + at, gy + at, sums);
        else chunk_gradient_sums(length, a, 0, x + at, gy + at, sums);
    }
}

static inline void write_gradient(size_t size, int used, const lathe_norm_affine *a, int relu,
    const lathe_norm_gradient *o, const real *x, const real *gy, real *gx, int add)
{
    lane_parts mask = { .mask = first_lanes(used) };
    for (size_t i = 0; i < size * LANES; i += LANES)
        for (int h = 0; h < PARTS; h++) {
            size_t at = i + (size_t)(h * PART);
            part place = load_part(x + at), g = gradient_at(a, relu, place, load_part(gy + at));
            g = o->by_gy * g - (o->by_x * (place - a->mean) + o->constant);
            g = (part)(mask.masks[h] & (part_mask)g);
            store_part(gx + at, add ? load_part(gx + at) + g : g);
        }
}

static void gradient(size_t size, int used, const lathe_norm_affine *a, const lathe_norm_gradient *o,
    const real *x, const real *gy, real *gx, int add)
{
    if (a->relu && add) write_gradient(size, used, a, 1, o, x, gy, gx, 1);
    else if (a->relu) write_gradient(size, used, a, 1, o, x, gy, gx, 0);
    else if (add) write_gradient(size, used, a, 0, o, x, gy, gx, 1);
    else write_gradient(size, used, a, 0, o, x, gy, gx, 0);
}

extern const lathe_norm_kernels KERNEL(lathe_norm_kernels);
const lathe_norm_kernels KERNEL(lathe_norm_kernels) = {
    .moments = moments,
    .normalise = normalise,
    .gradient_sums = gradient_sums,
    .gradient = gradient,
};
