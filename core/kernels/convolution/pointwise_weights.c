/*
 * gw[f, c] = sum over places and images of gy[f, .] * x[c, .]
 *
 * One of the two is turned, the one of fewer channels: sixteen channels of one image abreast. A tile
 * multiplies them by single numbers of the other, so that the sum over images is one of products, too, and no
 * vector is ever summed.
 */
#include "pointwise_weights.h"

#include "conv_axis.h"
#include "transpose.h"

/* What a tile needs to know of its surroundings. */
typedef struct walk {
    int places;
    ptrdiff_t row, sums_row; /* numbers to the next channel, and to the next one's sums */
    ptrdiff_t ahead;         /* to what the next tile reads */
} walk;

typedef void tile_fn(const walk *s, const real *x, const real *turned, real *sums);

typedef struct tile {
    int rows;
    tile_fn *run;
} tile;

#include "pointwise_weights_tiles.h"

/* Vectors that one tile takes. */
enum { MOST_VECTORS = sizeof tiles / sizeof *tiles };

/*
 * The most vectors of a part, and the most rows, which are the channels that are not turned; the fewest rows
 * that are worth it; places whose products are one sum.
 */
enum { VECTORS_WANTED = 4, ROWS_WANTED = 256, LEAST_ROWS = 8, PLACES = 16 };

/* Which side is turned. */
static bool x_is_turned(const lathe_correlation *c)
{
    return lathe_fills_sixteens(c->channels) &&
        (c->channels <= c->filters || !lathe_fills_sixteens(c->filters));
}

static int rows_of(const lathe_correlation *c) { return x_is_turned(c) ? c->filters : c->channels; }

static int columns_of(const lathe_correlation *c) { return x_is_turned(c) ? c->channels : c->filters; }

bool KERNEL(lathe_pointwise_fits)(const lathe_correlation *c)
{
    return is_identity(&c->rows) && is_identity(&c->columns) && lathe_fills_sixteens(columns_of(c)) &&
        rows_of(c) >= LEAST_ROWS;
}

static int vector_pieces(const lathe_correlation *c)
{
    return pieces(pieces(columns_of(c), LANES), VECTORS_WANTED);
}

static int row_pieces(const lathe_correlation *c) { return pieces(rows_of(c), ROWS_WANTED); }

int KERNEL(lathe_pointwise_weight_parts)(const lathe_correlation *c)
{
    return vector_pieces(c) * row_pieces(c);
}

/* A part of the weights. */
typedef struct piece {
    int first_row, rows, first_column, columns, vectors;
} piece;

static piece piece_of(const lathe_correlation *c, int number)
{
    int count = row_pieces(c), of_rows = number % count, of_vectors = number / count,
        vectors = pieces(columns_of(c), LANES);
    int row = piece_begin(rows_of(c), count, of_rows),
        vector = piece_begin(vectors, vector_pieces(c), of_vectors);
    piece p = { .first_row = row, .first_column = vector * LANES };
    p.rows = piece_begin(rows_of(c), count, of_rows + 1) - row;
    p.vectors = piece_begin(vectors, vector_pieces(c), of_vectors + 1) - vector;
    p.columns = smaller(p.vectors * LANES, columns_of(c) - p.first_column);
    return p;
}

size_t KERNEL(lathe_pointwise_weight_sums)(const lathe_correlation *c)
{
    return (size_t)pieces(rows_of(c), row_pieces(c)) *
        (size_t)pieces(pieces(columns_of(c), LANES), vector_pieces(c)) * LANES;
}

/* Sixteen channels or fewer at one place of sixteen images. */
typedef struct unit {
    const real *x;
    int channels;
    real *to;
    ptrdiff_t row; /* from an image's channels to the next one's */
} unit;

/*
 * Places of a part's columns that are being turned, unit by unit, into strips [places][images][vectors][16]
 * of as many vectors as a tile takes.
 */
typedef struct turning {
    const piece *p;
    const real *x;
    ptrdiff_t plane;
    int places, done;
    real *to;
} turning;

static int units(const turning *t) { return t->p->vectors * t->places; }

static unit unit_at(const turning *t, int number)
{
    int v = number / t->places, place = number % t->places, strip = v / MOST_VECTORS * MOST_VECTORS;
    ptrdiff_t row = smaller(MOST_VECTORS, t->p->vectors - strip) * LANES;
    return (unit){ .x = t->x + v * LANES * t->plane + place * LANES,
        .channels = smaller(LANES, t->p->columns - v * LANES),
        .to =
            t->to + (ptrdiff_t)strip * t->places * LANES * LANES + (v - strip) * LANES + place * LANES * row,
        .row = row };
}

