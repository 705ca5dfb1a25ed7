/*
 * The register tile of the weights' gradient on channels: VECTORS times sixteen filters of gy, times CHANNELS
 * channels of x at TAPS taps, added up over the results of a window of some images. Included once for each
 * size.
 */
#define ROWS (VECTORS * PARTS)

static void TILE_NAME(VECTORS, TAPS, CHANNELS)(const walk *s, const real *x, const ptrdiff_t *tap,
    const real *gy, const extent *e, real *sums)
{
    part sum[ROWS][TAPS][CHANNELS];
    UNROLL for (int f = 0; f < ROWS; f++) UNROLL for (int t = 0; t < TAPS; t++)
        UNROLL for (int k = 0; k < CHANNELS; k++) sum[f][t][k] = (part){ 0 };

    for (int n = 0; n < s->images; n++, x += s->image, gy += s->gy_image)
        for (int i = 0; i < s->rows; i++) {
            const real *at[TAPS], *gradient = gy + i * s->gy_row;
            UNROLL for (int t = 0; t < TAPS; t++) at[t] = x + i * s->row + tap[t < e->taps ? t : e->taps - 1];
            for (ptrdiff_t j = 0; j < s->columns; j += LANES) {
                part g[ROWS];
                UNROLL for (int f = 0; f < ROWS; f++) g[f] =
                    load_part(gradient + f / PARTS * s->gy_vector + f % PARTS * PART + j);
                UNROLL for (int t = 0; t < TAPS; t++) UNROLL for (int k = 0; k < CHANNELS; k++)
                {
                    real value = at[t][j + k];
                    UNROLL for (int f = 0; f < ROWS; f++) sum[f][t][k] += g[f] * value;
                }
            }
        }

    UNROLL for (int t = 0; t < TAPS; t++) UNROLL for (int k = 0; k < CHANNELS; k++)
    {
        real *to = sums + t * s->sum_tap + k * VECTORS * LANES;
        if (t < e->taps && k < e->channels)
            UNROLL for (int f = 0; f < ROWS; f++)
                store_part(to + f * PART, load_part(to + f * PART) + sum[f][t][k]);
    }
}

#undef ROWS
#undef TAPS
#undef CHANNELS
