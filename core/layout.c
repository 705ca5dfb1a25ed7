#include "layout.h"

lathe_layout lathe_layout_rule(int batch, int height, int width)
{
    (void)batch, (void)height, (void)width;
    return LATHE_BATCHED;
}

const char *lathe_layout_name(lathe_layout layout)
{
    return layout == LATHE_PLAIN ? "plain" : layout == LATHE_BATCHED ? "batched" : "channels abreast";
}
