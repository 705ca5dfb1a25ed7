#include "response.h"

#include <math.h>

#include "../lanes.h"

/* s^-beta; the customary 3/4 by roots, which are many times faster. */
static inline lanes to_minus(lanes s, real beta)
{
    lanes power;
    if (beta == (real)0.75)
        for (int l = 0; l < LANES; l++) power[l] = (real)sqrt(s[l]) * (real)sqrt((real)sqrt(s[l]));
    else
        for (int l = 0; l < LANES; l++) power[l] = (real)pow(s[l], beta);
    return 1 / power;
}

typedef struct span {
    int from, to; /* from <= i < to */
} span;

static span around(int centre, int radius, int size)
{
    return (span){ centre < radius ? 0 : centre - radius,
        centre + radius + 1 < size ? centre + radius + 1 : size };
}

/* Where number (c, i, j) of a block is. */
static size_t place(const lathe_response *r, int c, int i, int j)
{
    return (((size_t)c * (size_t)r->height + (size_t)i) * (size_t)r->width + (size_t)j) * LANES;
}

/* The sum of v, or of its squares, over the window around (c, i, j). */
static inline lanes window_sum(const lathe_response *r, const real *v, int c, int i, int j, int squares)
{
    span cs = around(c, r->channel_radius, r->channels), is = around(i, r->radius, r->height),
         js = around(j, r->radius, r->width);
    lanes sum = { 0 };
    for (int p = cs.from; p < cs.to; p++)
        for (int q = is.from; q < is.to; q++)
            for (int t = js.from; t < js.to; t++) {
                lanes at = load(v + place(r, p, q, t));
                sum += squares ? at * at : at;
            }
    return sum;
}

static void forward(const lathe_response *r, int channel, const real *x, real *s, real *y)
{
    for (int i = 0; i < r->height; i++)
        for (int j = 0; j < r->width; j++) {
            size_t at = place(r, channel, i, j);
            lanes scale = r->k + r->alpha_n * window_sum(r, x, channel, i, j, 1);
            store(s + at, scale);
            store(y + at, load(x + at) * to_minus(scale, r->beta));
        }
}

static void product(const lathe_response *r, int channel, const real *x, const real *s, const real *gy,
    real *result)
{
    size_t end = place(r, channel + 1, 0, 0);
    for (size_t at = place(r, channel, 0, 0); at < end; at += LANES) {
        lanes scale = load(s + at);
        store(result + at, load(gy + at) * load(x + at) * to_minus(scale, r->beta) / scale);
    }
}

static void backward(const lathe_response *r, int channel, const real *x, const real *s, const real *gy,
    const real *products, real *gx, int add)
{
    for (int i = 0; i < r->height; i++)
        for (int j = 0; j < r->width; j++) {
            size_t at = place(r, channel, i, j);
            lanes others =
                2 * r->alpha_n * r->beta * load(x + at) * window_sum(r, products, channel, i, j, 0);
            lanes g = load(gy + at) * to_minus(load(s + at), r->beta) - others;
            store(gx + at, add ? load(gx + at) + g : g);
        }
}

extern const lathe_response_kernels KERNEL(lathe_response_kernels);
const lathe_response_kernels KERNEL(
    lathe_response_kernels) = { .forward = forward, .product = product, .backward = backward };
