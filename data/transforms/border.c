#include "border_impl.h"

#include <stddef.h>

const char *const lathe_border_names[] = { "constant", "replicate", "reflect", "reflect_101", "wrap", NULL };

/* place modulo count, never negative. */
static int modulo(int place, int count)
{
    int rest = place % count;
    return rest < 0 ? rest + count : rest;
}

int lathe_border_place(lathe_border border, int place, int count)
{
    if (place >= 0 && place < count) return place;
    switch (border) {
    case LATHE_BORDER_CONSTANT: return -1;
    case LATHE_BORDER_REPLICATE: return place < 0 ? 0 : count - 1;
    case LATHE_BORDER_REFLECT: {
        int twice = modulo(place, 2 * count);
        return twice < count ? twice : 2 * count - 1 - twice;
    }
    case LATHE_BORDER_REFLECT_101: {
        if (count == 1) return 0;
        int twice = modulo(place, 2 * count - 2);
        return twice < count ? twice : 2 * count - 2 - twice;
    }
    case LATHE_BORDER_WRAP: return modulo(place, count);
    }
    return -1;
}
