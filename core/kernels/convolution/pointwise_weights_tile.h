/*
 * The register tile of a 1 x 1 layer's weights' gradient: ROWS channels times VECTORS sixteens of turned
 * ones, added up over `places` places of sixteen images, and then to sums[r * sums_row]. The sums begin at
 * zero, so that no sum grows long. Included once for each size.
 */
#define COLUMNS (VECTORS * PARTS)

static void TILE_NAME(VECTORS, ROWS)(const walk *s, const real *x, const real *turned, real *sums)
{
    part sum[ROWS][COLUMNS];
    UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int n = 0; n < COLUMNS; n++) sum[r][n] = (part){ 0 };
    const real *at[ROWS];
    UNROLL for (int r = 0; r < ROWS; r++) at[r] = x + r * s->row;
    for (int i = 0; i < s->places * LANES; i += LANES) {
        UNROLL for (int r = 0; r < ROWS; r++) __builtin_prefetch(at[r] + i + s->ahead);
        for (int k = i; k < i + LANES; k++, turned += VECTORS * LANES) {
            part v[COLUMNS];
            UNROLL for (int n = 0; n < COLUMNS; n++) v[n] = load_part(turned + n * PART);
            UNROLL for (int r = 0; r < ROWS; r++)
            {
                real value = at[r][k];
                UNROLL for (int n = 0; n < COLUMNS; n++) sum[r][n] += v[n] * value;
            }
        }
    }
    UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int n = 0; n < COLUMNS; n++)
    {
        real *to = sums + r * s->sums_row + n * PART;
        store_part(to, load_part(to) + sum[r][n]);
    }
}

#undef COLUMNS
#undef ROWS
