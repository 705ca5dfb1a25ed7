/*
 * The gradient of the weights of a correlation with 3 x 3 taps by Winograd's tiles, with sixteen channels of
 * one image abreast:
 *
 *     gw = G' [sum over tiles and images of (A gy A') * (B' x B)] G
 *
 * At each point the sum over tiles is a product of matrices: numbers of x are multiplied by vectors of
 * filters. Sums lie as those of the direct kernels (channels_weights.c).
 */
#include "winograd_channels.h"

#include "winograd_gradient.h"

typedef void tile_fn(int count, const real *x, const real *gy, ptrdiff_t row, real *sums);

typedef struct tile {
    int channels;
    tile_fn *run;
} tile;

/* In transformed places, to the next channel and to the next tile. */
enum { X_CHANNEL = 1, X_NEXT = LANES };

#include "winograd_weights_tiles.h"

/* Vectors of filters of a part of the weights, and those that one register tile takes; blocks of channels. */
enum { PART_VECTORS = REGISTER_BYTES == 64 ? 2 : 1, MOST_VECTORS = sizeof tiles / sizeof *tiles, BLOCKS = 4 };
_Static_assert((int)MOST_VECTORS == (int)PART_VECTORS, "a register tile takes all vectors");

/* Tiles of a unit, and of a strip, whose products are one sum. */
enum { UNIT = 56, SHORT = 28 };

/* Numbers to the next point: not a multiple of what a set of the cache holds. */
enum {
    X_POINT = (BLOCKS * SHORT + 1) * LANES,
    GY_POINT = (PART_VECTORS * SHORT + 1) * LANES,
    SUMS_POINT = (BLOCKS * LANES * PART_VECTORS + 1) * LANES
};

int KERNEL(lathe_channels_winograd_units)(const lathe_correlation *c) { return pieces(tiles_of(c), UNIT); }

static int groups_of(const lathe_correlation *c) { return pieces(c->filters, PART_VECTORS * LANES); }

static int block_parts(const lathe_correlation *c) { return pieces(blocks_of(c), BLOCKS); }

int KERNEL(lathe_channels_winograd_weight_parts)(const lathe_correlation *c)
{
    return groups_of(c) * block_parts(c);
}

/* A part of the weights: vectors of filters and blocks of channels. */
typedef struct job {
    const lathe_correlation *c;
    int first_vector, vectors, first_block, blocks;
} job;

static job job_of(const lathe_correlation *c, int number)
{
    int parts = block_parts(c), group = number / parts, run = number % parts;
    job j = { .c = c,
        .first_vector = group * PART_VECTORS,
        .first_block = piece_begin(blocks_of(c), parts, run) };
    j.vectors = smaller(PART_VECTORS, pieces(c->filters, LANES) - j.first_vector);
    j.blocks = piece_begin(blocks_of(c), parts, run + 1) - j.first_block;
    return j;
}

/* A gy A' of a strip's tiles: v [points][tiles][vectors][16]. */
static void read_gradient(const job *j, const piece *p, const real *gy, real *v)
{
    const lathe_correlation *c = j->c;
    int columns = winograd_tiles(&c->columns), width = c->columns.results, height = c->rows.results;
    ptrdiff_t vector = (ptrdiff_t)height * width * LANES;
    gy += j->first_vector * vector;
    for (int t = 0; t < p->count; t++) {
        int row = (p->first + t) / columns * 2, column = (p->first + t) % columns * 2;
        const real *at = gy + ((ptrdiff_t)row * width + column) * LANES;
        for (int f = 0; f < j->vectors; f++, at += vector, v += LANES)
            for (int half = 0; half < LANES; half += PART) {
                part g[2][2];
                UNROLL for (int i = 0; i < 2; i++) UNROLL for (int k = 0; k < 2; k++) g[i][k] =
                    row + i < height && column + k < width ?
                    load_part(at + ((ptrdiff_t)i * width + k) * LANES + half) :
                    (part){ 0 };
                widen_tile(g, v + half, GY_POINT);
            }
    }
}

/* sums [points][channels][vectors][16] += the products of a strip. */
static void multiply(const job *j, const piece *p, const real *x, const real *gy, real *sums)
{
    const tile *t = &tiles[j->vectors - 1];
    ptrdiff_t row = j->vectors * LANES;
    for (int point = 0; point < POINTS; point++, x += X_POINT, gy += GY_POINT, sums += SUMS_POINT)
        for (int block = 0; block < j->blocks; block++)
            for (int k = 0; k < LANES; k += t->channels)
                t->run(p->count, x + block * p->block + k, gy, row, sums + (block * LANES + k) * row);
}

/* G' s G of a part: to [blocks][taps][channels][vectors][16], as the direct kernels' sums. */
static void write_sums(const job *j, const real *from, real *to)
{
    int width = j->vectors * LANES;
    for (int block = 0; block < j->blocks; block++) {
        int channels = smaller(LANES, j->c->channels - (j->first_block + block) * LANES);
        for (int k = 0; k < channels; k++)
            for (int f = 0; f < width; f += PART) {
                part taps[WEIGHTS];
                narrow_tile(from + (block * LANES + k) * width + f, SUMS_POINT, taps);
                UNROLL for (int t = 0; t < WEIGHTS; t++)
                    store_part(to + (ptrdiff_t)(t * channels + k) * width + f, taps[t]);
            }
        to += (ptrdiff_t)channels * WEIGHTS * width;
    }
}

void KERNEL(lathe_channels_winograd_to_weights)(const lathe_correlation *c, const lathe_channels_image *x,
    const real *gy, size_t gy_image, long first, long last, int number, real *sums)
{
    job j = job_of(c, number);
    int units = KERNEL(lathe_channels_winograd_units)(c), tiles_in_all = tiles_of(c);
    _Alignas(64) real places[POINTS * X_POINT];
    _Alignas(64) real gradient[POINTS * GY_POINT];
    _Alignas(64) real products[POINTS * SUMS_POINT];
    for (int i = 0; i < POINTS * SUMS_POINT; i += LANES) store(products + i, (lanes){ 0 });
    for (long unit = first; unit < last; unit++) {
        lathe_channels_image image = *x;
        image.at += unit / units * x->image;
        int end = piece_begin(tiles_in_all, units, (int)(unit % units) + 1);
        piece p = { .c = c,
            .first = piece_begin(tiles_in_all, units, (int)(unit % units)),
            .point = X_POINT };
        for (; p.first < end; p.first += p.count) {
            p.count = smaller(SHORT, end - p.first);
            p.block = (ptrdiff_t)p.count * LANES;
            read_piece(&p, &image, j.first_block, j.blocks, places);
            read_gradient(&j, &p, gy + (size_t)(unit / units) * gy_image, gradient);
            multiply(&j, &p, places, gradient, products);
        }
    }
    write_sums(&j, products,
        sums + (ptrdiff_t)j.first_vector * LANES * c->channels * WEIGHTS +
            (ptrdiff_t)j.first_block * LANES * WEIGHTS * j.vectors * LANES);
}
