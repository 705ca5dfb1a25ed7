/* Which kernels do a correlation. */
#include "conv_impl.h"

/* What Winograd's tiles can do. */
static bool axis_fits(const lathe_conv_axis *axis, int taps)
{
    return axis->taps == taps && axis->step == 1 && axis->tap_step == 1 && !axis->out_first &&
        axis->out_step == 1;
}

static int tiles_of(const lathe_conv_axis *axis) { return (axis->results + 1) / 2; }

static double tiles_in(const lathe_correlation *c)
{
    return (double)tiles_of(&c->rows) * tiles_of(&c->columns);
}

/*
 * Channels and filters that fill few of their sixteens are not worth it: the transforms cost more than the
 * products save, and the gradient of the weights pays for whole sixteens.
 *
 * Pairs of a channel and a filter, each nine weights. Transformed weights are 16/9 of the weights; those of
 * MANY_PAIRS fill a second-level cache, and more of them must be read for ENOUGH_TILES tiles or more. The
 * gradient of the weights reads none.
 */
enum { MANY_PAIRS = 128 * 128, ENOUGH_TILES = 16 };

static bool worth_3x3(const lathe_correlation *c, bool to_weights)
{
    double pairs = (double)c->channels * c->filters;
    return lathe_fills_sixteens(c->channels) && lathe_fills_sixteens(c->filters) &&
        (to_weights || pairs <= MANY_PAIRS || tiles_in(c) >= ENOUGH_TILES);
}

/* Taps of all results that lie within the image: those of a direct sum. */
static double taps_within(const lathe_conv_axis *axis)
{
    int count = 0;
    for (int place = axis->first; place < axis->first + axis->results; place++)
        for (int tap = 0; tap < axis->taps; tap++) count += (unsigned)(place + tap) < (unsigned)axis->size;
    return count;
}

/*
 * A tile has 36 products. A direct sum has up to 100 for the same results, but where the image is small or
 * the padding wide, many of its taps are outside: these are skipped. Below 8/5 of a tile's products nothing
 * is gained; the errors of fewer than FEW_TILES are more than twice those of direct sums.
 */
enum { FEW_TILES = 4 };

static bool worth_5x5(const lathe_correlation *c)
{
    double tiles = tiles_in(c);
    return c->channels >= LATHE_LANES && c->filters >= LATHE_LANES && tiles >= FEW_TILES &&
        5 * taps_within(&c->rows) * taps_within(&c->columns) >= 8 * 36 * tiles;
}

/*
 * 3 x 3 taps with channels abreast: channels enough that the products are most of the work, and tiles enough
 * to read the transformed weights for them.
 */
enum { LEAST_CHANNELS = LATHE_LANES, LEAST_TILES = 49 };

static bool worth_channels(const lathe_correlation *c)
{
    return c->channels >= LEAST_CHANNELS && c->filters >= LEAST_CHANNELS &&
        c->channels <= LATHE_CHANNELS_MOST_WINOGRAD && tiles_in(c) >= LEAST_TILES;
}

static bool both_fit(const lathe_correlation *c, int taps)
{
    return axis_fits(&c->rows, taps) && axis_fits(&c->columns, taps);
}

const lathe_conv_kernels *lathe_conv_kernels_for(const lathe_node *node, const lathe_correlation *c,
    bool to_weights)
{
    const lathe_kernels *kernels = node->kernels;
    if (lathe_context_conv(node->context) == LATHE_CONV_AUTO) {
        if (both_fit(c, 3) && worth_3x3(c, to_weights)) return kernels->winograd_3x3;
        if (both_fit(c, 5) && worth_5x5(c)) return kernels->winograd_5x5;
    }
    return kernels->conv;
}

const lathe_channels_kernels *lathe_channels_kernels_for(const lathe_node *node, const lathe_correlation *c)
{
    const lathe_kernels *kernels = node->kernels;
    bool abreast = node->in[0]->layout != LATHE_PLAIN;
    return abreast && lathe_context_conv(node->context) == LATHE_CONV_AUTO && both_fit(c, 3) &&
            worth_channels(c) ?
        kernels->channels_winograd :
        kernels->channels;
}
