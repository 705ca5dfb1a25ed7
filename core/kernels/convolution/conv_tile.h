/*
 * The register tile of a correlation: FILTERS results at each of PIXELS places side by side, and `times` such
 * tiles in a row. Included once for each size: compilers keep `sum` in registers only if its size is a
 * constant of the preprocessor's.
 */
#define COLUMNS (PIXELS * PARTS)

static void TILE_NAME(FILTERS, PIXELS)(const walk *s, const real *x, const real *w, const real *bias, real *y,
    int times)
{
    for (; times; times--, x += PIXELS * s->in_pixel, y += PIXELS * s->out_pixel) {
        part sum[FILTERS][COLUMNS];
        UNROLL for (int f = 0; f < FILTERS; f++) UNROLL for (int n = 0; n < COLUMNS; n++) sum[f][n] =
            (part){ 0 } + (bias ? bias[f] : 0);

        const real *x_outer = x, *w_outer = w;
        for (int i = s->outer.times; i; i--, x_outer += s->outer.x, w_outer += s->outer.w * FILTERS) {
            const real *x_middle = x_outer, *w_middle = w_outer;
            UNROLL for (int n = 0; n < PIXELS; n++) __builtin_prefetch(x_outer + s->ahead + n * s->in_pixel);
            for (int j = s->middle.times; j;
                 j--, x_middle += s->middle.x, w_middle += s->middle.w * FILTERS) {
                const real *at = x_middle, *weight = w_middle;
                for (int k = s->inner.times; k; k--, at += s->inner.x, weight += s->inner.w * FILTERS) {
                    part pixel[COLUMNS];
                    UNROLL for (int n = 0; n < COLUMNS; n++) pixel[n] =
                        *(const part *)(at + n / PARTS * s->in_pixel + n % PARTS * PART);
                    UNROLL for (int f = 0; f < FILTERS; f++) UNROLL for (int n = 0; n < COLUMNS; n++)
                        sum[f][n] += weight[f] * pixel[n];
                }
            }
        }

        UNROLL for (int f = 0; f < FILTERS; f++) UNROLL for (int n = 0; n < COLUMNS; n++)
        {
            part *out = (part *)(y + f * s->out_channel + n / PARTS * s->out_pixel + n % PARTS * PART);
            part v = s->how & LATHE_CONV_ADD ? *out + sum[f][n] : sum[f][n];
            *out = clamped(v, s->how);
        }
    }
}

/* The same where the sum runs over channels alone and is written as it is. */
static void PRODUCT_NAME(FILTERS, PIXELS)(int channels, const real *x, ptrdiff_t x_channel, const real *w,
    real *y, ptrdiff_t y_filter, int times)
{
    for (; times; times--, x += PIXELS * LANES, y += PIXELS * LANES) {
        part sum[FILTERS][COLUMNS];
        UNROLL for (int f = 0; f < FILTERS; f++) UNROLL for (int n = 0; n < COLUMNS; n++) sum[f][n] =
            (part){ 0 };
        const real *at = x, *weight = w;
        for (int c = channels; c; c--, at += x_channel, weight += FILTERS) {
            part pixel[COLUMNS];
            UNROLL for (int n = 0; n < COLUMNS; n++) pixel[n] = load_part(at + n * PART);
            UNROLL for (int f = 0; f < FILTERS; f++) UNROLL for (int n = 0; n < COLUMNS; n++) sum[f][n] +=
                weight[f] * pixel[n];
        }
        UNROLL for (int f = 0; f < FILTERS; f++) UNROLL for (int n = 0; n < COLUMNS; n++)
            store_part(y + f * y_filter + n * PART, sum[f][n]);
    }
}

#undef COLUMNS
#undef FILTERS
#undef PIXELS
