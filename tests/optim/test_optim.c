#include "support/params.h"

#include <math.h>
#include <string.h>

/* Several tensors, some larger than a piece of work and none a multiple of it. */
static const int sizes[] = { 20000, 17, 8192, 1, 9000, 100 };
enum { TENSORS = sizeof sizes / sizeof sizes[0] };

static lathe_params *several(void)
{
    lathe_params *params = params_new(sizes, TENSORS);
    for (int i = 0; i < TENSORS; i++) fill_normal(params->tensor[i]->data, (size_t)sizes[i], (uint64_t)i);
    /* Two matrices and a kernel, for optimizers to which shapes matter. */
    params->tensor[0]->shape = (lathe_shape){ 2, { 200, 100 } };
    params->tensor[2]->shape = (lathe_shape){ 4, { 32, 4, 8, 8 } };
    params->tensor[4]->shape = (lathe_shape){ 2, { 90, 100 } };
    return params;
}

static void new_gradients(lathe_params *params, int step)
{
    for (int i = 0; i < params->count; i++)
        fill_normal(params->tensor[i]->grad, params->tensor[i]->stored, (uint64_t)(1000 * (step + 1) + i));
    params_have_grad(params);
}

/* Small options for every optimizer: all their own defaults. */
static lathe_optim *default_optim(const lathe_optim_type *type, const lathe_params *params)
{
    lathe_optim *optim = lathe_optim_new(type, params, NULL);
    if (!optim) fail_msg("%s: %s", type->name, lathe_error_message());
    return optim;
}

static void the_registry_is_complete(void **state)
{
    (void)state;
    int count = 0;
    for (const lathe_optim_type *type; (type = lathe_optim_at(count)); count++) {
        assert_ptr_equal(lathe_optim_find(type->name), type);
        assert_true(type->summary && type->update && lathe_fields_find(type->fields, "lr"));
        for (const lathe_field *f = type->fields; f->name; f++) assert_non_null(f->help);
        if (count) assert_true(strcmp(lathe_optim_at(count - 1)->name, type->name) < 0);
    }
    assert_true(count >= 2);
    assert_null(lathe_optim_at(-1));
    assert_null(lathe_optim_find("adamv"));
    assert_failed(LATHE_ENAME, "unknown optimizer 'adamv'; did you mean adam");
    assert_null(lathe_optim_find(NULL));
    assert_failed(LATHE_EARG, "lathe_optim_find: name is NULL");
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    for (int t = 0; lathe_optim_at(t); t++) {
        lathe_real *first = NULL;
        for (int threads = 1; threads <= 4; threads++) {
            lathe_threads_set(NULL, threads);
            lathe_params *params = several();
            lathe_optim *optim = default_optim(lathe_optim_at(t), params);
            for (int step = 0; step < 3; step++) {
                new_gradients(params, step);
                lathe_optim_clip_norm(optim, 1);
                assert_int_equal(lathe_optim_step(optim), LATHE_OK);
            }
            if (!first) {
                first = params->data;
                params->data = lathe_alloc(1, 1);
            } else assert_memory_equal(params->data, first, params->size * sizeof *first);
            lathe_optim_free(optim);
            params_free(params);
        }
        lathe_free(first);
    }
    lathe_threads_set(NULL, 0);
}

/* What lies between tensors stays 0, whatever an optimizer makes of a gradient of 0: SGD and AdamW with eps
 * 0. */
static void gaps_stay_zero(void **state)
{
    (void)state;
    lathe_params *params = several();
    lathe_optim *optim = lathe_optim_adamw(params, &(lathe_adamw_opts){ .eps = LATHE_ZERO });
    new_gradients(params, 0);
    lathe_optim_step(optim);
    size_t end = 0;
    for (int i = 0; i < TENSORS; i++) {
        size_t at = (size_t)(params->tensor[i]->data - params->data);
        for (; end < at; end++) assert_true(params->data[end] == 0);
        end = at + (size_t)sizes[i];
    }
    lathe_optim_free(optim);
    params_free(params);
}

