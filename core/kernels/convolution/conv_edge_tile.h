/*
 * The register tile of a correlation at an image's edge: FILTERS results at each of `count` <= PIXELS places
 * side by side. Bit n of inside[t] says whether place n sees tap t inside the image. Included once for each
 * size.
 */
#define COLUMNS (PIXELS * PARTS)

static void EDGE_NAME(FILTERS, PIXELS)(const walk *s, const real *x, const real *w, const real *bias, real *y,
    const unsigned *inside, int count)
{
    part sum[FILTERS][COLUMNS];
    UNROLL for (int f = 0; f < FILTERS; f++) UNROLL for (int n = 0; n < COLUMNS; n++) sum[f][n] =
        (part){ 0 } + (bias ? bias[f] : 0);

    const real *x_outer = x, *w_outer = w;
    for (int i = s->outer.times; i; i--, x_outer += s->outer.x, w_outer += s->outer.w * FILTERS) {
        const real *x_middle = x_outer, *w_middle = w_outer;
        for (int j = s->middle.times; j; j--, x_middle += s->middle.x, w_middle += s->middle.w * FILTERS) {
            const real *at = x_middle, *weight = w_middle;
            for (int k = 0; k < s->inner.times; k++, at += s->inner.x, weight += FILTERS) {
                part factor[FILTERS];
                UNROLL for (int f = 0; f < FILTERS; f++) factor[f] = weight[f] - (part){ 0 };
                UNROLL for (int p = 0; p < PIXELS; p++)
                {
                    if (!(inside[k] >> p & 1)) continue;
                    UNROLL for (int n = p * PARTS; n < (p + 1) * PARTS; n++)
                    {
                        part pixel = *(const part *)(at + p * s->in_pixel + n % PARTS * PART);
                        UNROLL for (int f = 0; f < FILTERS; f++) sum[f][n] += factor[f] * pixel;
                    }
                }
            }
        }
    }

    UNROLL for (int n = 0; n < COLUMNS; n++)
    {
        if (n / PARTS >= count) return;
        UNROLL for (int f = 0; f < FILTERS; f++)
        {
            part *out = (part *)(y + f * s->out_channel + n / PARTS * s->out_pixel + n % PARTS * PART);
            part v = s->how & LATHE_CONV_ADD ? *out + sum[f][n] : sum[f][n];
            *out = clamped(v, s->how);
        }
    }
}

#undef COLUMNS
#undef FILTERS
#undef PIXELS
