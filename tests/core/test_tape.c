#include "support/support.h"

#include <math.h>
#include <string.h>

static const lathe_shape three = { 1, { 3 } };

static lathe_tensor *leaf_of(lathe_tape *tape, lathe_shape shape, const lathe_real *values)
{
    lathe_tensor *leaf = lathe_tape_leaf(tape, LATHE_PLAIN, shape, values);
    assert_non_null(leaf);
    leaf->needs_grad = true;
    return leaf;
}

static void assert_grad(const lathe_tensor *tensor, double a, double b, double c)
{
    double want[] = { a, b, c };
    lathe_real got[3];
    assert_int_equal(lathe_tensor_read_grad(tensor, got, 3), LATHE_OK);
    assert_close("gradient", got, want, 3, 1e-6, 1e-7);
}

static void operations_are_recorded_in_order(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_int_equal(lathe_tape_mode(tape), LATHE_TRAIN);
    assert_null(lathe_tape_newest(tape));
    lathe_tensor *x = leaf_of(tape, three, NULL);
    assert_null(lathe_tape_scope(tape, "0.first"));
    lathe_tensor *y = lathe_scale(x, 2);
    assert_string_equal(lathe_tape_scope(tape, NULL), "0.first");
    lathe_tensor *z = lathe_add(y, x);
    const lathe_node *newest = lathe_tape_newest(tape);
    assert_string_equal(newest->op->name, "add");
    assert_true(newest->out == z && newest->inputs == 2 && newest->in[0] == y && newest->in[1] == x &&
        !newest->scope);
    assert_string_equal(newest->before->op->name, "scale");
    assert_string_equal(newest->before->scope, "0.first");
    assert_null(newest->before->before);
    assert_true(y->needs_grad && z->needs_grad && z->tape == tape);
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_null(lathe_tape_newest(tape));
    lathe_tape_free(tape);
    lathe_tape_free(NULL);
}

/* What the hooks have seen: "+scale" forward, "-scale" backward. */
static void note(char *seen, char direction, const lathe_node *node)
{
    snprintf(seen + strlen(seen), 100 - strlen(seen), "%c%s ", direction, node->op->name);
}

static void note_forward(void *context, const lathe_node *node) { note(context, '+', node); }

static void note_backward(void *context, const lathe_node *node) { note(context, '-', node); }

static void operations_are_watched(void **state)
{
    (void)state;
    char seen[100] = "";
    lathe_real one[3] = { 1, 1, 1 };
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_on_record(tape, note_forward, seen);
    lathe_tape_on_backward(tape, note_backward, seen);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = leaf_of(tape, three, NULL), *y = lathe_add(lathe_scale(x, 2), x);
    lathe_scale(lathe_tape_leaf(tape, LATHE_PLAIN, three, NULL), 3); /* not recorded */
    assert_int_equal(lathe_backward_from(y, one, 3), LATHE_OK);
    assert_string_equal(seen, "+scale +add -add -scale ");
    lathe_tape_on_record(tape, NULL, NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_scale(leaf_of(tape, three, NULL), 2);
    assert_string_equal(seen, "+scale +add -add -scale ");
    lathe_tape_free(tape);
}

static void nothing_is_recorded_in_eval_or_without_a_gradient(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *y = lathe_scale(lathe_tape_leaf(tape, LATHE_PLAIN, three, NULL), 2);
    assert_true(y && !y->needs_grad && !lathe_tape_newest(tape));
    lathe_real one[3] = { 1, 1, 1 };
    assert_int_equal(lathe_backward_from(y, one, 3), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE,
        "nothing was recorded in LATHE_EVAL: begin the tape with LATHE_TRAIN, or set");
    lathe_tape_begin(tape, LATHE_TRAIN);
    y = lathe_scale(lathe_tape_leaf(tape, LATHE_PLAIN, three, NULL), 2);
    assert_true(y && !y->needs_grad && !lathe_tape_newest(tape));
    assert_int_equal(lathe_backward_from(y, one, 3), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "the loss depends on no parameter");
    lathe_tape_free(tape);
}

/* loss = mean((2x + x) * x), by hand: d = 6x / 3 = 2x */
static lathe_tensor *loss_of(lathe_tensor *x)
{
    return lathe_mean(lathe_mul(lathe_add(lathe_scale(x, 2), x), x));
}

static void backward_reaches_the_leaves(void **state)
{
    (void)state;
    lathe_real values[] = { 1, -2, 3 };
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = leaf_of(tape, three, values), *unused = lathe_scale(x, 100), *loss = loss_of(x);
    assert_non_null(unused);
    assert_true(fabs(lathe_item(loss) - 14) < 1e-5);
    assert_int_equal(lathe_backward(loss), LATHE_OK);
    assert_grad(x, 2, -4, 6);
    assert_false(unused->has_grad);
    lathe_tape_free(tape);
}

static void gradients_of_parameters_add_up(void **state)
{
    (void)state;
    lathe_real values[16] = { 1, -2, 3 }, grad[16] = { 0 };
    lathe_tensor parameter = { .shape = three,
        .layout = LATHE_PLAIN,
        .stored = 3,
        .data = values,
        .grad = grad,
        .needs_grad = true,
        .name = "weight" };
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int step = 1; step <= 3; step++) {
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x =
            lathe_tape_leaf(tape, LATHE_PLAIN, three, values); /* operations need one input on a tape */
        assert_int_equal(lathe_backward(lathe_mean(lathe_mul(x, &parameter))), LATHE_OK);
        assert_grad(&parameter, step / 3.0, -2 * step / 3.0, step);
        assert_ptr_equal(parameter.grad, grad);
    }
    parameter.has_grad = false; /* zero_grad: the next gradient is written, not added */
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_int_equal(lathe_backward(lathe_mean(
                         lathe_mul(lathe_tape_leaf(tape, LATHE_PLAIN, three, values), &parameter))),
        LATHE_OK);
    assert_grad(&parameter, 1 / 3.0, -2 / 3.0, 1);
    lathe_tape_free(tape);
}

