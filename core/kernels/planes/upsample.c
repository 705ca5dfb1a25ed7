#include "upsample.h"

#include "../lanes.h"

static size_t plane_size(const lathe_upsample_grid *g)
{
    return (size_t)g->height * (size_t)g->width * LANES;
}

static const real *row_of(const lathe_upsample_grid *g, const real *plane, int row)
{
    return plane + (size_t)row * (size_t)g->width * LANES;
}

static void nearest(const lathe_upsample_grid *g, int planes, const real *x, real *y)
{
    for (int n = 0; n < planes; n++, x += plane_size(g))
        for (int i = 0; i < g->out_height; i++) {
            const real *row = row_of(g, x, g->rows[i].first);
            for (int j = 0; j < g->out_width; j++, y += LANES)
                store(y, load(row + g->columns[j].first * LANES));
        }
}

static void nearest_backward(const lathe_upsample_grid *g, int planes, const real *gy, real *gx)
{
    for (int n = 0; n < planes; n++, gx += plane_size(g))
        for (int i = 0; i < g->out_height; i++) {
            real *row = gx + (size_t)g->rows[i].first * (size_t)g->width * LANES;
            for (int j = 0; j < g->out_width; j++, gy += LANES) {
                real *at = row + g->columns[j].first * LANES;
                store(at, load(at) + load(gy));
            }
        }
}

static void bilinear(const lathe_upsample_grid *g, int planes, const real *x, real *y)
{
    for (int n = 0; n < planes; n++, x += plane_size(g))
        for (int i = 0; i < g->out_height; i++) {
            const lathe_upsample_place *r = &g->rows[i];
            const real *top = row_of(g, x, r->first), *bottom = row_of(g, x, r->second);
            for (int j = 0; j < g->out_width; j++, y += LANES) {
                const lathe_upsample_place *c = &g->columns[j];
                int left = c->first * LANES, right = c->second * LANES;
                lanes above = load(top + left) * (1 - c->part) + load(top + right) * c->part;
                lanes below = load(bottom + left) * (1 - c->part) + load(bottom + right) * c->part;
                store(y, above * (1 - r->part) + below * r->part);
            }
        }
}

static void add(real *at, lanes value) { store(at, load(at) + value); }

static void bilinear_backward(const lathe_upsample_grid *g, int planes, const real *gy, real *gx)
{
    size_t row = (size_t)g->width * LANES;
    for (int n = 0; n < planes; n++, gx += plane_size(g))
        for (int i = 0; i < g->out_height; i++) {
            const lathe_upsample_place *r = &g->rows[i];
            real *top = gx + (size_t)r->first * row, *bottom = gx + (size_t)r->second * row;
            for (int j = 0; j < g->out_width; j++, gy += LANES) {
                const lathe_upsample_place *c = &g->columns[j];
                int left = c->first * LANES, right = c->second * LANES;
                lanes above = load(gy) * (1 - r->part), below = load(gy) * r->part;
                add(top + left, above * (1 - c->part));
                add(top + right, above * c->part);
                add(bottom + left, below * (1 - c->part));
                add(bottom + right, below * c->part);
            }
        }
}

extern const lathe_upsample_kernels KERNEL(lathe_upsample_kernels);
const lathe_upsample_kernels KERNEL(lathe_upsample_kernels) = {
    .nearest = nearest,
    .bilinear = bilinear,
    .nearest_backward = nearest_backward,
    .bilinear_backward = bilinear_backward,
};
