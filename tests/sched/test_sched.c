#include "support/schedule.h"

#include <math.h>
#include <string.h>

static const lathe_cyclic_opts cyclic = { .base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4 };

static void the_registry_is_complete(void **state)
{
    (void)state;
    int count = 0;
    for (const lathe_sched_type *type; (type = lathe_sched_at(count)); count++) {
        assert_ptr_equal(lathe_sched_find(type->name), type);
        assert_true(type->summary && type->rates);
        for (const lathe_field *f = type->fields; f->name; f++) assert_non_null(f->help);
        if (count) assert_true(strcmp(lathe_sched_at(count - 1)->name, type->name) < 0);
    }
    assert_true(count >= 2);
    assert_null(lathe_sched_find("ciclic"));
    assert_failed(LATHE_ENAME, "unknown scheduler 'ciclic'; did you mean cyclic?");
    assert_null(lathe_sched_find(NULL));
    assert_failed(LATHE_EARG, "lathe_sched_find: name is NULL");
}

/* PyTorch: a group added later is never scheduled; two schedulers fight over one optimizer. */
static void one_scheduler_knows_every_group(void **state)
{
    (void)state;
    lathe_optim *optim = sgd_with(0.5, 0);
    lathe_sched *sched = lathe_sched_cyclic(optim, &cyclic);
    assert_int_equal(lathe_optim_add_group(optim, lathe_optim_params(optim)->tensor, 1, NULL), -1);
    assert_failed(LATHE_ESTATE, "a scheduler holds the optimizer");
    assert_null(lathe_sched_constant(optim, NULL));
    assert_failed(LATHE_ESTATE, "lathe_sched_new: the optimizer has a scheduler already");
    lathe_sched_free(sched);
    assert_int_equal(lathe_optim_add_group(optim, lathe_optim_params(optim)->tensor, 1, NULL), 1);
    sched = lathe_sched_constant(optim, &(lathe_constant_opts){ .lr = 0.25 });
    assert_true(lathe_optim_lr(optim, 0) == 0.25 && lathe_optim_lr(optim, 1) == 0.25);
    lathe_sched_free(sched);
    sgd_free(optim);
}

/* PyTorch: get_lr() rewrites momentum. Looking, near or far, changes nothing here. */
static void looking_changes_nothing(void **state)
{
    (void)state;
    lathe_optim *optim = sgd_with(0.5, 0.9);
    lathe_sched *sched = lathe_sched_cyclic(optim, &cyclic);
    for (uint64_t t = 0; t < 100; t++) lathe_sched_rates_at(sched, 0, t);
    char text[256];
    lathe_sched_warning(sched, 100, 0, text);
    assert_true(lathe_sched_steps(sched) == 0 && lathe_optim_lr(optim, 0) == 0.01 &&
        lathe_optim_momentum(optim, 0) == 0.9);
    assert_true(lathe_sched_rates_at(sched, 1, 0).lr == 0 && lathe_sched_rates_at(sched, -1, 0).lr == 0);
    assert_ptr_equal(lathe_sched_type_of(sched), &lathe_cyclic_sched);
    assert_true(((const lathe_cyclic_opts *)lathe_sched_opts(sched, 0))->gamma == 1);
    assert_null(lathe_sched_opts(sched, 1));
    lathe_sched_free(sched);
    sgd_free(optim);
}

/* The commonest mistake with CyclicLR: a step an epoch. */
static void a_scheduler_that_is_stepped_too_seldom_is_noticed(void **state)
{
    (void)state;
    for (int batches = 1; batches <= 50; batches += 49) {
        lathe_optim *optim = sgd_with(0.5, 0.9);
        lathe_sched *sched = lathe_sched_cyclic(optim, &cyclic);
        for (int step = 1; step <= 200; step++) {
            lathe_optim_step(optim);
            if (step % batches == 0) lathe_sched_step(sched);
        }
        char text[256] = "";
        bool noticed = lathe_sched_warning(sched, 0, 0, text);
        assert_int_equal(noticed, batches == 50);
        if (noticed) assert_non_null(strstr(text, "cyclic: 4 scheduler steps in 200 optimizer steps"));
        lathe_sched_seek(sched, lathe_sched_steps(sched)); /* a resumed run begins to count anew */
        assert_false(lathe_sched_warning(sched, 0, 0, text));
        lathe_sched_free(sched);
        sgd_free(optim);
    }
}