/* In LATHE_EVAL, gradients are for tensors on the tape that ask for one. Parameters keep theirs as it is. */
static void evaluation_has_gradients_of_what_is_on_the_tape(void **state)
{
    (void)state;
    lathe_real values[] = { 1, -2, 3 }, weight[16] = { 2, 3, 4 }, grad[16] = { 7, 7, 7 };
    lathe_tensor parameter = { .shape = three,
        .stored = 3,
        .data = weight,
        .grad = grad,
        .needs_grad = true,
        .has_grad = true,
        .name = "weight" };
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int asked = 0; asked < 2; asked++) {
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_PLAIN, three, values);
        x->needs_grad = asked;
        lathe_tensor *loss = lathe_mean(lathe_mul(lathe_add(&parameter, x), x)); /* d = (w + 2x) / 3 */
        assert_int_equal(lathe_backward(loss), asked ? LATHE_OK : LATHE_ESTATE);
        if (asked) assert_grad(x, 4 / 3.0, -1 / 3.0, 10 / 3.0);
        assert_true(parameter.has_grad && grad[0] == 7 && grad[1] == 7 && grad[2] == 7);
        lathe_error_clear();
    }
    lathe_tape_free(tape);
}

static void assert_late(const char *message) { assert_failed(LATHE_ESTATE, message); }

/* Whatever a program does with a tensor of an earlier step is a failure that says so. */
static void a_tensor_kept_too_long_is_noticed(void **state)
{
    (void)state;
    lathe_real numbers[3] = { 1, 2, 3 };
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = leaf_of(tape, three, numbers), *loss = lathe_mean(x);
    for (int later = 0; later < 20; later++) {
        lathe_tape_begin(tape, LATHE_TRAIN);
        for (int i = 0; i < 10; i++) assert_non_null(lathe_relu(leaf_of(tape, three, NULL)));
        assert_true(isnan(lathe_item(loss)));
        assert_late("lathe_item: the tensor is of an earlier step: lathe_tape_begin has ended it; read its");
        assert_int_equal(lathe_tensor_read(x, numbers, 3), LATHE_ESTATE);
        assert_late("lathe_tensor_read: the tensor is of an earlier step");
        assert_int_equal(lathe_tensor_write(x, numbers, 3), LATHE_ESTATE);
        assert_late("lathe_tensor_write: the tensor is of an earlier step");
        assert_int_equal(lathe_tensor_read_grad(x, numbers, 3), LATHE_ESTATE);
        assert_late("lathe_tensor_read_grad: the tensor is of an earlier step");
        assert_int_equal(lathe_backward(loss), LATHE_ESTATE);
        assert_late("lathe_backward: the loss is of an earlier step");
        assert_int_equal(lathe_backward_from(x, numbers, 3), LATHE_ESTATE);
        assert_late("lathe_backward_from: the loss is of an earlier step");
        assert_int_equal(lathe_tape_status(tape), LATHE_OK);
        assert_null(lathe_add(leaf_of(tape, three, NULL), x));
        assert_late("lathe_add: b is of an earlier step: lathe_tape_begin has ended it");
        lathe_tape_begin(tape, LATHE_TRAIN);
        assert_null(lathe_tape_view(tape, x, three));
        assert_int_equal(lathe_tape_status(tape), LATHE_ESTATE);
        assert_late("lathe_tape_view: x is of an earlier step");
    }
    lathe_tape_free(tape);
}

