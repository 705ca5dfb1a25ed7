#include "norm.h"

#include "../elementwise/vector_math.h"
#include "../lanes.h"

/* For functions of constants that make one loop for each: the compiler would share a loop that decides. */
#define INLINED inline __attribute__((always_inline))

/*
 * Sums run in registers over a chunk, and from chunk to chunk in double: short sums, little rounding, a fixed
 * order. Each sum is four, of every fourth place, so that an addition need not wait for the one before. Where
 * `lanes` are several registers, a chunk is passed once for each of them: the next passes find it in the
 * cache, and what a pass multiplies with stays in registers.
 */
enum { CHUNK = 128, SUMS = 4 };

static inline size_t chunk_at(size_t at, size_t size) { return size - at < CHUNK ? size - at : CHUNK; }

/* ---- sums ---------------------------------------------------------------------------------------------- */

/* The sum of d = x - center over one register of each vector of a chunk, and that of d^2. */
static inline void sum_distances(size_t size, part center, const real *x, part *sum, part *squares)
{
    part d[SUMS] = { { 0 } }, d2[SUMS] = { { 0 } };
    size_t i = 0;
    for (; i + SUMS <= size; i += SUMS, x += SUMS * LANES)
        for (int k = 0; k < SUMS; k++) {
            part distance = load_part(x + k * LANES) - center;
            d[k] += distance;
            d2[k] += distance * distance;
        }
    for (; i < size; i++, x += LANES) {
        part distance = load_part(x) - center;
        d[0] += distance;
        d2[0] += distance * distance;
    }
    *sum = (d[0] + d[1]) + (d[2] + d[3]);
    *squares = (d2[0] + d2[1]) + (d2[2] + d2[3]);
}

static inline double sum_used(lane_mask used, const lane_parts *sum)
{
    return (double)sum_lanes((lanes)(used & sum->mask));
}

/* sums[0] = the sum of d = x - center over the used lanes, sums[1] = that of d^2. */
static void chunk_distances(size_t size, lane_mask used, real center, const real *x, double sums[2])
{
    lane_parts sum, squares;
    for (int h = 0; h < PARTS; h++)
        sum_distances(size, splat_part(center), x + h * PART, &sum.parts[h], &squares.parts[h]);
    sums[0] = sum_used(used, &sum);
    sums[1] = sum_used(used, &squares);
}

/* A sample's number of values, their mean and their sum of squares about it. */
typedef struct sample {
    double count, mean, squares;
} sample;

/*
 * Add n values, whose distances from `center` have these sums: each chunk's corrected sum of squares about
 * the mean of the chunks before it, joined by the formula for two samples (Chan, Golub, LeVeque, "Algorithms
 * for computing the sample variance", 1983).
 */
static inline void join(sample *s, double n, double center, double sum, double squares)
{
    double delta = center + sum / n - s->mean;
    s->squares += squares - sum * sum / n + delta * delta * (s->count * n / (s->count + n));
    s->mean += delta * (n / (s->count + n));
    s->count += n;
}

/* The first chunk is looked at twice, the first time for its mean. */
static void moments(size_t size, int used, const real *x, double *result)
{
    lane_mask mask = first_lanes(used);
    sample all = { 0 };
    for (size_t i = 0; i < size; i += CHUNK) {
        size_t length = chunk_at(i, size);
        double n = (double)length * used, sums[2];
        if (i == 0) {
            chunk_distances(length, mask, 0, x, sums);
            all.mean = sums[0] / n;
        }
        real center = (real)all.mean;
        chunk_distances(length, mask, center, x + i * LANES, sums);
        join(&all, n, (double)center, sums[0], sums[1]);
    }
    result[0] = all.mean;
    result[1] = all.squares < 0 ? 0 : all.squares;
}

/* The same for each lane. */
static void channel_moments(size_t size, int used, const real *x, double *result)
{
    sample all[LANES] = { { 0 } };
    lane_parts center = { .whole = splat(0) }, sum, squares;
    for (int lane = 0; lane < 2 * LANES; lane++) result[lane] = 0;
    for (size_t i = 0; i < size; i += CHUNK) {
        size_t length = chunk_at(i, size);
        double n = (double)length;
        for (int h = 0; i == 0 && h < PARTS; h++)
            sum_distances(length, center.parts[h], x + h * PART, &sum.parts[h], &squares.parts[h]);
        for (int lane = 0; i == 0 && lane < LANES; lane++) all[lane].mean = (double)sum.whole[lane] / n;
        for (int lane = 0; lane < LANES; lane++) center.whole[lane] = (real)all[lane].mean;
        for (int h = 0; h < PARTS; h++)
            sum_distances(length, center.parts[h], x + i * LANES + h * PART, &sum.parts[h],
                &squares.parts[h]);
        for (int lane = 0; lane < LANES; lane++)
            join(&all[lane], n, (double)center.whole[lane], (double)sum.whole[lane],
                (double)squares.whole[lane]);
    }
    for (int lane = 0; lane < used; lane++) {
        result[lane] = all[lane].mean;
        result[LANES + lane] = all[lane].squares < 0 ? 0 : all[lane].squares;
    }
}

