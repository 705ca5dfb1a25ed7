/*
 * The register tile of the weights' gradient: FILTERS channels of gy times TAPS places of x that lie s->x_tap apart, added up over
 * `rows` x `columns` results into sums[f * s->sum_filter + tap * LANES]. Included once for each size.
 */
static void TILE_NAME(FILTERS, TAPS)(const walk *s, const real *x, const real *gy, int rows, int columns, real *sums)
{
    for (int half = 0; half < LANES; half += PART, x += PART, gy += PART, sums += PART) {
        part sum[FILTERS][TAPS];
        UNROLL for (int f = 0; f < FILTERS; f++)
            UNROLL for (int t = 0; t < TAPS; t++) sum[f][t] = *(const part *)(sums + f * s->sum_filter + t * LANES);

        for (int i = 0; i < rows; i++) {
            const real *pixel = x + i * s->x_row, *gradient = gy + i * s->gy_row;
            for (int j = 0; j < columns; j++, pixel += s->x_pixel, gradient += LANES) {
                part tap[TAPS];
                UNROLL for (int t = 0; t < TAPS; t++) tap[t] = *(const part *)(pixel + t * s->x_tap);
                UNROLL for (int f = 0; f < FILTERS; f++) {
                    part g = *(const part *)(gradient + f * s->gy_channel);
                    UNROLL for (int t = 0; t < TAPS; t++) sum[f][t] += g * tap[t];
                }
            }
        }

        UNROLL for (int f = 0; f < FILTERS; f++)
            UNROLL for (int t = 0; t < TAPS; t++) *(part *)(sums + f * s->sum_filter + t * LANES) = sum[f][t];
    }
}

#undef FILTERS
#undef TAPS
