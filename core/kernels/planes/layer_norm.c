#include "layer_norm.h"

#include <math.h>

#include "../lanes.h"

/* Places at once, so that additions do not wait for each other; vectors whose sum is added to the others'. */
enum { TILE = 4, CHUNK = 128 };

/* `tile` and `abreast` are constants, here and below, so that the compiler unrolls. */

static inline lanes at_place(const lathe_layer_norm_rows *r, const real *x, int i, int t)
{
    return load(x + i * r->step + t * LANES);
}

/* The lanes of vector i that count. */
static inline lane_mask lanes_of(const lathe_layer_norm_rows *r, int abreast, lane_mask used, int i)
{
    return abreast && i + 1 < r->vectors ? ~(lane_mask){ 0 } : used;
}

static inline lanes masked(lane_mask used, lanes v) { return (lanes)(used & (lane_mask)v); }

static inline lanes of_row(const real *values, int abreast, int i)
{
    return abreast ? load(values + i * LANES) : splat(values[i]);
}

static inline real numbers_of(const lathe_layer_norm_rows *r, int abreast)
{
    return (real)(abreast ? (r->vectors - 1) * LANES + r->used : r->vectors);
}

/* A row's sum in all its lanes. */
static inline lanes total_of(int abreast, lanes sum) { return abreast ? splat(sum_lanes(sum)) : sum; }

/* sum[t] = the sum of x - center, or of its square. */
static inline void sum_rows(const lathe_layer_norm_rows *r, int tile, int abreast, lane_mask used,
    const real *x, const lanes *center, int square, lanes *sum)
{
    for (int t = 0; t < tile; t++) sum[t] = splat(0);
    for (int first = 0; first < r->vectors; first += CHUNK) {
        lanes some[TILE] = { { 0 } };
        int last = r->vectors - first < CHUNK ? r->vectors : first + CHUNK;
        for (int i = first; i < last; i++) {
            lane_mask mask = lanes_of(r, abreast, used, i);
            UNROLL for (int t = 0; t < tile; t++)
            {
                lanes d = at_place(r, x, i, t) - center[t];
                some[t] += masked(mask, square ? d * d : d);
            }
        }
        for (int t = 0; t < tile; t++) sum[t] += some[t];
    }
    for (int t = 0; t < tile; t++) sum[t] = total_of(abreast, sum[t]);
}

static inline lanes inverse_root(lanes v)
{
    for (int i = 0; i < LANES; i++) v[i] = (real)(1 / sqrt((double)v[i]));
    return v;
}

static inline void normalise_tile(const lathe_layer_norm_rows *r, int tile, int abreast, lane_mask used,
    const real *x, real *y, real *moments)
{
    lanes mean[TILE] = { { 0 } }, inverse[TILE], sum[TILE];
    sum_rows(r, tile, abreast, used, x, mean, 0, sum);
    for (int t = 0; t < tile; t++) mean[t] = sum[t] / numbers_of(r, abreast);
    sum_rows(r, tile, abreast, used, x, mean, 1, sum);
    for (int t = 0; t < tile; t++) {
        lanes variance = sum[t] / numbers_of(r, abreast) + (real)r->eps;
        inverse[t] = abreast ? splat((real)(1 / sqrt((double)variance[0]))) : inverse_root(variance);
    }
    for (int i = 0; i < r->vectors; i++) {
        lanes weight = of_row(r->weight, abreast, i), bias = of_row(r->bias, abreast, i);
        lane_mask mask = lanes_of(r, abreast, used, i);
        UNROLL for (int t = 0; t < tile; t++)
        {
            lanes v = (at_place(r, x, i, t) - mean[t]) * inverse[t] * weight + bias;
            store(y + i * r->step + t * LANES, masked(mask, v));
        }
    }
    for (int t = 0; moments && t < tile; t++) {
        if (abreast) moments[2 * t] = mean[t][0], moments[2 * t + 1] = inverse[t][0];
        else store(moments + 2 * t * LANES, mean[t]), store(moments + (2 * t + 1) * LANES, inverse[t]);
    }
}

static inline void normalise_rows(const lathe_layer_norm_rows *r, int abreast, int places, const real *x,
    real *y, real *moments)
{
    lane_mask used = first_lanes(r->used);
    int t = 0;
    const ptrdiff_t each = abreast ? 2 : 2 * LANES;
    for (; t + TILE <= places; t += TILE)
        normalise_tile(r, TILE, abreast, used, x + t * LANES, y + t * LANES,
            moments ? moments + t * each : NULL);
    for (; t < places; t++)
        normalise_tile(r, 1, abreast, used, x + t * LANES, y + t * LANES,
            moments ? moments + t * each : NULL);
}

