/*
 * The register tile of the weights' gradient by Winograd's tiles: sums[c][f] += x[c][k] * gy[k][f] for
 * CHANNELS channels and VECTORS times sixteen filters; to the next k, and to the next channel's sums, are
 * `row` numbers. The sums begin at zero, so that no sum grows long.
 * Included once for each size.
 */
#define ROWS (VECTORS * PARTS)

static void TILE_NAME(VECTORS, CHANNELS)(int count, const real *x, const real *gy, ptrdiff_t row, real *sums)
{
    part sum[CHANNELS][ROWS];
    UNROLL for (int c = 0; c < CHANNELS; c++) UNROLL for (int f = 0; f < ROWS; f++) sum[c][f] = (part){ 0 };
    for (int k = 0; k < count; k++, x += X_NEXT, gy += row) {
        part g[ROWS];
        UNROLL for (int f = 0; f < ROWS; f++) g[f] = load_part(gy + f * PART);
        UNROLL for (int c = 0; c < CHANNELS; c++)
        {
            real value = x[c * X_CHANNEL];
            UNROLL for (int f = 0; f < ROWS; f++) sum[c][f] += g[f] * value;
        }
    }
    UNROLL for (int c = 0; c < CHANNELS; c++) UNROLL for (int f = 0; f < ROWS; f++)
    {
        real *to = sums + c * row + f * PART;
        store_part(to, load_part(to) + sum[c][f]);
    }
}

#undef ROWS
#undef CHANNELS
