/* Which kernels do a correlation with images abreast. */
#include "conv_impl.h"

/* What Winograd's tiles can do. */
static bool axis_fits(const lathe_conv_axis *axis)
{
    return axis->taps == 3 && axis->step == 1 && axis->tap_step == 1 && !axis->out_first &&
        axis->out_step == 1;
}

/*
 * Sixteen channels or more, which fill at least two thirds of their sixteens: with fewer the transforms cost
 * more than the products save, and the gradient of the weights pays for whole sixteens.
 */
static bool fill_sixteens(int channels)
{
    int stored = (channels + LATHE_LANES - 1) / LATHE_LANES * LATHE_LANES;
    return channels >= LATHE_LANES && 2L * stored <= 3L * channels;
}

/*
 * Pairs of a channel and a filter, each nine weights. Fewer than SOME_PAIRS are so little work that memory
 * decides. Transformed weights are 16/9 of the weights; those of MANY_PAIRS fill a second-level cache, and
 * more of them must be read for ENOUGH_TILES tiles or more.
 */
enum { SOME_PAIRS = 16 * 32, MANY_PAIRS = 128 * 128, ENOUGH_TILES = 16 };

static bool worth(const lathe_correlation *c)
{
    double pairs = (double)c->channels * c->filters,
           tiles = (c->rows.results + 1) / 2 * ((c->columns.results + 1.) / 2);
    return fill_sixteens(c->channels) && fill_sixteens(c->filters) && pairs >= SOME_PAIRS &&
        (pairs <= MANY_PAIRS || tiles >= ENOUGH_TILES);
}

const lathe_conv_kernels *lathe_conv_kernels_for(const lathe_node *node, const lathe_correlation *c)
{
    bool winograd = lathe_context_conv(node->context) == LATHE_CONV_AUTO && axis_fits(&c->rows) &&
        axis_fits(&c->columns) && worth(c);
    return winograd ? node->kernels->winograd : node->kernels->conv;
}
