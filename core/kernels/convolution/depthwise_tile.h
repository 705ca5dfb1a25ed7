/*
 * The register tile of one channel's correlation: PIXELS neighbouring results. Included once for each size.
 */
#define COLUMNS (PIXELS * PARTS)

static void TILE_NAME(PIXELS)(const walk *s, const real *x, const real *w, real *y)
{
    part sum[COLUMNS];
    UNROLL for (int n = 0; n < COLUMNS; n++) sum[n] = splat_part(s->bias);

    for (int p = s->tap_rows; p; p--, x += s->tap_row)
        for (int q = 0; q < s->taps; q++, w++) {
            const real *at = x + s->l->tap[q];
            UNROLL for (int n = 0; n < COLUMNS; n++) sum[n] += *w * load_part(at + n * PART);
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
