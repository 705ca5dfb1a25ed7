/*
 * The register tile of a correlation on channels: VECTORS times sixteen filters at PLACES places side by
 * side. An even number of places may lie half and half in two rows. Included once for each size: compilers
 * keep `sum` in registers only if its size is a constant of the preprocessor's.
 */
#define ROWS (VECTORS * PARTS)
#define HALF (PLACES / 2)
#define SECOND(n) (PLACES % 2 == 0 && (n) >= HALF)

static void TILE_NAME(VECTORS, PLACES)(const walk *s, const real *x, const real *w, const real *bias, real *y)
{
    part sum[ROWS][PLACES];
    UNROLL for (int f = 0; f < ROWS; f++) UNROLL for (int n = 0; n < PLACES; n++) sum[f][n] =
        load_part(bias + f * PART);

    ptrdiff_t half = s->half;
    for (int block = s->blocks; block; block--, x += s->block) {
        int channels = block == 1 ? s->last_channels : LANES;
        for (int t = 0; t < s->taps; t++) {
            const real *at = x + s->tap[t];
            for (int k = channels; k; k--, at++, w += VECTORS * LANES) {
                part weight[ROWS];
                UNROLL for (int f = 0; f < ROWS; f++) weight[f] = load_part(w + f * PART);
                UNROLL for (int n = 0; n < PLACES; n++)
                {
                    real value = SECOND(n) ? at[half + (n - HALF) * LANES] : at[n * LANES];
                    UNROLL for (int f = 0; f < ROWS; f++) sum[f][n] += weight[f] * value;
                }
            }
        }
    }

    UNROLL for (int f = 0; f < ROWS; f++) UNROLL for (int n = 0; n < PLACES; n++)
    {
        real *row = y + f / PARTS * s->out_vector + f % PARTS * PART;
        part *out =
            (part *)(SECOND(n) ? row + s->out_half + (n - HALF) * s->out_place : row + n * s->out_place);
        part v = s->how & LATHE_CONV_ADD ? *out + sum[f][n] : sum[f][n];
        *out = clamped(v, s->how);
    }
}

#undef ROWS
#undef HALF
#undef SECOND
#undef PLACES
