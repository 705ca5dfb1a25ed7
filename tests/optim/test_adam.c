#include "support/trajectory.h"

#include <math.h>
#include <string.h>

/*
 * Gradient 1: m / c1 = v / c2 = 1, each step is 0.25 / (1 + 1). With decay 1 the first gradient is 1 + 1 = 2:
 * 0.25 * 2 / (2 + 1). amsgrad divides by what v was at most; here v / c2 falls, v itself grows: no
 * difference.
 */
static void steps_by_hand(void **state)
{
    (void)state;
    assert_steps(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.25, .eps = 1 }, (double[]){ 1, 1, 1 },
        (double[]){ 0.875, 0.75, 0.625 }, 3);
    assert_steps(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.25, .eps = 1, .weight_decay = 1 },
        (double[]){ 1 }, (double[]){ 1 - 0.5 / 3 }, 1);
    assert_steps(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.25, .eps = 1, .amsgrad = true },
        (double[]){ 1, 1 }, (double[]){ 0.875, 0.75 }, 2);
}

/*
 * With gradient 1 throughout, m / c1 is 1 however beta1 moves; PyTorch's 1 - beta1^t gives 2.89 in the second
 * step.
 */
static void bias_correction_is_exact_while_beta1_moves(void **state)
{
    (void)state;
    static const double beta1[] = { 0.5, 0.9, 0.85, 0.95, 0.8, 0.95, 0.5, 0.99 };
    lathe_params *params = params_of(1);
    lathe_optim *optim = lathe_optim_adam(params, &(lathe_adam_opts){ .lr = 0.125 });
    params->grad[0] = 1;
    for (int step = 0; step < 8; step++) {
        lathe_optim_set_momentum(optim, 0, beta1[step]);
        lathe_optim_step(optim);
        double want = -0.125 * (step + 1);
        assert_close("p", params->data, &want, 1, 1e-6, 0);
    }
    lathe_optim_free(optim);
    params_free(params);
}

/* ---- PyTorch's bias correction under OneCycle --------------------------------------------------------- */

enum { CYCLE = 40, NUMBERS = 3 };

/* PyTorch's optimizers in double, from their sources: the correction is 1 - beta^t of the present beta. */
typedef struct twin {
    double p[NUMBERS], m[NUMBERS], v[NUMBERS], most[NUMBERS];
} twin;

static double length_of(const char *kind, double v, double most, const double betas[2], int t)
{
    double c2 = 1 - pow(betas[1], t);
    if (!strcmp(kind, "adamax")) return v;
    if (strcmp(kind, "radam") != 0) return sqrt(!strcmp(kind, "amsgrad") ? most : v) / sqrt(c2) + 1e-8;
    double power = pow(betas[1], t), N = 2 / (1 - betas[1]) - 1, n = N - 2 * t * power / c2;
    return n > 5 ? (sqrt(v) + 1e-8) / sqrt(c2) / sqrt((n - 4) * (n - 2) * N / ((N - 4) * (N - 2) * n)) : 1;
}

static void twin_step(twin *w, const char *kind, const double g[NUMBERS], double lr, double beta1, int t)
{
    const double betas[2] = { beta1, 0.999 };
    for (int i = 0; i < NUMBERS; i++) {
        if (!strcmp(kind, "adamw")) w->p[i] *= 1 - lr * 0.01;
        w->m[i] = beta1 * w->m[i] + (1 - beta1) * g[i];
        w->v[i] = strcmp(kind, "adamax") != 0 ? betas[1] * w->v[i] + (1 - betas[1]) * g[i] * g[i] :
                                                fmax(betas[1] * w->v[i], fabs(g[i]) + 1e-8);
        w->most[i] = fmax(w->most[i], w->v[i]);
        w->p[i] -= lr / (1 - pow(beta1, t)) * w->m[i] / length_of(kind, w->v[i], w->most[i], betas, t);
    }
}

/* PyTorch's OneCycleLR of CYCLE steps: from `low` at first over `top` to `last`. */
static double one_cycle(double low, double top, double last, int t)
{
    const double peak = 0.3 * CYCLE - 1, end = CYCLE - 1;
    bool up = t <= peak;
    double from = up ? low : top, to = up ? top : last, part = up ? t / peak : (t - peak) / (end - peak);
    return to + (from - to) / 2 * (1 + cos(3.14159265358979323846 * part));
}

