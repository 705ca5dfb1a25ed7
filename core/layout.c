#include "layout.h"

#include <stdbool.h>

/*
 * Images of fewer pixels have narrow nets, whose channels do not fill sixteen lanes; of more, sixteen images
 * do not fit a second-level cache.
 */
enum { SMALL = 1024, LARGE = 64 * 64, FEW = 5 };

lathe_layout lathe_layout_rule(int batch, int height, int width)
{
    long pixels = (long)height * width, lanes = (batch + 15L) / 16 * 16;
    bool channels = pixels < SMALL ? batch <= FEW : pixels > LARGE || 4L * batch <= 3 * lanes;
    return channels ? LATHE_CHANNELS : LATHE_BATCHED;
}

const char *lathe_layout_name(lathe_layout layout)
{
    return layout == LATHE_PLAIN ? "plain" : layout == LATHE_BATCHED ? "batched" : "channels abreast";
}