/* State moved through slots and clocks into another optimizer goes on with the same bits. */
static void state_can_be_saved(void **state)
{
    (void)state;
    for (int t = 0; lathe_optim_at(t); t++) {
        lathe_params *a = several(), *b = several();
        lathe_optim *one = default_optim(lathe_optim_at(t), a), *two = default_optim(lathe_optim_at(t), b);
        for (int step = 0; step < 4; step++) {
            new_gradients(a, step);
            lathe_optim_step(one);
        }
        memcpy(b->data, a->data, a->size * sizeof *a->data);
        for (int s = 0; s < LATHE_OPTIM_SLOTS; s++) {
            assert_int_equal(!lathe_optim_slot(one, s), !lathe_optim_slot(two, s));
            if (lathe_optim_slot(one, s)) {
                assert_non_null(lathe_optim_at(t)->slot_names[s]);
                memcpy(lathe_optim_slot(two, s), lathe_optim_slot(one, s), a->size * sizeof *a->data);
            }
        }
        for (int i = 0; i < TENSORS; i++) *lathe_optim_clock_of(two, i) = *lathe_optim_clock_of(one, i);
        assert_int_equal(lathe_optim_steps(two), 4);
        for (int step = 4; step < 6; step++) {
            new_gradients(a, step);
            new_gradients(b, step);
            lathe_optim_step(one);
            lathe_optim_step(two);
        }
        assert_memory_equal(b->data, a->data, a->size * sizeof *a->data);
        lathe_optim_free(one);
        lathe_optim_free(two);
        params_free(a);
        params_free(b);
    }
}

static void groups_have_their_own_options(void **state)
{
    (void)state;
    static const int three[] = { 2, 3, 2 };
    lathe_params *params = params_new(three, 3);
    lathe_optim *optim = lathe_optim_sgd(params, &(lathe_sgd_opts){ .lr = 1 });
    assert_int_equal(lathe_optim_groups(optim), 1);
    assert_int_equal(lathe_optim_add_group(optim, &params->tensor[1], 1, &(lathe_sgd_opts){ .lr = 0.25 }), 1);
    assert_int_equal(lathe_optim_groups(optim), 2);
    assert_int_equal(lathe_optim_group_of(optim, 0), 0);
    assert_int_equal(lathe_optim_group_of(optim, 1), 1);
    assert_int_equal(lathe_optim_group_of(optim, 3), -1);
    for (size_t i = 0; i < params->size; i++) params->grad[i] = 1;
    lathe_optim_step(optim);
    for (int t = 0; t < 3; t++)
        for (int i = 0; i < three[t]; i++)
            assert_true((double)params->tensor[t]->data[i] == (t == 1 ? -0.25 : -1));
    lathe_optim_set_lr(optim, 1, 0.5);
    assert_true(
        lathe_optim_lr(optim, 0) == 1 && lathe_optim_lr(optim, 1) == 0.5 && lathe_optim_lr(optim, 2) == 0);
    assert_true(((const lathe_sgd_opts *)lathe_optim_made(optim, 1))->lr == 0.25);
    assert_true(((const lathe_sgd_opts *)lathe_optim_opts(optim, 1))->lr == 0.5);
    assert_null(lathe_optim_opts(optim, 2));
    lathe_optim_free(optim);
    params_free(params);
}

static void groups_are_refused(void **state)
{
    (void)state;
    lathe_params *params = params_of(2), *others = params_of(2);
    lathe_optim *optim = lathe_optim_sgd(params, NULL);
    assert_int_equal(lathe_optim_add_group(optim, others->tensor, 1, NULL), -1);
    assert_failed(LATHE_EARG, "tensors[0] (no name) is not one of the optimizer's 1 parameters");
    assert_int_equal(lathe_optim_add_group(optim, params->tensor, 0, NULL), -1);
    assert_failed(LATHE_EARG, "0 tensors, at least 1 is needed");
    assert_int_equal(lathe_optim_add_group(optim, params->tensor, 1, &(lathe_sgd_opts){ .lr = -1 }), -1);
    assert_failed(LATHE_EARG, "sgd: lr = -1 is not legal");
    lathe_optim_hold(optim, 1);
    assert_int_equal(lathe_optim_add_group(optim, params->tensor, 1, NULL), -1);
    assert_failed(LATHE_ESTATE, "a scheduler holds the optimizer");
    assert_int_equal(lathe_optim_hold(optim, -1), 0);
    lathe_optim_step(optim);
    assert_int_equal(lathe_optim_add_group(optim, params->tensor, 1, NULL), -1);
    assert_failed(LATHE_ESTATE, "the optimizer has made 1 steps");
    assert_int_equal(lathe_optim_groups(optim), 1);
    lathe_optim_free(optim);
    params_free(params);
    params_free(others);
}

