/*
 * The register tile of a product: ROWS rows times SIXTEENS sixteens of columns, over the whole depth.
 * Included once for each size: compilers keep `sum` in registers only if its size is a constant of the
 * preprocessor's.
 */
#define COLUMNS (SIXTEENS * PARTS)

static void TILE_NAME(ROWS, SIXTEENS)(const lathe_product *p, const real *a, const real *b, const real *bias,
    real *c, int last)
{
    part sum[ROWS][COLUMNS];
    UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int n = 0; n < COLUMNS; n++) sum[r][n] =
        (part){ 0 } + (bias ? bias[r] : 0);

    for (int k = 0; k < p->outer; k++, a += p->a_outer, b += p->b_outer) {
        const real *factor = a, *at = b;
        for (int l = p->inner; l; l--, factor += p->a_inner, at += p->b_inner) {
            part column[COLUMNS];
            UNROLL for (int n = 0; n < COLUMNS; n++) column[n] =
                *(const part *)(at + n / PARTS * p->b_sixteen + n % PARTS * PART);
            UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int n = 0; n < COLUMNS; n++) sum[r][n] +=
                factor[r * p->a_row] * column[n];
        }
    }

    UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int n = 0; n < COLUMNS; n++)
    {
        real *out = c + r * p->c_row + n / PARTS * p->c_sixteen + n % PARTS * PART;
        store_columns(out, (n / PARTS == SIXTEENS - 1 ? last : LANES) - n % PARTS * PART, sum[r][n], p);
    }
}

#undef COLUMNS
#undef ROWS
#undef SIXTEENS