static void normalise(const lathe_layer_norm_rows *r, int places, const real *x, real *y, real *moments)
{
    if (r->abreast) normalise_rows(r, 1, places, x, y, moments);
    else normalise_rows(r, 0, places, x, y, moments);
}

/* ---- gradients ----------------------------------------------------------------------------------------- */

/* What is known of the rows of a tile: moments, and the means of h and of h * xhat. */
typedef struct tile_rows {
    lanes mean[TILE], inverse[TILE], h[TILE], product[TILE];
} tile_rows;

static inline lanes normal_at(const lathe_layer_norm_rows *r, const tile_rows *k, lane_mask mask,
    const real *x, int i, int t)
{
    return masked(mask, (at_place(r, x, i, t) - k->mean[t]) * k->inverse[t]);
}

/* The means over the rows, and what the weights and biases get. */
static inline void sum_gradients(const lathe_layer_norm_rows *r, int tile, int abreast, lane_mask used,
    const real *x, const real *gy, tile_rows *k, real *sums)
{
    real *sums_bias = sums + (ptrdiff_t)r->vectors * (abreast ? LANES : 1);
    for (int t = 0; t < tile; t++) k->h[t] = k->product[t] = splat(0);
    for (int i = 0; i < r->vectors; i++) {
        lanes weight = of_row(r->weight, abreast, i), of_weight = { 0 }, of_bias = { 0 };
        lane_mask mask = lanes_of(r, abreast, used, i);
        UNROLL for (int t = 0; t < tile; t++)
        {
            lanes normal = normal_at(r, k, mask, x, i, t), g = at_place(r, gy, i, t);
            of_weight += g * normal;
            of_bias += g;
            k->h[t] += g * weight;
            k->product[t] += g * weight * normal;
        }
        if (abreast) {
            store(sums + i * LANES, load(sums + i * LANES) + of_weight);
            store(sums_bias + i * LANES, load(sums_bias + i * LANES) + of_bias);
        } else {
            sums[i] += sum_lanes(of_weight);
            sums_bias[i] += sum_lanes(of_bias);
        }
    }
    for (int t = 0; t < tile; t++) {
        k->h[t] = total_of(abreast, k->h[t]) / numbers_of(r, abreast);
        k->product[t] = total_of(abreast, k->product[t]) / numbers_of(r, abreast);
    }
}

static inline void gradient_tile(const lathe_layer_norm_rows *r, int tile, int abreast, lane_mask used,
    const real *x, const real *gy, const real *moments, real *gx, int add, real *sums)
{
    tile_rows k;
    for (int t = 0; t < tile; t++) {
        k.mean[t] = abreast ? splat(moments[2 * t]) : load(moments + 2 * t * LANES);
        k.inverse[t] = abreast ? splat(moments[2 * t + 1]) : load(moments + (2 * t + 1) * LANES);
    }
    sum_gradients(r, tile, abreast, used, x, gy, &k, sums);
    for (int i = 0; gx && i < r->vectors; i++) {
        lanes weight = of_row(r->weight, abreast, i);
        lane_mask mask = lanes_of(r, abreast, used, i);
        UNROLL for (int t = 0; t < tile; t++)
        {
            real *to = gx + i * r->step + t * LANES;
            lanes normal = normal_at(r, &k, mask, x, i, t);
            lanes g = (at_place(r, gy, i, t) * weight - k.h[t] - normal * k.product[t]) * k.inverse[t];
            g = masked(mask, g);
            store(to, add ? load(to) + g : g);
        }
    }
}

static inline void gradient_rows(const lathe_layer_norm_rows *r, int abreast, int places, const real *x,
    const real *gy, const real *moments, real *gx, int add, real *sums)
{
    lane_mask used = first_lanes(r->used);
    const ptrdiff_t each = abreast ? 2 : 2 * LANES;
    int t = 0;
    for (; t + TILE <= places; t += TILE)
        gradient_tile(r, TILE, abreast, used, x + t * LANES, gy + t * LANES, moments + t * each,
            gx ? gx + t * LANES : NULL, add, sums);
    for (; t < places; t++)
        gradient_tile(r, 1, abreast, used, x + t * LANES, gy + t * LANES, moments + t * each,
            gx ? gx + t * LANES : NULL, add, sums);
}

static void gradient(const lathe_layer_norm_rows *r, int places, const real *x, const real *gy,
    const real *moments, real *gx, int add, real *sums)
{
    if (r->abreast) gradient_rows(r, 1, places, x, gy, moments, gx, add, sums);
    else gradient_rows(r, 0, places, x, gy, moments, gx, add, sums);
}

extern const lathe_layer_norm_kernels KERNEL(lathe_layer_norm_kernels);
const lathe_layer_norm_kernels KERNEL(lathe_layer_norm_kernels) = {
    .normalise = normalise,
    .gradient = gradient,
};