/* ---- affine -------------------------------------------------------------------------------------------- */

/* The numbers of an affine for one register: the same in each place, or each lane's. */
typedef struct part_affine {
    part mean, scale, shift;
} part_affine;

static inline part part_of(const real *numbers, int channels, int h)
{
    return channels == 1 ? splat_part(*numbers) : load_part(numbers + h * PART);
}

static inline part_affine affine_of(const lathe_norm_affine *a, int channels, int h)
{
    return (part_affine){ part_of(a->mean, channels, h), part_of(a->scale, channels, h),
        part_of(a->shift, channels, h) };
}

static inline part apply(const part_affine *a, part x) { return (x - a->mean) * a->scale + a->shift; }

/* `then` is a constant, here and below, so that the compiler makes a function for each. */
static INLINED part followed_by(lathe_norm_then then, part v)
{
    part zero = { 0 };
    switch (then) {
    case LATHE_THEN_RELU: return choose_part(v < zero, zero, v); /* NaN stays NaN */
    case LATHE_THEN_RELU6: return part_relu6(v);
    case LATHE_THEN_HARDSWISH: return v * part_hardsigmoid(v);
    case LATHE_THEN_SILU: return v * part_sigmoid(v);
    default: return v;
    }
}

/* `base` is NULL as a constant, or never. */
static INLINED void normalise_part(size_t size, part_affine a, lathe_norm_then then, part_mask used,
    const real *x, const real *base, real *y)
{
    for (size_t i = 0; i < size * LANES; i += LANES) {
        part v = apply(&a, load_part(x + i));
        if (base) v += load_part(base + i);
        store_part(y + i, (part)(used & (part_mask)followed_by(then, v)));
    }
}

/* `channels` is a constant, too. */
static INLINED void normalise_planes(size_t size, int channels, int used, const lathe_norm_affine *a,
    lathe_norm_then then, const real *x, const real *base, real *y)
{
    lane_parts mask = { .mask = first_lanes(used) };
    for (size_t i = 0; i < size; i += CHUNK)
        for (int h = 0; h < PARTS; h++) {
            size_t at = i * LANES + (size_t)(h * PART);
            normalise_part(chunk_at(i, size), affine_of(a, channels, h), then, mask.masks[h], x + at,
                base ? base + at : NULL, y + at);
        }
}

static INLINED void normalise_then(size_t size, int channels, int used, const lathe_norm_affine *a,
    const real *x, real *y)
{
    switch (a->then) {
    case LATHE_THEN_RELU: normalise_planes(size, channels, used, a, LATHE_THEN_RELU, x, NULL, y); break;
    case LATHE_THEN_RELU6: normalise_planes(size, channels, used, a, LATHE_THEN_RELU6, x, NULL, y); break;
    case LATHE_THEN_HARDSWISH:
        normalise_planes(size, channels, used, a, LATHE_THEN_HARDSWISH, x, NULL, y);
        break;
    case LATHE_THEN_SILU: normalise_planes(size, channels, used, a, LATHE_THEN_SILU, x, NULL, y); break;
    default: normalise_planes(size, channels, used, a, LATHE_THEN_NOTHING, x, NULL, y);
    }
}

static void normalise(size_t size, int used, const lathe_norm_affine *a, const real *x, real *y)
{
    normalise_then(size, 1, used, a, x, y);
}

static void channel_normalise(size_t size, int used, const lathe_norm_affine *a, const real *x, real *y)
{
    normalise_then(size, LANES, used, a, x, y);
}

static INLINED void normalise_add_then(size_t size, int channels, int used, const lathe_norm_affine *a,
    const real *x, const real *base, real *y)
{
    if (a->then == LATHE_THEN_RELU) normalise_planes(size, channels, used, a, LATHE_THEN_RELU, x, base, y);
    else normalise_planes(size, channels, used, a, LATHE_THEN_NOTHING, x, base, y);
}

