/* Depthwise correlations on channels: filter f sees channel f alone. */
#include "channels_bias.h"
#include "depthwise_window.h"

/* Results in a window; parts of one block wanted, and the multiply-adds, sixteen abreast, worth a part. */
enum { PLACES = 640, PARTS_WANTED = 8, PART_WORK = 1 << 14 };

static int taps_of(const lathe_correlation *c) { return c->rows.taps * c->columns.taps; }

static int blocks_of(const lathe_correlation *c) { return pieces(c->channels, LANES); }

static int channels_of(const lathe_correlation *c, int block)
{
    return smaller(LANES, c->channels - block * LANES);
}

static bool fits(const lathe_correlation *c)
{
    return c->rows.taps <= LATHE_CHANNELS_MOST_TAPS && c->columns.taps <= LATHE_CHANNELS_MOST_TAPS &&
        KERNEL(lathe_panel_rows)(c, 1, 1, DEPTHWISE_PANEL) > 0;
}

static windows windows_of(const lathe_correlation *c)
{
    return KERNEL(lathe_channels_windows)(c, PLACES, DEPTHWISE_PANEL);
}

/* Packed: block after block, its taps, sixteen weights each. */
static size_t packed(const lathe_correlation *c) { return (size_t)blocks_of(c) * (size_t)taps_of(c) * LANES; }

static void pack(const lathe_correlation *c, const lathe_conv_weights *w, int block, real *to)
{
    to += (ptrdiff_t)block * taps_of(c) * LANES;
    for (int p = 0; p < c->rows.taps; p++)
        for (int q = 0; q < c->columns.taps; q++)
            for (int f = 0; f < LANES; f++) {
                const real *at = w->at + (block * LANES + f) * w->filter + p * w->row + q * w->column;
                *to++ = f < channels_of(c, block) ? *at : 0;
            }
}

static int block_parts(const lathe_correlation *c, const windows *w)
{
    double work = (double)c->rows.results * c->columns.results * (taps_of(c) + 1) / PART_WORK;
    int wanted = smaller(PARTS_WANTED, w->rows * w->columns);
    return work < 1 ? 1 : work < wanted ? (int)work : wanted;
}

static int parts(const lathe_correlation *c)
{
    windows w = windows_of(c);
    return blocks_of(c) * block_parts(c, &w);
}

static void correlate(const lathe_correlation *c, const lathe_channels_image *x, const real *weights,
    const real *bias, real *y, int number, lathe_conv_store how)
{
    windows w = windows_of(c);
    int each = block_parts(c, &w), block = number / each, count = w.rows * w.columns;
    lathe_channels_image at = from_block(x, block);
    _Alignas(64) real biases[LANES];
    take_bias(bias, block * LANES, c->filters, LANES, biases);
    int last = piece_begin(count, each, number % each + 1);
    for (int i = piece_begin(count, each, number % each); i < last; i++) {
        window here = KERNEL(lathe_channels_window)(c, &w, i);
        KERNEL(lathe_depthwise_window)
        (c, &w.panel, &at, channels_of(c, block), &here, weights + (ptrdiff_t)block * taps_of(c) * LANES,
            biases, y + (ptrdiff_t)block * c->rows.out_size * c->columns.out_size * LANES, how);
    }
}

static int units(const lathe_correlation *c)
{
    windows w = windows_of(c);
    return w.rows * w.columns;
}

static void to_weights(const lathe_correlation *c, const lathe_channels_image *x, const real *gy,
    size_t gy_image, long first, long last, int block, real *sums)
{
    windows w = windows_of(c);
    int count = w.rows * w.columns, taps = taps_of(c);
    lathe_channels_image at = from_block(x, block);
    gy += (ptrdiff_t)block * c->rows.results * c->columns.results * LANES;
    sums += (ptrdiff_t)block * taps * LANES;
    for (int t = 0; t < taps; t++) store(sums + t * LANES, (lanes){ 0 });
    for (long unit = first; unit < last; unit++) {
        _Alignas(64) real some[LATHE_CHANNELS_MOST_TAPS * LATHE_CHANNELS_MOST_TAPS * LANES];
        for (int t = 0; t < taps; t++) store(some + t * LANES, (lanes){ 0 });
        window here = KERNEL(lathe_channels_window)(c, &w, (int)(unit % count));
        lathe_channels_image image = at;
        image.at += unit / count * x->image;
        KERNEL(lathe_depthwise_add_window)
        (c, &w.panel, &image, channels_of(c, block), &here, gy + (size_t)(unit / count) * gy_image, some);
        for (int t = 0; t < taps; t++)
            store(sums + t * LANES, load(sums + t * LANES) + load(some + t * LANES));
    }
}

static void unpack(const lathe_correlation *c, const real *sums, int block, bool add, real *gw)
{
    int taps = taps_of(c);
    sums += (ptrdiff_t)block * taps * LANES;
    gw += (ptrdiff_t)block * LANES * taps;
    for (int t = 0; t < taps; t++) {
        lanes total = load(sums + t * LANES);
        for (int f = 0; f < channels_of(c, block); f++)
            gw[f * taps + t] = add ? gw[f * taps + t] + total[f] : total[f];
    }
}

extern const lathe_channels_kernels KERNEL(lathe_depthwise_kernels);
const lathe_channels_kernels KERNEL(lathe_depthwise_kernels) = {
    .fits = fits,
    .packed = packed,
    .weight_sums = packed,
    .groups = blocks_of,
    .pack = pack,
    .parts = parts,
    .correlate = correlate,
    .units = units,
    .weight_parts = blocks_of,
    .to_weights = to_weights,
    .unpack = unpack,
};