/* A frozen tensor, or one that no gradient has reached, keeps its numbers, its state and its clock. */
static void tensors_without_gradient_are_left_alone(void **state)
{
    (void)state;
    static const int three[] = { 1, 1, 1 };
    lathe_params *params = params_new(three, 3);
    lathe_optim *optim =
        lathe_optim_adamw(params, &(lathe_adamw_opts){ .lr = 0.5, .weight_decay = LATHE_ZERO });
    for (int i = 0; i < 3; i++) params->tensor[i]->grad[0] = 1;
    lathe_optim_zero_grad(optim);
    params->tensor[0]->has_grad = params->tensor[1]->has_grad = true;
    params->tensor[1]->needs_grad = false;
    for (int step = 0; step < 9; step++) assert_int_equal(lathe_optim_step(optim), LATHE_OK);
    assert_true(params->tensor[1]->data[0] == 0 && params->tensor[2]->data[0] == 0);
    assert_int_equal(lathe_optim_clock_of(optim, 0)->step, 9);
    assert_int_equal(lathe_optim_clock_of(optim, 1)->step, 0);
    assert_int_equal(lathe_optim_steps(optim), 9);
    assert_true(lathe_optim_slot(optim, 0)[params->tensor[1]->data - params->data] == 0);
    /* Unfrozen late, it starts with the step that a first step has: lr, and not the 3.2 lr of an uncorrected
     * start. */
    params->tensor[1]->needs_grad = true;
    lathe_optim_step(optim);
    double want = -0.5;
    assert_close("first step", params->tensor[1]->data, &want, 1, 1e-6, 0);
    lathe_optim_free(optim);
    params_free(params);
}

static void decay_may_be_for_weights_only(void **state)
{
    (void)state;
    static const int four[] = { 4, 2, 4, 2 };
    lathe_params *params = params_new(four, 4);
    params->tensor[0]->shape = params->tensor[2]->shape = (lathe_shape){ 2, { 2, 2 } };
    lathe_optim *optim = lathe_optim_sgd(params, &(lathe_sgd_opts){ .lr = 1, .weight_decay = 0.5 });
    assert_int_equal(lathe_optim_add_group(optim, params->tensor + 2, 2,
                         &(lathe_sgd_opts){ .lr = 0.5, .weight_decay = 0.5 }),
        1);
    assert_int_equal(lathe_optim_decay_weights_only(optim), LATHE_OK);
    assert_int_equal(lathe_optim_groups(optim), 4);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < four[i]; j++) params->tensor[i]->data[j] = 1;
    lathe_optim_step(optim);
    static const double want[] = { 0.5, 1, 0.75, 1 };
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < four[i]; j++) assert_true((double)params->tensor[i]->data[j] == want[i]);
    assert_int_equal(lathe_optim_decay_weights_only(optim), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "lathe_optim_decay_weights_only: the optimizer has made 1 steps");
    lathe_optim_free(optim);
    params_free(params);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    lathe_params *params = params_of(3);
    assert_null(lathe_optim_new(NULL, params, NULL));
    assert_failed(LATHE_EARG, "lathe_optim_new: type is NULL");
    assert_null(lathe_optim_sgd(NULL, NULL));
    assert_failed(LATHE_EARG, "lathe_optim_new: params is NULL");
    lathe_params empty = *params;
    empty.data = NULL;
    assert_null(lathe_optim_sgd(&empty, NULL));
    assert_failed(LATHE_ESTATE, "the parameters have no values; call lathe_nn_init first");
    static const lathe_field no_lr[] = { { .name = NULL } };
    lathe_optim_type odd = { .name = "odd", .opts_size = 8, .fields = no_lr };
    assert_null(lathe_optim_new(&odd, params, NULL));
    assert_failed(LATHE_EARG, "the options of odd have no double 'lr'");
    assert_int_equal(lathe_optim_step(NULL), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_optim_step: optim is NULL");

    lathe_optim *optim = lathe_optim_sgd(params, NULL);
    lathe_optim_zero_grad(optim);
    assert_int_equal(lathe_optim_step(optim), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "0 of 1 parameters have a gradient; call lathe_backward first");
    assert_int_equal(lathe_optim_steps(optim), 0);
    params_have_grad(params);
    params->size = 32;
    assert_int_equal(lathe_optim_step(optim), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "the parameters are 32 numbers, the optimizer was made for 16");
    lathe_optim_free(optim);
    lathe_optim_free(NULL);
    lathe_optim_zero_grad(NULL);
    params_free(params);
}

