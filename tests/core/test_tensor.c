#include "support/support.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void counts_of_shapes(void **state)
{
    (void)state;
    lathe_shape scalar = { 0 }, four = { 4, { 17, 2, 3, 5 } };
    assert_int_equal(lathe_shape_count(&scalar), 1);
    assert_int_equal(lathe_shape_count(&four), 510);
    assert_int_equal(lathe_shape_stored(&four, LATHE_PLAIN), 510);
    assert_int_equal(lathe_shape_stored(&four, LATHE_BATCHED), 32 * 30);
    four.dim[0] = 16;
    assert_int_equal(lathe_shape_stored(&four, LATHE_BATCHED), 16 * 30);
}

static void bad_shapes_are_named(void **state)
{
    (void)state;
    static const struct {
        lathe_shape shape;
        const char *message;
    } bad[] = {
        { { -1, { 0 } }, "rank -1 is outside 0 to 5" },
        { { 6, { 0 } }, "rank 6 is outside 0 to 5" },
        { { 2, { 3, 0 } }, "shape [3, 0]: dimension 1 is below 1" },
        { { 1, { -4 } }, "shape [-4]: dimension 0 is below 1" },
        { { 3, { INT_MAX, INT_MAX, INT_MAX } }, "more numbers than an address space holds" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(lathe_shape_count(&bad[i].shape), 0);
        assert_failed(LATHE_ESHAPE, bad[i].message);
    }
    lathe_shape scalar = { 0 };
    assert_int_equal(lathe_shape_stored(&scalar, LATHE_BATCHED), 0);
    assert_failed(LATHE_ESHAPE, "a batched tensor needs a batch dimension");
}

static void shapes_as_text_and_compared(void **state)
{
    (void)state;
    char text[LATHE_SHAPE_TEXT];
    lathe_shape a = { 2, { 3, 4 } }, b = { 2, { 3, 4, 9 } }, c = { 3, { 3, 4, 9 } };
    assert_string_equal(lathe_shape_text(&c, text), "[3, 4, 9]");
    assert_string_equal(lathe_shape_text(&(lathe_shape){ 0 }, text), "[]");
    lathe_shape longest = { 5, { INT_MIN, INT_MIN, INT_MIN, INT_MIN, INT_MIN } };
    assert_int_equal(strlen(lathe_shape_text(&longest, text)), 5 * 11 + 4 * 2 + 2);
    assert_true(lathe_shape_equal(&a, &b)); /* what lies beyond the rank does not count */
    assert_false(lathe_shape_equal(&b, &c));
}

/* Image 17 of shape [18, 2, 3] is lane 1 of the second block. */
static void places_in_batch_lanes(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 3, { 18, 2, 3 } }, NULL);
    assert_int_equal(lathe_tensor_blocks(x), 2);
    assert_int_equal(lathe_tensor_per_image(x), 6);
    assert_int_equal(lathe_tensor_place(x, 0), 0);
    assert_int_equal(lathe_tensor_place(x, 1), 16);
    assert_int_equal(lathe_tensor_place(x, 6), 1);
    assert_int_equal(lathe_tensor_place(x, 17 * 6 + 4), (6 + 4) * 16 + 1);
    lathe_tensor *plain = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 3, { 18, 2, 3 } }, NULL);
    assert_int_equal(lathe_tensor_place(plain, 106), 106);
    lathe_tape_free(tape);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const int batches[] = { 1, 15, 16, 17, 33 };
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int i = 0; i < 10; i++) {
        lathe_layout layout = i < 5 ? LATHE_BATCHED : LATHE_PLAIN;
        lathe_shape shape = { 3, { batches[i % 5], 3, 7 } };
        size_t n = lathe_shape_count(&shape);
        lathe_real *values = malloc(n * sizeof *values), *back = malloc(n * sizeof *back);
        assert_true(values && back);
        fill_normal(values, n, (uint64_t)i);
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *x = lathe_tape_tensor(tape, layout, shape);
        for (size_t j = 0; j < x->stored; j++) x->data[j] = 5;
        assert_int_equal(lathe_tensor_write(x, values, n), LATHE_OK);
        assert_int_equal(lathe_tensor_read(x, back, n), LATHE_OK);
        assert_memory_equal(values, back, n * sizeof *values);
        double sum = 0, all = 0;
        for (size_t j = 0; j < n; j++) sum += fabs((double)values[j]);
        for (size_t j = 0; j < x->stored; j++) all += fabs((double)x->data[j]);
        assert_true(fabs(sum - all) < 1e-9 * sum); /* tail lanes are 0 */
        assert_int_equal(lathe_tensor_read_grad(x, back, n), LATHE_OK);
        for (size_t j = 0; j < n; j++) assert_true(back[j] == 0); /* none has arrived */
        free(values);
        free(back);
    }
    lathe_tape_free(tape);
}

static void items(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_real five = 5;
    assert_true(lathe_item(lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 0 }, &five)) == 5);
    assert_true(lathe_item(lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { 1, 1 } }, &five)) == 5);
    assert_true(isnan(lathe_item(NULL)));
    assert_failed(LATHE_EARG, "lathe_item: tensor is NULL");
    assert_true(isnan(lathe_item(lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { 2 } }, NULL))));
    assert_failed(LATHE_ESHAPE, "lathe_item: the tensor is [2], not a single number");
    lathe_tape_free(tape);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_real values[4];
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { 3 } }, NULL);
    lathe_error_clear();
    assert_int_equal(lathe_tensor_read(NULL, values, 3), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_tensor_read: tensor is NULL");
    assert_int_equal(lathe_tensor_write(x, NULL, 3), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_tensor_write: values is NULL");
    assert_int_equal(lathe_tensor_read_grad(x, values, 4), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "lathe_tensor_read_grad: 4 numbers given, the tensor [3] has 3");
    lathe_tensor empty = { .shape = { 1, { 3 } }, .stored = 3, .name = "0.weight" };
    assert_int_equal(lathe_tensor_read(&empty, values, 3), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "lathe_tensor_read: parameter 0.weight has no values yet");
    assert_int_equal(lathe_tensor_write(&empty, values, 3), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "lathe_tensor_write: parameter 0.weight has no values yet");
    empty.shape.rank = 0;
    assert_true(isnan(lathe_item(&empty)));
    assert_failed(LATHE_ESTATE, "lathe_item: parameter 0.weight has no values yet");
    lathe_tape_free(tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_shapes),
        cmocka_unit_test(bad_shapes_are_named),
        cmocka_unit_test(shapes_as_text_and_compared),
        cmocka_unit_test(places_in_batch_lanes),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(items),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