static void assert_pytorchs(const lathe_optim_type *type, const void *opts, const char *kind)
{
    lathe_params *params = params_of(NUMBERS);
    lathe_optim *optim = lathe_optim_new(type, params, opts);
    lathe_sched *sched = lathe_sched_one_cycle(optim,
        &(lathe_one_cycle_opts){ .max_lr = 0.1, .total_steps = CYCLE, .torch_compat = true });
    twin w = { { 0.5, -1, 2 }, { 0 }, { 0 }, { 0 } };
    for (int i = 0; i < NUMBERS; i++) params->data[i] = (lathe_real)w.p[i];
    for (int t = 0; t < CYCLE; t++) {
        double g[NUMBERS];
        for (int i = 0; i < NUMBERS; i++) params->grad[i] = (lathe_real)(g[i] = sin(1 + 0.7 * i + 0.9 * t));
        assert_int_equal(lathe_optim_step(optim), LATHE_OK);
        twin_step(&w, kind, g, one_cycle(0.004, 0.1, 0.004 / 1e4, t), one_cycle(0.95, 0.85, 0.95, t), t + 1);
        assert_close(kind, params->data, w.p, NUMBERS, sizeof(lathe_real) == 8 ? 1e-10 : 1e-5, 1e-5);
        lathe_sched_step(sched);
    }
    lathe_sched_free(sched);
    lathe_optim_free(optim);
    params_free(params);
}

/* One option gives PyTorch's numbers while OneCycle moves beta1, for all of Adam's family. */
static void pytorch_correction_is_pytorchs(void **state)
{
    (void)state;
    assert_pytorchs(&lathe_adam_optim, &(lathe_adam_opts){ .pytorch_correction = true }, "adam");
    assert_pytorchs(&lathe_adam_optim, &(lathe_adam_opts){ .amsgrad = true, .pytorch_correction = true },
        "amsgrad");
    assert_pytorchs(&lathe_adamw_optim, &(lathe_adamw_opts){ .pytorch_correction = true }, "adamw");
    assert_pytorchs(&lathe_adamax_optim, &(lathe_adamax_opts){ .pytorch_correction = true }, "adamax");
    assert_pytorchs(&lathe_radam_optim, &(lathe_radam_opts){ .pytorch_correction = true }, "radam");
}

static void pytorch_trajectories(void **state)
{
    (void)state;
    assert_trajectories_in_double(&lathe_adam_optim, NULL, "defaults");
    assert_trajectories(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.01 }, "plain");
    assert_trajectories(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.02, .weight_decay = 0.1, .eps = 1e-2 },
        "decay");
    assert_trajectories(&lathe_adam_optim, &(lathe_adam_opts){ .lr = 0.01, .amsgrad = true }, "amsgrad");
    assert_trajectories(&lathe_adam_optim,
        &(lathe_adam_opts){ .lr = 0.003, .betas = { 0.8, 0.99 }, .eps = 1e-3 }, "betas");
}

static void refusals(void **state)
{
    (void)state;
    assert_optim_refused(&lathe_adam_optim, &(lathe_adam_opts){ .lr = -1 },
        "adam: lr = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adam_optim, &(lathe_adam_opts){ .weight_decay = -1 },
        "adam: weight_decay = -1 is not legal: >= 0");
    assert_optim_refused(&lathe_adam_optim, &(lathe_adam_opts){ .eps = -1e-8 },
        "adam: eps = -1e-08 is not legal: >= 0");
    assert_optim_refused(&lathe_adam_optim, &(lathe_adam_opts){ .betas = { 1, 0.9 } },
        "adam: betas[0] = 1 is not legal: [0, 1)");
    assert_optim_refused(&lathe_adam_optim, &(lathe_adam_opts){ .betas = { 0.9, 1 } },
        "adam: betas[1] = 1 is not legal: [0, 1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_by_hand),
        cmocka_unit_test(bias_correction_is_exact_while_beta1_moves),
        cmocka_unit_test(pytorch_correction_is_pytorchs),
        cmocka_unit_test(pytorch_trajectories),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, count_trajectories);
}
