/* B' x B of a strip's tiles. Included after the matrices. */
#ifndef LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_READ_H
#define LATHE_CORE_KERNELS_CONVOLUTION_WINOGRAD_READ_H

#include "winograd_strip.h"

static const lanes zero_lanes;

/*
 * Rows of the image that a tile reads, from its first place on. A row outside the image is the same zeros
 * again.
 */
typedef struct tile_rows {
    const real *at[READ];
    ptrdiff_t step[READ];
} tile_rows;

static inline tile_rows rows_of(const lathe_correlation *c, const real *x, int row)
{
    tile_rows rows;
    for (int i = 0; i < READ; i++, row++) {
        bool inside = (unsigned)row < (unsigned)c->rows.size;
        rows.at[i] = inside ? x + (ptrdiff_t)row * c->columns.size * LANES : (const real *)&zero_lanes;
        rows.step[i] = inside ? LANES : 0;
    }
    return rows;
}

/*
 * B' times one column: number i goes to to[i * row]. The same column of the next channel, `ahead` numbers
 * from here, is fetched into the cache.
 */
static inline void read_column(const tile_rows *rows, int half, int column, ptrdiff_t ahead, real *to,
    ptrdiff_t row)
{
    part x[READ], sums[SIDE];
    UNROLL for (int i = 0; i < READ; i++)
    {
        const real *at = rows->at[i] + column * rows->step[i] + half;
        x[i] = load_part(at);
        __builtin_prefetch(at + ahead);
    }
    read_places(x, sums);
    UNROLL for (int i = 0; i < SIDE; i++) store_part(to + i * row, sums[i]);
}

/* Numbers of a row of the columns that a segment reads, at most. */
enum { COLUMNS_ROW = (2 * LONGEST_STRIP + READ - 2) * PART };

/* First B' times all columns, then times all rows. Neighbouring tiles share all columns but two. */
static inline void read_segment(const lathe_correlation *c, const tile_rows *rows, const segment *s, real *v,
    ptrdiff_t plane)
{
    int size = c->columns.size, first = c->columns.first + 2 * s->column, columns = 2 * s->count + READ - 2;
    ptrdiff_t ahead = (ptrdiff_t)c->rows.size * size * LANES;
    _Alignas(64) real half_way[SIDE * COLUMNS_ROW];
    for (int half = 0; half < LANES; half += PART, v += PART) {
        for (int j = 0; j < columns; j++)
            if ((unsigned)(first + j) < (unsigned)size)
                read_column(rows, half, first + j, ahead, half_way + j * PART, COLUMNS_ROW);
            else
                UNROLL for (int i = 0; i < SIDE; i++)
                    store_part(half_way + i * COLUMNS_ROW + j * PART, (part){ 0 });
        for (int i = 0; i < SIDE; i++) {
            real *to = v + SIDE * i * plane;
            const real *at = half_way + i * COLUMNS_ROW;
            part x[READ];
            UNROLL for (int j = 0; j < READ - 2; j++, at += PART) x[j] = load_part(at);
            for (int n = 0; n < s->count; n++, to += LANES, at += 2 * PART) {
                part points[SIDE];
                x[READ - 2] = load_part(at);
                x[READ - 1] = load_part(at + PART);
                read_places(x, points);
                UNROLL for (int j = 0; j < SIDE; j++) store_part(to + j * plane, points[j]);
                UNROLL for (int j = 0; j < READ - 2; j++) x[j] = x[j + 2];
            }
        }
    }
}

/* Fetch `count` sixteens of numbers into the second-level cache. */
static inline void fetch(const real *at, int count)
{
    enum { LINE = 64 / sizeof(real) };
    for (const real *end = at + count * LANES; at < end; at += LINE) __builtin_prefetch(at, 0, 2);
}

/* Fetch what a strip reads of channel c, and the row of tiles above did not. */
static inline void fetch_places(const lathe_correlation *c, const real *x, int first_tile, int count)
{
    int size = c->columns.size;
    for (segment s = next_segment(c, first_tile, count, (segment){ 0 }); s.count;
         s = next_segment(c, first_tile, count, s)) {
        int row = c->rows.first + 2 * s.row, column = c->columns.first + 2 * s.column,
            first_row = row + READ - 2 < 0 ? 0 : row + READ - 2, end_row = smaller(row + READ, c->rows.size),
            first = column < 0 ? 0 : column, columns = smaller(column + 2 * s.count, size) - first;
        for (int r = first_row; r < end_row; r++) fetch(x + ((ptrdiff_t)r * size + first) * LANES, columns);
    }
}

/* Fetch the places of a strip's results, of one filter. */
static inline void fetch_results(const lathe_correlation *c, const real *y, int first_tile, int count)
{
    for (segment s = next_segment(c, first_tile, count, (segment){ 0 }); s.count;
         s = next_segment(c, first_tile, count, s))
        for (int row = 2 * s.row; row < smaller(2 * s.row + 2, c->rows.results); row++)
            fetch(y + ((ptrdiff_t)row * c->columns.results + 2 * s.column) * LANES,
                smaller(2 * s.count, c->columns.results - 2 * s.column));
}

/* Number (i, j) of tile t of channel c goes to v[(SIDE * i + j) * plane + c * channel + t * 16]. */
static inline void read_strip(const lathe_correlation *c, int channels, const real *x, int first_tile,
    int count, real *v, ptrdiff_t plane, ptrdiff_t channel)
{
    ptrdiff_t x_plane = (ptrdiff_t)c->rows.size * c->columns.size * LANES;
    for (segment s = next_segment(c, first_tile, count, (segment){ 0 }); s.count;
         s = next_segment(c, first_tile, count, s)) {
        real *to = v + s.at * LANES;
        for (int i = 0; i < channels; i++) {
            tile_rows rows = rows_of(c, x + i * x_plane, c->rows.first + 2 * s.row);
            read_segment(c, &rows, &s, to + i * channel, plane);
        }
    }
}

#endif
