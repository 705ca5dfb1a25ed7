#include "product.h"

#include "few.h"

/* Finish `sum` and store its first `left` numbers, at most PART. */
static inline void store_columns(real *out, int left, part sum, const lathe_product *p)
{
    if (left >= PART) {
        if (p->add) sum += *(part_anywhere *)out;
        if (p->relu) sum = choose_part(sum < (part){ 0 }, (part){ 0 }, sum); /* NaN stays NaN */
        *(part_anywhere *)out = sum;
        return;
    }
    for (int i = 0; i < left; i++) {
        real v = p->add ? out[i] + sum[i] : sum[i];
        out[i] = p->relu && v < 0 ? 0 : v;
    }
}

typedef void tile_fn(const lathe_product *p, const real *a, const real *b, const real *bias, real *c,
    int last);

typedef struct tile {
    int rows;
    tile_fn *run[3]; /* for one sixteen, two, three */
} tile;

/* Sums that wait in a tile: of 8, 4, 2 and 1 blocks. */
enum { LEVELS = 4 };

#include "product_tiles.h"

/* Where a tile will store its sums. */
static void fetch(const lathe_product *p, int rows, int sixteens, const real *c)
{
    for (int r = 0; r < rows; r++)
        for (int n = 0; n < sixteens; n++) __builtin_prefetch(c + r * p->c_row + n * p->c_sixteen, 1);
}

/* All columns of the rows of one tile: the rows of a stay in the first-level cache meanwhile. */
static void run_rows(const lathe_product *p, const tile *t, int row)
{
    const real *a = p->a + row * p->a_row, *bias = p->bias ? p->bias + row : NULL;
    for (int s = 0, count; s < p->sixteens; s += count) {
        count = p->sixteens - s < MOST_SIXTEENS ? p->sixteens - s : MOST_SIXTEENS;
        if (p->sixteens - s == 4 && MOST_SIXTEENS == 3)
            count = 2; /* two and two are better than three and one */
        if (p->fetch) fetch(p, t->rows, count, p->c + row * p->c_row + s * p->c_sixteen);
        t->run[count - 1](p, a, p->b + s * p->b_sixteen, bias, p->c + row * p->c_row + s * p->c_sixteen,
            s + count == p->sixteens ? p->last : LANES);
    }
}

static void run(const lathe_product *p)
{
    const tile *t = tiles;
    for (int row = 0; row < p->rows; row += t->rows) {
        while (t->rows > p->rows - row) t++;
        run_rows(p, t, row);
    }
}

/* Number i of the left half of two rows, then number i of the right one, and so on. */
#define SHUFFLE(a, b, first) \
    __builtin_shufflevector(a, b, first, 16 + first, first + 1, 17 + first, first + 2, 18 + first, \
        first + 3, 19 + first, first + 4, 20 + first, first + 5, 21 + first, first + 6, 22 + first, \
        first + 7, 23 + first)

/* Four perfect shuffles of sixteen rows. */
static void transpose(int rows, const real *from, real *to)
{
    lanes row[LANES];
    for (int i = 0; i < LANES; i++) row[i] = i < rows ? load(from + i * LANES) : (lanes){ 0 };
    for (int stage = 0; stage < 4; stage++) {
        lanes mixed[LANES];
        for (int i = 0; i < 8; i++) {
            mixed[2 * i] = SHUFFLE(row[i], row[i + 8], 0);
            mixed[2 * i + 1] = SHUFFLE(row[i], row[i + 8], 8);
        }
        for (int i = 0; i < LANES; i++) row[i] = mixed[i];
    }
    for (int i = 0; i < LANES; i++) store(to + i * LANES, row[i]);
}

extern const lathe_product_kernels KERNEL(lathe_product_kernels);
const lathe_product_kernels KERNEL(lathe_product_kernels) = {
    .run = run,
    .transpose = transpose,
    .dots = KERNEL(lathe_product_dots),
    .weighted_rows = KERNEL(lathe_product_weighted_rows),
};