/* A step may have any number of tensors, each a different one; the steps after it need no more memory. */
static void a_step_has_room_for_any_number_of_tensors(void **state)
{
    (void)state;
    enum { MANY = 40000 };
    static lathe_tensor *tensors[MANY];
    lathe_tape *tape = lathe_tape_new(NULL);
    size_t bytes = 0;
    for (int step = 0; step < 5; step++) {
        lathe_tape_begin(tape, LATHE_EVAL);
        for (int i = 0; i < MANY; i++) {
            lathe_real number = (lathe_real)i;
            tensors[i] = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 0 }, &number);
        }
        for (int i = 0; i < MANY; i++) assert_true(lathe_item(tensors[i]) == i);
        if (step == 2) bytes = lathe_tape_bytes(tape);
        if (step > 2) assert_int_equal(lathe_tape_bytes(tape), bytes);
    }
    lathe_tape_free(tape);
}

static void computed_gradients_are_given_up_unless_kept(void **state)
{
    (void)state;
    lathe_real values[] = { 1, -2, 3 };
    for (int keep = 0; keep < 2; keep++) {
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x = leaf_of(tape, three, values), *y = lathe_scale(x, 2),
                     *view = lathe_reshape(y, (lathe_shape){ 2, { 3, 1 } });
        lathe_tensor *square = lathe_mul(view, view), *loss = lathe_mean(square);
        y->keep_grad = view->keep_grad = square->keep_grad = loss->keep_grad = keep;
        assert_int_equal(lathe_backward(loss), LATHE_OK);
        assert_grad(x, 8 / 3.0, -16 / 3.0, 8); /* mean(4 x^2) */
        assert_int_equal(y->has_grad, keep);
        if (keep) {
            assert_grad(loss->has_grad ? square : NULL, 1 / 3.0, 1 / 3.0, 1 / 3.0);
            assert_grad(view, 4 / 3.0, -8 / 3.0, 4);
            assert_grad(y, 4 / 3.0, -8 / 3.0, 4);
        } else assert_true(!y->grad && !view->grad && !square->grad && !loss->grad);
        lathe_tape_free(tape);
    }
}

/* A chain of a hundred operations takes the gradients of a few, and gives the same numbers as when all are
 * kept. */
static void gradient_buffers_are_used_again(void **state)
{
    (void)state;
    enum { DEPTH = 100, N = 10000 };
    static lathe_real x_values[N], gradient[2][N];
    size_t bytes[2];
    fill_normal(x_values, N, 1);
    for (int keep = 0; keep < 2; keep++) {
        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x = leaf_of(tape, (lathe_shape){ 1, { N } }, x_values), *y = x;
        for (int i = 0; i < DEPTH; i++) {
            y = i % 3 ? lathe_tanh(y) : lathe_add(lathe_scale(y, 0.9), lathe_sigmoid(y));
            y->keep_grad = keep;
        }
        lathe_tensor *loss = lathe_mean(y);
        size_t before = lathe_tape_bytes(tape);
        assert_int_equal(lathe_backward(loss), LATHE_OK);
        bytes[keep] = lathe_tape_bytes(tape) - before;
        lathe_tensor_read_grad(x, gradient[keep], N);
        lathe_tape_free(tape);
    }
    assert_memory_equal(gradient[0], gradient[1], sizeof gradient[0]);
    assert_true(bytes[0] < bytes[1] / 2);
}

static void failures_stick_until_the_next_step(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = leaf_of(tape, three, NULL), *y = leaf_of(tape, (lathe_shape){ 1, { 4 } }, NULL);
    lathe_tensor *bad = lathe_add(x, y);
    assert_null(bad);
    assert_int_equal(lathe_tape_status(tape), LATHE_ESHAPE);
    assert_null(lathe_scale(x, NAN)); /* another mistake changes nothing */
    assert_null(lathe_mean(lathe_relu(bad)));
    assert_null(lathe_mul(bad, x));
    assert_int_equal(lathe_tape_status(tape), LATHE_ESHAPE);
    assert_string_equal(lathe_tape_message(tape), "lathe_add: a is plain [3], b is plain [4]");
    assert_int_equal(lathe_backward(lathe_mean(bad)), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "lathe_add: a is plain [3], b is plain [4]");
    assert_int_equal(lathe_backward(x), LATHE_ESHAPE); /* also from a tensor that is there */
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_int_equal(lathe_tape_status(tape), LATHE_OK);
    assert_string_equal(lathe_tape_message(tape), "");
    lathe_error_clear();
    assert_int_equal(lathe_backward(loss_of(leaf_of(tape, three, NULL))), LATHE_OK);
    lathe_tape_free(tape);
}

