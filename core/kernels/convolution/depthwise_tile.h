/*
 * The register tile of a depthwise correlation: PIXELS neighbouring results of sixteen images or channels,
 * which read places STEP apart. Included once for each size and step.
 */
#define COLUMNS (PIXELS * PARTS)

static void TILE_NAME(PIXELS, STEP)(const walk *s, const real *x, const real *w, real *y)
{
    part sum[COLUMNS];
    UNROLL for (int n = 0; n < COLUMNS; n++) sum[n] = load_part(s->bias + n % PARTS * PART);

    for (int t = 0; t < s->taps; t++) {
        const real *at = x + s->tap[t], *weights = w + s->weight[t];
        UNROLL for (int n = 0; n < COLUMNS; n++) sum[n] += load_part(weights + n % PARTS * PART) *
            load_part(at + n / PARTS * STEP * LANES + n % PARTS * PART);
    }

    /* As in conv_tile.h; an inline function for both made its loop 5 % slower. */
    UNROLL for (int n = 0; n < COLUMNS; n++)
    {
        part *out = (part *)(y + n / PARTS * s->out_pixel + n % PARTS * PART);
        part v = s->how & LATHE_CONV_ADD ? *out + sum[n] : sum[n];
        *out = clamped(v, s->how);
    }
}

#undef COLUMNS
#undef PIXELS