static void momentum_has_a_kind(void **state)
{
    (void)state;
    lathe_params *params = params_of(1);
    lathe_optim *sgd = lathe_optim_sgd(params, &(lathe_sgd_opts){ .momentum = 0.5 }),
                *adamw = lathe_optim_adamw(params, NULL);
    assert_int_equal(lathe_optim_momentum_kind(sgd), LATHE_MOMENTUM);
    assert_int_equal(lathe_optim_momentum_kind(adamw), LATHE_BETA1);
    assert_true(lathe_optim_momentum(sgd, 0) == 0.5 && lathe_optim_momentum(adamw, 0) == 0.9);
    lathe_optim_set_momentum(adamw, 0, 0.25);
    const lathe_adamw_opts *opts = lathe_optim_opts(adamw, 0);
    assert_true(opts->betas[0] == 0.25 && opts->betas[1] == 0.999);
    lathe_optim_free(sgd);
    lathe_optim_free(adamw);
    params_free(params);
}

/* Backward of mean(x * p) with x = 1: adds 1/3 to each gradient. */
static void backward_of_mean(lathe_tape *tape, lathe_tensor *parameter)
{
    static const lathe_real ones[3] = { 1, 1, 1 };
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_PLAIN, parameter->shape, ones);
    assert_int_equal(lathe_backward(lathe_mean(lathe_mul(x, parameter))), LATHE_OK);
}

/*
 * Several backwards before one step are added on purpose. A gradient added to one that a step has used is a
 * forgotten zero_grad: the step is refused and changes nothing. Backward alone is fine, for zero_grad may
 * come after it, as in a GAN whose two losses pass through one net.
 */
static void a_forgotten_zero_grad_is_noticed(void **state)
{
    (void)state;
    lathe_params *params = params_of(3);
    lathe_tensor *p = params->tensor[0];
    lathe_optim *optim = lathe_optim_sgd(params, &(lathe_sgd_opts){ .lr = 3 });
    lathe_tape *tape = lathe_tape_new(NULL);
    double once = -1, twice = -3;
    lathe_optim_zero_grad(optim);
    backward_of_mean(tape, p);
    assert_int_equal(lathe_optim_step(optim), LATHE_OK);
    assert_close("one backward", p->data, &once, 1, 1e-6, 0);
    backward_of_mean(tape, p); /* of another loss */
    lathe_optim_zero_grad(optim);
    for (int i = 0; i < 2; i++) backward_of_mean(tape, p);
    assert_int_equal(lathe_optim_step(optim), LATHE_OK);
    assert_close("two backwards", p->data, &twice, 1, 1e-6, 0);
    for (int i = 0; i < 2; i++) {
        backward_of_mean(tape, p);
        assert_int_equal(lathe_optim_step(optim), LATHE_ESTATE);
        assert_failed(LATHE_ESTATE,
            "lathe_optim_step: the gradient of a parameter was added to that of an earlier "
            "step; call lathe_optim_zero_grad after each step");
    }
    assert_close("refused", p->data, &twice, 1, 1e-6, 0);
    assert_int_equal(lathe_optim_steps(optim), 2);
    lathe_optim_zero_grad(optim);
    backward_of_mean(tape, p);
    assert_int_equal(lathe_optim_step(optim), LATHE_OK);
    lathe_tape_free(tape);
    lathe_optim_free(optim);
    params_free(params);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    lathe_params *params = several();
    for (size_t nth = 1;; nth++) {
        lathe_alloc_fail_at(nth, false);
        lathe_optim *optim = lathe_optim_adamw(params, NULL);
        int group = optim ?
            lathe_optim_add_group(optim, params->tensor, 1, &(lathe_adamw_opts){ .amsgrad = true }) :
            -1;
        lathe_alloc_fail_at(0, false);
        bool whole = optim && group == 1;
        lathe_optim_free(optim);
        if (whole) break;
        assert_failed(LATHE_ENOMEM, "");
        assert_true(nth < 100);
    }
    params_free(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_registry_is_complete),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(gaps_stay_zero),
        cmocka_unit_test(state_can_be_saved),
        cmocka_unit_test(groups_have_their_own_options),
        cmocka_unit_test(groups_are_refused),
        cmocka_unit_test(tensors_without_gradient_are_left_alone),
        cmocka_unit_test(decay_may_be_for_weights_only),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(momentum_has_a_kind),
        cmocka_unit_test(a_forgotten_zero_grad_is_noticed),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
