/*
 * The register tile of the weights' gradient: FILTERS channels of gy times TAPS places of x that lie s->x_tap apart, added up over
 * `rows` rows of results into sums[f * s->sum_filter + tap * LANES]. Included once for each size.
 */
#define ADD_RESULT(ADDRESS)                                                       \
    do {                                                                          \
        part tap[TAPS];                                                           \
        UNROLL for (int t = 0; t < TAPS; t++) tap[t] = *(const part *)(ADDRESS);  \
        UNROLL for (int f = 0; f < FILTERS; f++) {                                \
            part g = *(const part *)(gradient + f * s->gy_channel);               \
            UNROLL for (int t = 0; t < TAPS; t++) sum[f][t] += g * tap[t];        \
        }                                                                         \
    } while (0)

static void TILE_NAME(FILTERS, TAPS)(const walk *s, const real *x, const real *gy, int rows, int place, real *sums)
{
    for (int half = 0; half < LANES; half += PART, x += PART, gy += PART, sums += PART) {
        part sum[FILTERS][TAPS];
        UNROLL for (int f = 0; f < FILTERS; f++)
            UNROLL for (int t = 0; t < TAPS; t++) sum[f][t] = *(const part *)(sums + f * s->sum_filter + t * LANES);

        for (int i = 0; i < rows; i++) {
            const real *pixel = x + i * s->x_row, *gradient = gy + i * s->gy_row;
            for (int j = 0, at = place; j < s->results; j++, at += s->step, pixel += s->x_pixel, gradient += LANES) {
                if (j == s->inner_begin) {
                    for (; j < s->inner_end; j++, pixel += s->x_pixel, gradient += LANES) ADD_RESULT(pixel + t * s->x_tap);
                    if (j == s->results) break;
                    at = place + j * s->step;
                }
                ADD_RESULT((unsigned)(at + t * s->tap_step) < s->size ? pixel + t * s->x_tap : zeros);
            }
        }

        UNROLL for (int f = 0; f < FILTERS; f++)
            UNROLL for (int t = 0; t < TAPS; t++) *(part *)(sums + f * s->sum_filter + t * LANES) = sum[f][t];
    }
}

#undef ADD_RESULT
#undef FILTERS
#undef TAPS
