/*
 * The register tile of a correlation: FILTERS results at each of PIXELS places that lie side by side. Included once for each
 * size: compilers keep `sum` in registers only if its size is a constant of the preprocessor's.
 */
#define COLUMNS (PIXELS * PARTS)

static void TILE_NAME(FILTERS, PIXELS)(const walk *s, const real *x, const real *w, int rows, int columns, const real *bias, real *y)
{
    part sum[FILTERS][COLUMNS];
    UNROLL for (int f = 0; f < FILTERS; f++)
        UNROLL for (int n = 0; n < COLUMNS; n++) sum[f][n] = (part){ 0 } + (bias ? bias[f] : 0);

    for (int c = 0; c < s->channels; c++, x += s->in_channel, w += s->taps * FILTERS)
        for (int p = 0; p < rows; p++) {
            const real *at = x + p * s->in_row, *weight = w + p * s->taps_in_row * FILTERS;
            for (int q = 0; q < columns; q++, at += s->in_tap, weight += FILTERS) {
                part pixel[COLUMNS];
                UNROLL for (int n = 0; n < COLUMNS; n++)
                    pixel[n] = *(const part *)(at + n / PARTS * s->in_pixel + n % PARTS * PART);
                UNROLL for (int f = 0; f < FILTERS; f++)
                    UNROLL for (int n = 0; n < COLUMNS; n++) sum[f][n] += weight[f] * pixel[n];
            }
        }

    UNROLL for (int f = 0; f < FILTERS; f++)
        UNROLL for (int n = 0; n < COLUMNS; n++) {
            part *out = (part *)(y + f * s->out_channel + n / PARTS * s->out_pixel + n % PARTS * PART);
            *out = s->add ? *out + sum[f][n] : sum[f][n];
        }
}

#undef COLUMNS
#undef FILTERS
#undef PIXELS