/* Counted in epochs, a schedule stays the same through an epoch, is still stepped every batch, and looks the
 * same from afar. */
static void epochs_may_be_counted(void **state)
{
    (void)state;
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_step_lr(optim, &(lathe_step_opts){ .step_size = 2, .gamma = 0.5 });
    assert_int_equal(lathe_sched_by_epoch(sched, 10), LATHE_OK);
    for (int step = 0; step < 100; step++) {
        assert_true(lathe_optim_lr(optim, 0) == ldexp(1, -(step / 20)));
        assert_true(lathe_sched_rates_at(sched, 0, (uint64_t)step).lr == lathe_optim_lr(optim, 0));
        lathe_sched_step(sched);
    }
    assert_int_equal(lathe_sched_steps(sched), 100);
    assert_int_equal(lathe_sched_by_epoch(sched, 0), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_sched_by_epoch: steps_per_epoch is 0");
    assert_int_equal(lathe_sched_by_epoch(NULL, 1), LATHE_EARG);
    assert_failed(LATHE_EARG, "sched is NULL");
    lathe_sched_free(sched);
    sgd_free(optim);
}

static void nothing_is_fine(void **state)
{
    (void)state;
    lathe_sched_free(NULL);
    lathe_sched_observe(NULL, 1);
    assert_false(lathe_sched_observes(NULL));
    assert_null(lathe_sched_state(NULL));
    lathe_sched_step(NULL);
    lathe_sched_seek(NULL, 1);
    assert_true(lathe_sched_steps(NULL) == 0 && lathe_sched_rates_at(NULL, 0, 0).lr == 0);
    char text[256];
    assert_false(lathe_sched_warning(NULL, 0, 0, text));
    assert_int_equal(lathe_sched_set_group(NULL, 0, NULL), LATHE_EARG);
    assert_failed(LATHE_EARG, "sched is NULL");
    lathe_optim *optim = sgd_with(0.5, 0);
    assert_null(lathe_sched_new(NULL, optim, NULL));
    assert_failed(LATHE_EARG, "type is NULL");
    lathe_sched *sched = lathe_sched_cyclic(optim, &cyclic);
    assert_int_equal(lathe_sched_set_group(sched, 1, &cyclic), LATHE_EARG);
    assert_failed(LATHE_EARG, "lathe_sched_set_group: group 1, the optimizer has groups 0 to 0");
    lathe_sched_free(sched);
    sgd_free(optim);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    lathe_optim *optim = sgd_with(0.5, 0);
    for (size_t nth = 1;; nth++) {
        lathe_alloc_fail_at(nth, false);
        lathe_sched *sched = lathe_sched_cyclic(optim, &cyclic);
        bool whole = sched && !lathe_sched_set_group(sched, 0, &cyclic);
        lathe_alloc_fail_at(0, false);
        lathe_sched_free(sched);
        assert_int_equal(lathe_optim_hold(optim, 0), 0);
        if (whole) break;
        assert_failed(LATHE_ENOMEM, "");
        assert_true(nth < 100);
    }
    sgd_free(optim);
}

/* An optimizer freed before its schedulers: a failure, and the last scheduler frees it. */
static void an_optimizer_waits_for_its_schedulers(void **state)
{
    (void)state;
    lathe_params *params = params_of(3);
    lathe_optim *optim = lathe_optim_sgd(params, &(lathe_sgd_opts){ .lr = 0.5 });
    lathe_sched *sched = lathe_sched_cyclic(optim, &cyclic);
    lathe_optim_free(optim);
    assert_failed(LATHE_ESTATE,
        "lathe_optim_free: a scheduler holds the optimizer; free the scheduler first");
    lathe_sched_step(sched);
    assert_int_equal(lathe_sched_steps(sched), 1);
    lathe_sched_free(sched);
    params_free(params);
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_registry_is_complete),
        cmocka_unit_test(one_scheduler_knows_every_group),
        cmocka_unit_test(looking_changes_nothing),
        cmocka_unit_test(a_scheduler_that_is_stepped_too_seldom_is_noticed),
        cmocka_unit_test(epochs_may_be_counted),
        cmocka_unit_test(nothing_is_fine),
        cmocka_unit_test(an_optimizer_waits_for_its_schedulers),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
