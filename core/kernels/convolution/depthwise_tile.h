/*
 * The register tile of a depthwise correlation: PIXELS neighbouring results of sixteen images or channels.
 * Included once for each size.
 */
#define COLUMNS (PIXELS * PARTS)

static void TILE_NAME(PIXELS)(const walk *s, const real *x, const real *w, real *y)
{
    part sum[COLUMNS];
    UNROLL for (int n = 0; n < COLUMNS; n++) sum[n] = load_part(s->bias + n % PARTS * PART);

    for (int t = 0; t < s->taps; t++, w += LANES) {
        const real *at = x + s->tap[t];
        UNROLL for (int n = 0; n < COLUMNS; n++) sum[n] +=
            load_part(w + n % PARTS * PART) * load_part(at + n * PART);
    }

    /* As in conv_tile.h; an inline function for both made its loop 5 % slower. */
    UNROLL for (int n = 0; n < COLUMNS; n++)
    {
        part *out = (part *)(y + n / PARTS * s->out_pixel + n % PARTS * PART);
        part v = s->how & LATHE_CONV_ADD ? *out + sum[n] : sum[n];
        *out =
            s->how & LATHE_CONV_RELU ? choose_part(v < (part){ 0 }, (part){ 0 }, v) : v; /* NaN stays NaN */
    }
}

#undef COLUMNS
#undef PIXELS