/* The layer that runs is named in the message. */
static void the_scope_is_in_the_message(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tape_scope(tape, "3.body.0");
    assert_null(lathe_scale(leaf_of(tape, three, NULL), INFINITY));
    assert_failed(LATHE_EARG, "layer 3.body.0: lathe_scale: factor = inf is not legal: any number");
    lathe_tape_free(tape);
}

static void mistakes_of_use_are_named(void **state)
{
    (void)state;
    lathe_real values[4] = { 0 };
    lathe_tape *tape = lathe_tape_new(NULL), *other = lathe_tape_new(NULL);
    assert_null(lathe_tape_leaf(tape, LATHE_PLAIN, three, NULL));
    assert_failed(LATHE_ESTATE, "call lathe_tape_begin before the first operation");
    assert_null(lathe_tape_leaf(NULL, LATHE_PLAIN, three, NULL));
    assert_failed(LATHE_EARG, "lathe_tape_leaf: tape is NULL");
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tape_begin(other, LATHE_TRAIN);
    assert_null(lathe_add(leaf_of(tape, three, NULL), leaf_of(other, three, NULL)));
    assert_failed(LATHE_EARG, "lathe_add: b is on another tape");
    lathe_tensor parameter = { .shape = three,
        .stored = 3,
        .data = values,
        .needs_grad = true,
        .name = "weight" };
    assert_null(lathe_relu(&parameter));
    assert_failed(LATHE_EARG, "lathe_relu: no input is on a tape");
    assert_int_equal(lathe_backward(&parameter), LATHE_ESHAPE);
    parameter.shape.rank = 0;
    assert_int_equal(lathe_backward(&parameter), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_backward: a parameter is not a loss");
    lathe_tape_begin(tape, LATHE_TRAIN);
    parameter.data = NULL;
    parameter.shape = three;
    assert_null(lathe_add(leaf_of(tape, three, NULL), &parameter));
    assert_failed(LATHE_ESTATE, "lathe_add: parameter weight has no values yet: call lathe_nn_init first");
    assert_int_equal(lathe_backward(NULL), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_backward: loss is NULL");

    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = leaf_of(tape, three, values);
    assert_int_equal(lathe_backward(lathe_scale(x, 2)), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "lathe_backward: the loss is [3], not a single number");
    lathe_tensor *y = lathe_scale(x, 2);
    assert_int_equal(lathe_backward_from(y, values, 4), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "lathe_backward_from: 4 numbers given for a gradient of 3");
    assert_int_equal(lathe_backward_from(y, values, 3), LATHE_OK);
    assert_int_equal(lathe_backward_from(y, values, 3), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "lathe_backward_from: called already since lathe_tape_begin");
    lathe_tape_free(tape);
    lathe_tape_free(other);
}

static void batches_become_tensors(void **state)
{
    (void)state;
    static _Alignas(64) lathe_real images[2 * 3 * 4 * 16];
    lathe_batch batch = { .size = 5, .channels = 2, .height = 3, .width = 4, .images = images };
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_input(tape, &batch);
    assert_true(x && x->data == images && x->layout == LATHE_BATCHED && !x->needs_grad);
    assert_true(lathe_shape_equal(&x->shape, &(lathe_shape){ 4, { 5, 2, 3, 4 } }));
    batch.images = NULL;
    assert_null(lathe_input(tape, &batch));
    assert_failed(LATHE_EARG, "lathe_input: the batch has no images");
    assert_null(lathe_input(tape, NULL));
    assert_failed(LATHE_EARG, "lathe_input: batch is NULL");
    assert_null(lathe_input(NULL, &batch));
    assert_failed(LATHE_EARG, "lathe_input: tape is NULL");
    batch.size = 0;
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_null(lathe_input(tape, &batch));
    assert_failed(LATHE_ESHAPE, "dimension 0 is below 1");
    lathe_tape_free(tape);
}

/* Steps of two sizes and an evaluation between them, with work space, views, dropout and a loss. */
static lathe_status one_step(lathe_tape *tape, lathe_mode mode, int batch)
{
    static int labels[100];
    lathe_tape_begin(tape, mode);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { batch, 3, 10, 10 } }, NULL);
    if (!x) return LATHE_ENOMEM;
    x->needs_grad = true;
    lathe_tensor *y = lathe_gelu(lathe_subsample(lathe_concat((lathe_tensor *[]){ x, x }, 2), 2, 8));
    lathe_tensor *loss =
        lathe_cross_entropy(lathe_dropout(lathe_flatten(lathe_add(y, lathe_relu(y))), 0.5), labels, NULL);
    return mode == LATHE_TRAIN ? lathe_backward(loss) : lathe_tape_status(tape);
}

