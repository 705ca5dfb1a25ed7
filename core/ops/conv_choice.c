/* Which kernels do a correlation with images abreast. */
#include "conv_impl.h"

/* What Winograd's tiles can do. */
static bool axis_fits(const lathe_conv_axis *axis)
{
    return axis->taps == 3 && axis->step == 1 && axis->tap_step == 1 && !axis->out_first &&
        axis->out_step == 1;
}

/* What they do faster. docs/performance.md has the measurements. */
static bool worth(const lathe_correlation *c) { return c->channels > 1 && c->filters > 1; }

const lathe_conv_kernels *lathe_conv_kernels_for(const lathe_node *node, const lathe_correlation *c)
{
    bool winograd = lathe_context_conv(node->context) != LATHE_CONV_DIRECT && axis_fits(&c->rows) &&
        axis_fits(&c->columns) && worth(c);
    return winograd ? node->kernels->winograd : node->kernels->conv;
}
