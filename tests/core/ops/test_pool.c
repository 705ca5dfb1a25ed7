/*
 * Pooling. By hand, on one 4x4 picture with window 2, stride 2:
 *
 *     1 5 | 2 0        max 5 2    average 3 1    gradient of max for (10, 20, 30, 40): 0 10 20  0
 *     2 4 | 2 0            7 9            3 9                                          0  0  0  0
 *     ----+----                                                                        0  0 40  0
 *     0 3 | 9 9                                                                        0 30  0  0
 *     2 7 | 9 9
 *
 * (of equal maxima the first, row by row, gets it all).
 */
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum pool_kind { MAX, AVERAGE, ADAPTIVE } pool_kind;

/* One pooling; for ADAPTIVE, kernel and stride are the result's height and width. */
typedef struct setup {
    pool_kind kind;
    int b, c, h, w;
    lathe_pool_opts opts;
} setup;

static lathe_tensor *apply(const setup *s, lathe_tensor *x)
{
    if (s->kind == MAX) return lathe_max_pool2d(x, &s->opts);
    if (s->kind == AVERAGE) return lathe_avg_pool2d(x, &s->opts);
    return lathe_adaptive_avg_pool2d(x, s->opts.kernel, s->opts.stride);
}

static size_t count_in(const setup *s)
{
    return (size_t)s->b * (size_t)s->c * (size_t)s->h * (size_t)s->w;
}

/* A leaf whose tail lanes hold a large number: they must not matter. */
static lathe_tensor *leaf(lathe_tape *tape, const setup *s, const lathe_real *values)
{
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { s->b, s->c, s->h, s->w } }, NULL);
    assert_non_null(x);
    for (size_t i = 0; i < x->stored; i++) x->data[i] = 1000;
    for (size_t i = 0; i < count_in(s); i++) x->data[lathe_tensor_place(x, i)] = values[i];
    x->needs_grad = x->keep_grad = true;
    return x;
}

static void assert_tail_is_zero(const lathe_tensor *x)
{
    double sum = 0, inside = 0;
    for (size_t i = 0; i < x->stored; i++) sum += fabs((double)x->grad[i]);
    for (size_t i = 0; i < lathe_shape_count(&x->shape); i++) inside += fabs((double)x->grad[lathe_tensor_place(x, i)]);
    assert_true(fabs(sum - inside) <= 1e-5 * (1 + inside));
}

/* Forward and backward against given results. */
static void check(const char *what, const setup *s, const lathe_real *x, const double *y, size_t count_y, const lathe_real *gy,
    const double *gx, double tolerance)
{
    lathe_tape *tape = lathe_tape_new();
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *in = leaf(tape, s, x), *out = apply(s, in);
    if (!out) fail_msg("%s: %s", what, lathe_error_message());
    if (lathe_shape_count(&out->shape) != count_y)
        fail_msg("%s: %zu results, expected %zu", what, lathe_shape_count(&out->shape), count_y);
    lathe_real *got = malloc((count_y + count_in(s)) * sizeof *got);
    assert_non_null(got);
    assert_int_equal(lathe_tensor_read(out, got, count_y), LATHE_OK);
    assert_close(what, got, y, count_y, tolerance, tolerance);
    assert_int_equal(lathe_backward_from(out, gy, count_y), LATHE_OK);
    assert_int_equal(lathe_tensor_read_grad(in, got, count_in(s)), LATHE_OK);
    assert_close(what, got, gx, count_in(s), tolerance, tolerance);
    assert_tail_is_zero(in);
    free(got);
    lathe_tape_free(tape);
}

static void by_hand(void **state)
{
    (void)state;
    setup s = { .kind = MAX, 1, 1, 4, 4, { .kernel = 2 } };
    lathe_real x[16] = { 1, 5, 2, 0, 2, 4, 2, 0, 0, 3, 9, 9, 2, 7, 9, 9 }, gy[4] = { 10, 20, 30, 40 };
    double largest[4] = { 5, 2, 7, 9 }, to_first[16] = { 0, 10, 20, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 30, 0, 0 };
    check("max", &s, x, largest, 4, gy, to_first, 1e-30);
    double mean[4] = { 3, 1, 3, 9 };
    double spread[16] = { 2.5, 2.5, 5, 5, 2.5, 2.5, 5, 5, 7.5, 7.5, 10, 10, 7.5, 7.5, 10, 10 };
    s.kind = AVERAGE;
    check("average", &s, x, mean, 4, gy, spread, 1e-30);
    s = (setup){ .kind = ADAPTIVE, 1, 1, 4, 4, { .kernel = 2, .stride = 2 } };
    check("adaptive", &s, x, mean, 4, gy, spread, 1e-30);
}

static lathe_real *narrow(const double *values, size_t count)
{
    lathe_real *narrowed = malloc((count + 1) * sizeof *narrowed);
    assert_non_null(narrowed);
    for (size_t i = 0; i < count; i++) narrowed[i] = (lathe_real)values[i];
    return narrowed;
}

static void equals_pytorch(void **state)
{
    (void)state;
    size_t n, count_x, count_y, count_gx;
    double *cases = golden("pool.txt", "cases", &n);
    for (int i = 0; i < (int)cases[0]; i++) {
        char name[64];
        const char *parts[] = { "setup", "x", "y", "gy", "gx" };
        size_t *counts[] = { &n, &count_x, &count_y, &count_y, &count_gx };
        double *values[5];
        for (int p = 0; p < 5; p++) {
            snprintf(name, sizeof name, "case%d.%s", i, parts[p]);
            values[p] = golden("pool.txt", name, counts[p]);
        }
        const double *v = values[0];
        setup s = { (pool_kind)v[0], (int)v[1], (int)v[2], (int)v[3], (int)v[4],
            { (int)v[5], (int)v[6], (int)v[7], v[8] != 0, v[9] != 0 } };
        assert_int_equal(count_x, count_in(&s));
        lathe_real *x = narrow(values[1], count_x), *gy = narrow(values[3], count_y);
        snprintf(name, sizeof name, "pool.txt case%d", i);
        check(name, &s, x, values[2], count_y, gy, values[4], 1e-6);
        free(x);
        free(gy);
        for (int p = 0; p < 5; p++) free(values[p]);
    }
    free(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(equals_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
