#include "winograd_strip.h"

static const lanes zero_lanes;

/* Four rows of the image, from a tile's first place on. A row outside the image is the same zeros again. */
typedef struct four_rows {
    const real *at[SIDE];
    ptrdiff_t step[SIDE];
} four_rows;

static four_rows rows_of(const lathe_correlation *c, const real *x, int row)
{
    four_rows rows;
    for (int i = 0; i < SIDE; i++, row++) {
        bool inside = (unsigned)row < (unsigned)c->rows.size;
        rows.at[i] = inside ? x + (ptrdiff_t)row * c->columns.size * LANES : (const real *)&zero_lanes;
        rows.step[i] = inside ? LANES : 0;
    }
    return rows;
}

/* B' times one column. */
static inline void read_column(const four_rows *rows, int half, int column, int size, part to[SIDE])
{
    part x[SIDE];
    bool inside = (unsigned)column < (unsigned)size;
    UNROLL for (int i = 0; i < SIDE; i++) x[i] =
        inside ? load_part(rows->at[i] + column * rows->step[i] + half) : (part){ 0 };
    to[0] = x[0] - x[2];
    to[1] = x[1] + x[2];
    to[2] = x[2] - x[1];
    to[3] = x[1] - x[3];
}

/* Neighbouring tiles share two columns. */
static void read_segment(const lathe_correlation *c, const four_rows *rows, const segment *s, real *v,
    ptrdiff_t plane)
{
    int size = c->columns.size;
    for (int half = 0; half < LANES; half += PART, v += PART) {
        int column = c->columns.first + 2 * s->column;
        part x[SIDE][SIDE];
        read_column(rows, half, column, size, x[0]);
        read_column(rows, half, column + 1, size, x[1]);
        real *to = v;
        for (int n = 0; n < s->count; n++, to += LANES) {
            column += 2;
            read_column(rows, half, column, size, x[2]);
            read_column(rows, half, column + 1, size, x[3]);
            UNROLL for (int i = 0; i < SIDE; i++)
            {
                real *point = to + SIDE * i * plane;
                store_part(point, x[0][i] - x[2][i]);
                store_part(point + plane, x[1][i] + x[2][i]);
                store_part(point + 2 * plane, x[2][i] - x[1][i]);
                store_part(point + 3 * plane, x[1][i] - x[3][i]);
                x[0][i] = x[2][i];
                x[1][i] = x[3][i];
            }
        }
    }
}

void KERNEL(lathe_winograd_read)(const lathe_correlation *c, int channels, const real *x, int first_tile,
    int count, real *v, ptrdiff_t plane, ptrdiff_t channel)
{
    ptrdiff_t x_plane = (ptrdiff_t)c->rows.size * c->columns.size * LANES;
    for (segment s = next_segment(c, first_tile, count, (segment){ 0 }); s.count;
         s = next_segment(c, first_tile, count, s)) {
        real *to = v + s.at * LANES;
        for (int i = 0; i < channels; i++) {
            four_rows rows = rows_of(c, x + i * x_plane, c->rows.first + 2 * s.row);
            read_segment(c, &rows, &s, to + i * channel, plane);
        }
    }
}
