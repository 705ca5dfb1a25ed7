/*
 * The register tile of a product: ROWS rows times SIXTEENS sixteens of columns, over the whole depth.
 * Included once for each size: compilers keep `sum` in registers only if its size is a constant of the
 * preprocessor's. Sums of several k wait until what they are added to is done, as in a binary counter: after
 * 2 ** n of them one sum waits, and so the tree is that of core/ops/batch_sum_impl.h.
 */
#define COLUMNS (SIXTEENS * PARTS)

static void TILE_NAME(ROWS, SIXTEENS)(const lathe_product *p, const real *a, const real *b, const real *bias,
    real *c, int last)
{
    part sum[ROWS][COLUMNS], waiting[LEVELS][ROWS][COLUMNS];
    int level = 0;
    for (int k = 1;; k++, a += p->a_outer, b += p->b_outer) {
        UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int n = 0; n < COLUMNS; n++) sum[r][n] =
            (part){ 0 } + (bias && k == 1 ? bias[r] : 0);
        const real *factor = a, *at = b;
        for (int l = k < p->outer ? p->inner : p->last_inner; l;
             l--, factor += p->a_inner, at += p->b_inner) {
            part column[COLUMNS];
            UNROLL for (int n = 0; n < COLUMNS; n++) column[n] =
                *(const part *)(at + n / PARTS * p->b_sixteen + n % PARTS * PART);
            UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int n = 0; n < COLUMNS; n++) sum[r][n] +=
                factor[r * p->a_row] * column[n];
        }
        for (int done = k < p->outer ? k : 0; level && done % 2 == 0; done /= 2) {
            level--;
            UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int n = 0; n < COLUMNS; n++) sum[r][n] +=
                waiting[level][r][n];
        }
        if (k >= p->outer) break;
        UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int n = 0; n < COLUMNS; n++) waiting[level][r][n] =
            sum[r][n];
        level++;
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