static void fetch_unit(const turning *t, int number)
{
    unit u = unit_at(t, number);
    for (int f = 0; f < u.channels; f++) __builtin_prefetch(u.x + f * t->plane);
}

static void turn_unit(const turning *t, int number)
{
    unit u = unit_at(t, number);
    turn_sixteen(u.x, t->plane, u.channels, u.to, u.row);
}

/* Turn some more, and fetch as many that follow. */
static void turn_some(turning *t, int count)
{
    int all = units(t), end = smaller(t->done + count, all);
    for (int i = end; i < end + count && i < all; i++) fetch_unit(t, i);
    for (; t->done < end; t->done++) turn_unit(t, t->done);
}

/* sums [rows][vectors][16] += the products of some places; meanwhile, the next ones are turned. */
static void multiply(const piece *p, walk *s, const real *x, const real *turned, turning *next, real *sums)
{
    int strips = pieces(p->vectors, MOST_VECTORS),
        a_tile = pieces(units(next), strips * pieces(p->rows, tiles[0]->rows));
    ptrdiff_t ahead = s->places * LANES;
    for (int row = 0, done = 0; row < p->rows; row += done) {
        const real *strip = turned;
        for (int v = 0, width; v < p->vectors; v += width) {
            width = smaller(MOST_VECTORS, p->vectors - v);
            const tile *t = tiles[width - 1];
            while (t->rows > p->rows - row) t++;
            done = t->rows;
            s->ahead = v ? 0 : row + 2 * done <= p->rows ? done * s->row : ahead - row * s->row;
            t->run(s, x + row * s->row, strip, sums + row * s->sums_row + v * LANES);
            strip += (ptrdiff_t)width * s->places * LANES * LANES;
            turn_some(next, a_tile);
        }
    }
    turn_some(next, units(next));
}

/* The sums [rows][vectors][16], and zeros where a part has less than others. */
void KERNEL(lathe_pointwise_to_weights)(const lathe_correlation *c, const real *x, const real *gy, int number,
    real *sums, bool add)
{
    enum { MOST_SUMS = ROWS_WANTED * VECTORS_WANTED * LANES, FIRST = 4 };
    piece p = piece_of(c, number);
    int places = c->rows.size * c->columns.size, count = p.rows * p.vectors * LANES;
    walk s = { .row = (ptrdiff_t)places * LANES, .sums_row = p.vectors * LANES };
    const real *rows = (x_is_turned(c) ? gy : x) + p.first_row * s.row,
               *columns = (x_is_turned(c) ? x : gy) + p.first_column * s.row;
    _Alignas(64) real turned[2][PLACES * LANES * VECTORS_WANTED * LANES];
    _Alignas(64) real products[MOST_SUMS];
    for (int i = 0; i < count; i += LANES) store(products + i, (lanes){ 0 });
    turning t = { &p, columns, s.row, smaller(PLACES, places), 0, turned[0] };
    while (t.done < units(&t)) turn_some(&t, FIRST);
    for (int place = 0, now = 0; place < places; place += PLACES, now = !now) {
        s.places = t.places;
        t = (turning){ &p, t.x + PLACES * LANES, s.row, smaller(PLACES, places - place - s.places), 0,
            turned[!now] };
        multiply(&p, &s, rows + place * LANES, turned[now], &t, products);
    }
    for (int i = 0; i < count; i += LANES)
        store(sums + i, add ? load(sums + i) + load(products + i) : load(products + i));
    int all = (int)KERNEL(lathe_pointwise_weight_sums)(c);
    for (int i = count; !add && i < all; i += LANES) store(sums + i, (lanes){ 0 });
}

void KERNEL(
    lathe_pointwise_unpack)(const lathe_correlation *c, const real *sums, int number, real *gw, bool add)
{
    piece p = piece_of(c, number);
    bool turned = x_is_turned(c);
    ptrdiff_t row = turned ? c->channels : 1, column = turned ? 1 : c->channels;
    gw += p.first_row * row + p.first_column * column;
    for (int r = 0; r < p.rows; r++, gw += row, sums += p.vectors * LANES)
        for (int n = 0; n < p.columns; n++) gw[n * column] = add ? gw[n * column] + sums[n] : sums[n];
}