static void normalise_add(size_t size, int used, const lathe_norm_affine *a, const real *x, const real *base,
    real *y)
{
    normalise_add_then(size, 1, used, a, x, base, y);
}

static void channel_normalise_add(size_t size, int used, const lathe_norm_affine *a, const real *x,
    const real *base, real *y)
{
    normalise_add_then(size, LANES, used, a, x, base, y);
}

/* ---- gradients ----------------------------------------------------------------------------------------- */

/* gy times the slope of what follows: y itself need not be read for that. */
static INLINED part gradient_at(const part_affine *a, lathe_norm_then then, part x, part gy)
{
    if (then == LATHE_THEN_NOTHING) return gy;
    part v = apply(a, x), zero = { 0 };
    if (then == LATHE_THEN_RELU) return (part)((v > zero) & (part_mask)gy);
    if (then == LATHE_THEN_RELU6) return (part)((v > zero) & (v < 6) & (part_mask)gy);
    return then == LATHE_THEN_SILU ? part_silu_gradient(v, gy) : part_hardswish_gradient(v, gy);
}

/* gy where y is above 0; y is NULL as a constant, or never. The masked gradient is written. */
typedef struct mask_of {
    const real *y;
    real *masked;
} mask_of;

static INLINED mask_of mask_at(mask_of m, size_t at)
{
    return m.y ? (mask_of){ m.y + at, m.masked + at } : m;
}

/* The two sums over one register of a chunk. */
static INLINED void sum_gradients(size_t size, part_affine a, lathe_norm_then then, const real *x,
    const real *gy, mask_of m, part *sum, part *products)
{
    part sum_g = { 0 }, sum_products = { 0 }, zero = { 0 };
    for (size_t at = 0; at < size * LANES; at += LANES) {
        part place = load_part(x + at), g = gradient_at(&a, then, place, load_part(gy + at));
        if (m.y) {
            g = (part)((load_part(m.y + at) > zero) & (part_mask)g);
            store_part(m.masked + at, g);
        }
        sum_g += g;
        sum_products += g * (place - a.mean);
    }
    *sum = sum_g;
    *products = sum_products;
}

static INLINED void sum_chunks(size_t size, int channels, const lathe_norm_affine *a, lathe_norm_then then,
    const real *x, const real *gy, mask_of m, double *sums)
{
    for (int i = 0; i < 2 * channels; i++) sums[i] = 0;
    for (size_t i = 0; i < size; i += CHUNK) {
        lane_parts sum, products;
        for (int h = 0; h < PARTS; h++) {
            size_t at = i * LANES + (size_t)(h * PART);
            sum_gradients(chunk_at(i, size), affine_of(a, channels, h), then, x + at, gy + at, mask_at(m, at),
                &sum.parts[h], &products.parts[h]);
        }
        if (channels == 1) {
            sums[0] += (double)sum_lanes(sum.whole);
            sums[1] += (double)sum_lanes(products.whole);
        }
        for (int lane = 0; channels > 1 && lane < LANES; lane++) {
            sums[lane] += (double)sum.whole[lane];
            sums[LANES + lane] += (double)products.whole[lane];
        }
    }
}

static INLINED void sum_then(size_t size, int channels, const lathe_norm_affine *a, const real *x,
    const real *gy, double *sums)
{
    const mask_of none = { 0 };
    switch (a->then) {
    case LATHE_THEN_RELU: sum_chunks(size, channels, a, LATHE_THEN_RELU, x, gy, none, sums); break;
    case LATHE_THEN_RELU6: sum_chunks(size, channels, a, LATHE_THEN_RELU6, x, gy, none, sums); break;
    case LATHE_THEN_HARDSWISH: sum_chunks(size, channels, a, LATHE_THEN_HARDSWISH, x, gy, none, sums); break;
    case LATHE_THEN_SILU: sum_chunks(size, channels, a, LATHE_THEN_SILU, x, gy, none, sums); break;
    default: sum_chunks(size, channels, a, LATHE_THEN_NOTHING, x, gy, none, sums);
    }
}

static void gradient_sums(size_t size, const lathe_norm_affine *a, const real *x, const real *gy,
    double *sums)
{
    sum_then(size, 1, a, x, gy, sums);
}

static void channel_gradient_sums(size_t size, const lathe_norm_affine *a, const real *x, const real *gy,
    double *sums)
{
    sum_then(size, LANES, a, x, gy, sums);
}

