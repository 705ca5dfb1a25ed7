/*
 * The register tile of the weights' gradient: FILTERS channels of gy times TAPS places of x that lie s->x_tap
 * apart, added up over `rows` rows of results into sums[f * s->sum_filter + tap * LANES], which they begin if
 * s->first. Included once for each size.
 */
#define ADD_RESULT(ADDRESS) \
    do { \
        part tap[TAPS]; \
        UNROLL for (int t = 0; t < TAPS; t++) tap[t] = *(const part *)(ADDRESS); \
        UNROLL for (int f = 0; f < FILTERS; f++) \
        { \
            part g = in_register(*(const part *)(gradient + f * s->gy_channel)); \
            UNROLL for (int t = 0; t < TAPS; t++) sum[f][t] += g * tap[t]; \
        } \
    } while (0)

static void TILE_NAME(FILTERS, TAPS)(const walk *s, const real *x, const real *gy, int rows, int place,
    real *sums)
{
    for (int half = 0; half < LANES; half += PART, x += PART, gy += PART, sums += PART) {
        part sum[FILTERS][TAPS];
        UNROLL for (int f = 0; f < FILTERS; f++) UNROLL for (int t = 0; t < TAPS; t++) sum[f][t] =
            (part){ 0 };
        if (!s->first)
            UNROLL for (int f = 0; f < FILTERS; f++) UNROLL for (int t = 0; t < TAPS; t++) sum[f][t] =
                *(const part *)(sums + f * s->sum_filter + t * LANES);

        for (int i = 0; i < rows; i++) {
            const real *pixel = x + i * s->x_row + s->inner_begin * s->x_pixel;
            const real *gradient = gy + i * s->gy_row + s->inner_begin * LANES;
            for (int j = s->inner_begin; j < s->inner_end; j++, pixel += s->x_pixel, gradient += LANES) {
                UNROLL for (int t = 0; t < TAPS - 1; t++) __builtin_prefetch(pixel + t * s->x_tap + s->ahead);
                ADD_RESULT(pixel + t * s->x_tap);
            }
        }
        for (int j = 0; j < s->results;
             j++) { /* a column at the edge: some taps see zeros, all the way down */
            if (j == s->inner_begin && (j = s->inner_end) == s->results) break;
            const real *pixel[TAPS], *gradient = gy + j * LANES;
            ptrdiff_t down[TAPS];
            UNROLL for (int t = 0; t < TAPS; t++)
            {
                bool inside = (unsigned)(place + j * s->step + t * s->tap_step) < s->size;
                pixel[t] = inside ? x + j * s->x_pixel + t * s->x_tap : zeros;
                down[t] = inside ? s->x_row : 0;
            }
            for (int i = 0; i < rows; i++, gradient += s->gy_row) ADD_RESULT(pixel[t] + i * down[t]);
        }

        UNROLL for (int f = 0; f < FILTERS; f++) UNROLL for (int t = 0; t < TAPS; t++) *
            (part *)(sums + f * s->sum_filter + t * LANES) = sum[f][t];
    }
}

#undef ADD_RESULT
#undef FILTERS
#undef TAPS
