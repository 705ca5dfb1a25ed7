#include "support/trajectory.h"

/* eps 1, g = 3 then 4: s = 9, 25; with an initial value of 16: 25; with lr_decay 1 the second step is half as
 * long. */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_adagrad_optim, &(lathe_adagrad_opts){ .lr = 1, .eps = 1 }, (double[]){ 3, 4 },
        (double[]){ 1 - 3. / 4, 1 - 3. / 4 - 4. / 6 }, 2);
    assert_steps(&lathe_adagrad_optim,
        &(lathe_adagrad_opts){ .lr = 1, .eps = 1, .initial_accumulator_value = 16 }, (double[]){ 3 },
        (double[]){ 1 - 3. / 6 }, 1);
    assert_steps(&lathe_adagrad_optim, &(lathe_adagrad_opts){ .lr = 1, .eps = 1, .lr_decay = 1 },
        (double[]){ 3, 4 }, (double[]){ 1 - 3. / 4, 1 - 3. / 4 - 4. / 12 }, 2);
    assert_steps(&lathe_adagrad_optim, &(lathe_adagrad_opts){ .lr = 1, .eps = 1, .weight_decay = 2 },
        (double[]){ 1 }, (double[]){ 1 - 3. / 4 }, 1);
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories_in_double(&lathe_adagrad_optim, NULL, "defaults");
    assert_trajectories(&lathe_adagrad_optim, &(lathe_adagrad_opts){ .lr = 0.3, .eps = 1e-2 }, "plain");
    assert_trajectories(&lathe_adagrad_optim,
        &(lathe_adagrad_opts){ .lr = 0.3, .lr_decay = 0.001, .weight_decay = 0.1 }, "decay");
    assert_trajectories(&lathe_adagrad_optim,
        &(lathe_adagrad_opts){ .lr = 0.3, .initial_accumulator_value = 0.5, .eps = 1e-6 }, "initial");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_adagrad_optim, &(lathe_adagrad_opts){ .lr = -1 },
        "adagrad: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adagrad_optim, &(lathe_adagrad_opts){ .weight_decay = -1 },
        "adagrad: weight_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adagrad_optim, &(lathe_adagrad_opts){ .eps = -1e-8 },
        "adagrad: eps = -1e-08 is not legal: >= 0");
    assert_optim_refused(&lathe_adagrad_optim, &(lathe_adagrad_opts){ .lr_decay = -1 },
        "adagrad: lr_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adagrad_optim, &(lathe_adagrad_opts){ .initial_accumulator_value = -1 },
        "adagrad: initial_accumulator_value = -1 is not legal: >= 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_hand),
        cmocka_unit_test(pytorch_trajectories),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_trajectories);
}