static void masked_sums(size_t size, const lathe_norm_affine *a, const real *x, const real *y, const real *gy,
    real *g, double *sums)
{
    sum_chunks(size, 1, a, LATHE_THEN_NOTHING, x, gy, (mask_of){ y, g }, sums);
}

static void channel_masked_sums(size_t size, const lathe_norm_affine *a, const real *x, const real *y,
    const real *gy, real *g, double *sums)
{
    sum_chunks(size, LANES, a, LATHE_THEN_NOTHING, x, gy, (mask_of){ y, g }, sums);
}

/* A gradient's numbers for one register. */
typedef struct part_gradient {
    part by_gy, by_x, constant;
} part_gradient;

static INLINED void write_part(size_t size, part_mask used, part_affine a, lathe_norm_then then,
    part_gradient o, const real *x, const real *gy, real *gx, int add)
{
    for (size_t at = 0; at < size * LANES; at += LANES) {
        part place = load_part(x + at), g = gradient_at(&a, then, place, load_part(gy + at));
        g = o.by_gy * g - (o.by_x * (place - a.mean) + o.constant);
        g = (part)(used & (part_mask)g);
        store_part(gx + at, add ? load_part(gx + at) + g : g);
    }
}

static INLINED void write_gradient(size_t size, int channels, int used, const lathe_norm_affine *a,
    lathe_norm_then then, const lathe_norm_gradient *o, const real *x, const real *gy, real *gx, int add)
{
    lane_parts mask = { .mask = first_lanes(used) };
    for (size_t i = 0; i < size; i += CHUNK)
        for (int h = 0; h < PARTS; h++) {
            size_t at = i * LANES + (size_t)(h * PART);
            part_gradient gradient = { part_of(o->by_gy, channels, h), part_of(o->by_x, channels, h),
                part_of(o->constant, channels, h) };
            write_part(chunk_at(i, size), mask.masks[h], affine_of(a, channels, h), then, gradient, x + at,
                gy + at, gx + at, add);
        }
}

/* What the functions below share, with `channels` and `add` as constants. */
static INLINED void write_then(size_t size, int channels, int used, const lathe_norm_affine *a,
    const lathe_norm_gradient *o, const real *x, const real *gy, real *gx, int add)
{
    switch (a->then) {
    case LATHE_THEN_RELU: write_gradient(size, channels, used, a, LATHE_THEN_RELU, o, x, gy, gx, add); break;
    case LATHE_THEN_RELU6:
        write_gradient(size, channels, used, a, LATHE_THEN_RELU6, o, x, gy, gx, add);
        break;
    case LATHE_THEN_HARDSWISH:
        write_gradient(size, channels, used, a, LATHE_THEN_HARDSWISH, o, x, gy, gx, add);
        break;
    case LATHE_THEN_SILU: write_gradient(size, channels, used, a, LATHE_THEN_SILU, o, x, gy, gx, add); break;
    default: write_gradient(size, channels, used, a, LATHE_THEN_NOTHING, o, x, gy, gx, add);
    }
}

static void gradient(size_t size, int used, const lathe_norm_affine *a, const lathe_norm_gradient *o,
    const real *x, const real *gy, real *gx, int add)
{
    if (add) write_then(size, 1, used, a, o, x, gy, gx, 1);
    else write_then(size, 1, used, a, o, x, gy, gx, 0);
}

static void channel_gradient(size_t size, int used, const lathe_norm_affine *a, const lathe_norm_gradient *o,
    const real *x, const real *gy, real *gx, int add)
{
    if (add) write_then(size, LANES, used, a, o, x, gy, gx, 1);
    else write_then(size, LANES, used, a, o, x, gy, gx, 0);
}

extern const lathe_norm_kernels KERNEL(lathe_norm_kernels);
const lathe_norm_kernels KERNEL(lathe_norm_kernels) = {
    .channels = 1,
    .moments = moments,
    .normalise = normalise,
    .normalise_add = normalise_add,
    .gradient_sums = gradient_sums,
    .masked_sums = masked_sums,
    .gradient = gradient,
};

extern const lathe_norm_kernels KERNEL(lathe_channel_norm_kernels);
const lathe_norm_kernels KERNEL(lathe_channel_norm_kernels) = {
    .channels = LANES,
    .moments = channel_moments,
    .normalise = channel_normalise,
    .normalise_add = channel_normalise_add,
    .gradient_sums = channel_gradient_sums,
    .masked_sums = channel_masked_sums,
    .gradient = channel_gradient,
};
