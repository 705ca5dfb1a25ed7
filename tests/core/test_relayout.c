/* Images laid out anew: the same numbers, and gradients that find their way back. */
#include "../support/support.h"

static const lathe_layout layouts[] = { LATHE_PLAIN, LATHE_BATCHED, LATHE_CHANNELS };
static const lathe_shape shapes[] = { { 4, { 1, 1, 1, 1 } }, { 4, { 3, 5, 4, 7 } }, { 4, { 17, 33, 9, 9 } },
    { 4, { 16, 16, 3, 2 } }, { 4, { 2, 3, 40, 40 } } };
enum { LAYOUTS = 3, SHAPES = sizeof shapes / sizeof *shapes, MOST = 17 * 33 * 81 };

static lathe_real numbers[MOST], back[MOST];

static void from_one_layout_to_another(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    for (size_t s = 0; s < SHAPES; s++)
        for (int from = 0; from < LAYOUTS; from++)
            for (int to = 0; to < LAYOUTS; to++) {
                size_t count = lathe_shape_count(&shapes[s]);
                for (size_t i = 0; i < count; i++) numbers[i] = (lathe_real)(i % 1009) - 500;
                lathe_tape_begin(tape, LATHE_TRAIN);
                lathe_tensor *x = lathe_tape_leaf(tape, layouts[from], shapes[s], numbers);
                x->needs_grad = x->keep_grad = true;
                lathe_tensor *y = lathe_relayout(x, layouts[to]);
                assert_non_null(y);
                assert_int_equal(y->layout, layouts[to]);
                assert_int_equal(lathe_tensor_read(y, back, count), LATHE_OK);
                assert_memory_equal(back, numbers, count * sizeof *back);
                for (size_t i = 0; i < y->stored; i++)
                    if (lathe_tensor_is_tail(y, i)) assert_true(y->data[i] == 0);
                if (from == to) {
                    assert_ptr_equal(y, x);
                    continue;
                }
                assert_int_equal(lathe_backward_from(y, numbers, count), LATHE_OK);
                lathe_tensor_read_grad(x, back, count);
                assert_memory_equal(back, numbers, count * sizeof *back);
                for (size_t i = 0; i < x->stored; i++)
                    if (lathe_tensor_is_tail(x, i)) assert_true(x->grad[i] == 0);
            }
    lathe_tape_free(tape);
}

/* Two uses of x: the second gradient is added to the first. */
static void gradients_are_added(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_shape shape = { 4, { 3, 5, 2, 2 } };
    size_t count = lathe_shape_count(&shape);
    for (size_t i = 0; i < count; i++) numbers[i] = (lathe_real)i;
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_CHANNELS, shape, numbers);
    x->needs_grad = x->keep_grad = true;
    lathe_tensor *y = lathe_add(lathe_relayout(x, LATHE_BATCHED), lathe_relayout(x, LATHE_BATCHED));
    assert_int_equal(lathe_backward_from(y, numbers, count), LATHE_OK);
    lathe_tensor_read_grad(x, back, count);
    for (size_t i = 0; i < count; i++) assert_true(back[i] == 2 * numbers[i]);
    lathe_tape_free(tape);
}

/* An operation that knows no channels gets images abreast; plain pictures are taken by every operation. */
static void apply_lays_out(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_shape shape = { 4, { 2, 3, 2, 2 } };
    for (int i = 0; i < 24; i++) numbers[i] = (lathe_real)i;
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *y = lathe_flatten(lathe_tape_leaf(tape, LATHE_CHANNELS, shape, numbers));
    assert_non_null(y);
    assert_int_equal(y->layout, LATHE_BATCHED);
    lathe_tensor_read(y, back, 24);
    assert_memory_equal(back, numbers, 24 * sizeof *back);
    lathe_batch batch = { .size = 2,
        .channels = 3,
        .height = 2,
        .width = 2,
        .images = numbers,
        .plain = true };
    y = lathe_flatten(lathe_input(tape, &batch));
    assert_non_null(y);
    assert_int_equal(lathe_tape_layout_of(tape), LATHE_CHANNELS);
    assert_int_equal(y->layout, LATHE_BATCHED);
    lathe_tensor_read(y, back, 24);
    assert_memory_equal(back, numbers, 24 * sizeof *back);
    lathe_tape_free(tape);
}

/* Plain pictures are images for an operation's images, and plain numbers for its weights. */
static void pictures_as_weights_stay_plain(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_real sums[2][8];
    for (int i = 0; i < 24; i++) numbers[i] = (lathe_real)(i % 7) - 3;
    for (int from_batch = 0; from_batch < 2; from_batch++) {
        lathe_batch batch = { .size = 2, .channels = 3, .height = 2, .width = 2, .images = numbers };
        batch.plain = true;
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *w = from_batch ?
            lathe_input(tape, &batch) :
            lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 4, { 2, 3, 2, 2 } }, numbers);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 1, 3, 3, 3 } }, numbers);
        lathe_tensor *y = lathe_conv2d(x, w, NULL, NULL);
        assert_non_null(y);
        assert_int_equal(lathe_tensor_read(y, sums[from_batch], 8), LATHE_OK);
    }
    assert_memory_equal(sums[0], sums[1], sizeof sums[0]);
    lathe_tape_free(tape);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { 2, 3 } }, NULL);
    assert_null(lathe_relayout(x, LATHE_CHANNELS));
    assert_failed(LATHE_ESHAPE, "x is batched [2, 3], expected images [B, C, H, W]");
    lathe_tape_free(tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_one_layout_to_another),
        cmocka_unit_test(gradients_are_added),
        cmocka_unit_test(apply_lays_out),
        cmocka_unit_test(pictures_as_weights_stay_plain),
        cmocka_unit_test(bad_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