static void a_step_after_the_second_allocates_nothing(void **state)
{
    (void)state;
    lathe_threads_set(NULL, 2);
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int step = 0; step < 6; step++) {
        lathe_alloc_fail_at(0, false);
        assert_int_equal(one_step(tape, LATHE_TRAIN, 100), LATHE_OK);
        assert_int_equal(one_step(tape, LATHE_TRAIN, 33), LATHE_OK);
        assert_int_equal(one_step(tape, LATHE_EVAL, 100), LATHE_OK);
        size_t asked = lathe_alloc_fail_at(0, false);
        if (step == 0) assert_true(asked > 0);
        if (step >= 2) assert_int_equal(asked, 0);
    }
    lathe_tape_free(tape);
    lathe_threads_set(NULL, 0);
}

/* Each allocation of two steps fails once: the failure is reported, nothing breaks, and the next step works.
 */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    size_t nth = 1, asked = SIZE_MAX;
    for (; nth <= asked; nth++) {
        lathe_error_clear();
        lathe_alloc_fail_at(nth, false);
        lathe_tape *tape = lathe_tape_new(NULL);
        if (!tape) {
            assert_failed(LATHE_ENOMEM, "refused");
            continue;
        }
        lathe_status first = one_step(tape, LATHE_TRAIN, 50), second = one_step(tape, LATHE_TRAIN, 50);
        asked = lathe_alloc_fail_at(0, false);
        if (first || second) assert_failed(LATHE_ENOMEM, "refused");
        assert_true(first == LATHE_OK || first == LATHE_ENOMEM);
        assert_true(second == LATHE_OK || second == LATHE_ENOMEM);
        assert_int_equal(one_step(tape, LATHE_TRAIN, 50), LATHE_OK);
        lathe_tape_free(tape);
    }
    assert_true(nth > 4);
    lathe_error_clear();
}

static void steps_are_counted(void **state)
{
    (void)state;
    lathe_tape *tape = lathe_tape_new(NULL);
    assert_int_equal(lathe_tape_step(tape), 0);
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_int_equal(lathe_tape_step(tape), 0);
    assert_int_equal(lathe_tape_ticket(tape), 0);
    assert_int_equal(lathe_tape_ticket(tape), 1);
    lathe_tape_begin(tape, LATHE_EVAL); /* no step */
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_int_equal(lathe_tape_step(tape), 1);
    assert_int_equal(lathe_tape_ticket(tape), 0);
    lathe_tape_seed(tape, 42, 1000);
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_int_equal(lathe_tape_step(tape), 1000);
    assert_int_equal(lathe_tape_seed_of(tape), 42);
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_int_equal(lathe_tape_step(tape), 1001);
    lathe_tape_free(tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_recorded_in_order),
        cmocka_unit_test(operations_are_watched),
        cmocka_unit_test(nothing_is_recorded_in_eval_or_without_a_gradient),
        cmocka_unit_test(backward_reaches_the_leaves),
        cmocka_unit_test(gradients_of_parameters_add_up),
        cmocka_unit_test(evaluation_has_gradients_of_what_is_on_the_tape),
        cmocka_unit_test(a_tensor_kept_too_long_is_noticed),
        cmocka_unit_test(a_step_has_room_for_any_number_of_tensors),
        cmocka_unit_test(computed_gradients_are_given_up_unless_kept),
        cmocka_unit_test(gradient_buffers_are_used_again),
        cmocka_unit_test(failures_stick_until_the_next_step),
        cmocka_unit_test(the_scope_is_in_the_message),
        cmocka_unit_test(mistakes_of_use_are_named),
        cmocka_unit_test(batches_become_tensors),
        cmocka_unit_test(a_step_after_the_second_allocates_nothing),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(steps_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
