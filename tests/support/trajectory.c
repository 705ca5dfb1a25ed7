#include "trajectory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 1000, KEPT = 8 };
static const int kept[KEPT] = { 1, 2, 3, 10, 30, 100, 300, STEPS };

/* Gradients in double from the parameters, so that only the optimizer's own rounding is measured. */
typedef void gradient_fn(const lathe_params *params);

static double at(const lathe_params *params, int tensor, int index)
{
    return (double)params->tensor[tensor]->data[index];
}

static void set_grad(const lathe_params *params, int tensor, int index, double value)
{
    params->tensor[tensor]->grad[index] = (lathe_real)value;
}

/* sum of a (p - c)^2 / 2 */
static void quadratic(const lathe_params *params)
{
    for (int i = 0; i < 10; i++) set_grad(params, 0, i, 0.1 * (i + 1) * (at(params, 0, i) - (i % 3 - 1)));
}

/* (1 - x)^2 + 100 (y - x^2)^2 */
static void rosenbrock(const lathe_params *params)
{
    double x = at(params, 0, 0), y = at(params, 0, 1);
    set_grad(params, 0, 0, -2 * (1 - x) - 400 * x * (y - x * x));
    set_grad(params, 0, 1, 200 * (y - x * x));
}

static double number(double phase, double scale, int i) { return scale * sin(1.0 + phase + 0.7 * i); }

/* mean of (tanh(x w1' + b1) w2' + b2 - t)^2, x [8, 4], 6 hidden, t [8, 3] */
static void net(const lathe_params *params)
{
    enum { IMAGES = 8, IN = 4, HIDDEN = 6, OUT = 3 };
    double g[4][HIDDEN * IN] = { { 0 } };
    static const int counts[4] = { HIDDEN * IN, HIDDEN, OUT * HIDDEN, OUT };
    for (int b = 0; b < IMAGES; b++) {
        double hidden[HIDDEN], g_hidden[HIDDEN] = { 0 };
        for (int h = 0; h < HIDDEN; h++) {
            double sum = at(params, 1, h);
            for (int i = 0; i < IN; i++) sum += number(0, 1, b * IN + i) * at(params, 0, h * IN + i);
            hidden[h] = tanh(sum);
        }
        for (int o = 0; o < OUT; o++) {
            double y = at(params, 3, o);
            for (int h = 0; h < HIDDEN; h++) y += hidden[h] * at(params, 2, o * HIDDEN + h);
            double gy = 2 * (y - number(50, 1, b * OUT + o)) / (IMAGES * OUT);
            g[3][o] += gy;
            for (int h = 0; h < HIDDEN; h++) {
                g[2][o * HIDDEN + h] += gy * hidden[h];
                g_hidden[h] += gy * at(params, 2, o * HIDDEN + h);
            }
        }
        for (int h = 0; h < HIDDEN; h++) {
            double gs = g_hidden[h] * (1 - hidden[h] * hidden[h]);
            g[1][h] += gs;
            for (int i = 0; i < IN; i++) g[0][h * IN + i] += gs * number(0, 1, b * IN + i);
        }
    }
    for (int t = 0; t < 4; t++)
        for (int i = 0; i < counts[t]; i++) set_grad(params, t, i, g[t][i]);
}

/* p - goal: matrices and kernels of several shapes, for Muon */
static void shapes(const lathe_params *params)
{
    for (int t = 0; t < params->count; t++)
        for (int i = 0; i < (int)params->tensor[t]->stored; i++)
            set_grad(params, t, i, at(params, t, i) - number(10 * t + 5, 1, i));
}

enum { TENSORS = 6 };

static const struct problem {
    const char *name;
    gradient_fn *gradient;
    int last;         /* up to this step in float; 0: not at all */
    double tolerance; /* in float, before step 1000 */
    int count;
    lathe_shape shape[TENSORS];
    const char *only; /* for this optimizer; NULL: for all */
} problems[] = {
    { "quadratic", quadratic, STEPS, 2e-6, 1, { { 1, { 10 } } }, NULL },
    { "rosenbrock", rosenbrock, 0, 0, 1, { { 1, { 2 } } }, NULL },
    { "net", net, 100, 1e-5, 4, { { 2, { 6, 4 } }, { 1, { 6 } }, { 2, { 3, 6 } }, { 1, { 3 } } }, NULL },
    { "shapes", shapes, 100, 1e-5, 6,
        { { 2, { 2, 3 } }, { 2, { 5, 3 } }, { 4, { 3, 2, 2, 1 } }, { 4, { 6, 1, 2, 2 } }, { 1, { 3 } },
            { 2, { 2, 2 } } },
        "muon" },
};
enum { PROBLEMS = sizeof problems / sizeof problems[0] };

static double start_of(const struct problem *problem, int tensor, int i)
{
    if (problem->gradient == quadratic) return 1 + 0.1 * i;
    if (problem->gradient == rosenbrock) return i ? 0.9 : -0.6;
    return number(problem->gradient == net ? 100 * (tensor + 1) : 10 * tensor, 0.5, i);
}

static lathe_params *start(const struct problem *problem)
{
    int sizes[TENSORS];
    for (int t = 0; t < problem->count; t++) sizes[t] = (int)lathe_shape_count(&problem->shape[t]);
    lathe_params *params = params_new(sizes, problem->count);
    for (int t = 0; t < params->count; t++) {
        params->tensor[t]->shape = problem->shape[t];
        for (int i = 0; i < sizes[t]; i++) params->tensor[t]->data[i] = (lathe_real)start_of(problem, t, i);
    }
    return params;
}

static size_t numbers_of(const struct problem *problem)
{
    size_t count = 0;
    for (int t = 0; t < problem->count; t++) count += lathe_shape_count(&problem->shape[t]);
    return count;
}

static bool wide(void) { return sizeof(lathe_real) == sizeof(double); }

/* Whether all parameters are where they should be; if not, says so. */
static bool compare(const lathe_params *params, const char *what, int step, double in_float,
    const double *want)
{
    /* In float the roundings of a walk add up on the way, and are forgotten at the quadratic's goal. */
    double got[64], tolerance = wide() ? 1e-10 : step == STEPS ? 1e-6 : in_float;
    size_t count = 0, worst;
    for (int t = 0; t < params->count; t++)
        for (int i = 0; i < (int)params->tensor[t]->stored; i++) got[count++] = at(params, t, i);
    double error = worst_error(got, want, count, tolerance, tolerance, &worst);
    if (error > 1)
        print_error("%s after %d steps: [%zu of %zu] is %.9g, expected %.9g: %.3g times the tolerance\n",
            what, step, worst, count, got[worst], want[worst], error);
    return error <= 1;
}

static bool one_trajectory(const struct problem *problem, const lathe_optim_type *type, const void *opts,
    const char *name)
{
    char file[64], array[96];
    size_t count, numbers = numbers_of(problem);
    snprintf(file, sizeof file, "optim_%s.txt", type->name);
    snprintf(array, sizeof array, "%s.%s", name, problem->name);
    double *want = golden(file, array, &count);
    assert_int_equal(count, KEPT * numbers);
    lathe_params *params = start(problem);
    lathe_optim *optim = lathe_optim_new(type, params, opts);
    assert_non_null(optim);
    bool same = true;
    for (int step = 1, next = 0; step <= (wide() ? STEPS : problem->last) && same; step++) {
        problem->gradient(params);
        assert_int_equal(lathe_optim_step(optim), LATHE_OK);
        if (step == kept[next])
            same = compare(params, array, step, problem->tolerance, want + (size_t)next++ * numbers);
    }
    lathe_optim_free(optim);
    params_free(params);
    free(want);
    return same;
}

/* On the problem of that name; NULL: on all that this optimizer has and this build can tell something about.
 */
static void try_trajectories(const lathe_optim_type *type, const void *opts, const char *name, const char *on)
{
    int passed = 0, cases = 0;
    for (int i = 0; i < PROBLEMS; i++) {
        bool ours =
            on ? !strcmp(problems[i].name, on) : !problems[i].only || !strcmp(problems[i].only, type->name);
        if (!ours || !(wide() || problems[i].last)) continue;
        cases++;
        golden_tried();
        if (!one_trajectory(&problems[i], type, opts, name)) continue;
        passed++;
        golden_agreed();
    }
    assert_true(cases > 0 && passed == cases);
}

int count_trajectories(void **state)
{
    (void)state;
    return golden_counts("optimizers");
}

void assert_trajectories(const lathe_optim_type *type, const void *opts, const char *name)
{
    try_trajectories(type, opts, name, NULL);
}

void assert_trajectory(const lathe_optim_type *type, const void *opts, const char *name, const char *problem)
{
    try_trajectories(type, opts, name, problem);
}

void assert_trajectories_in_double(const lathe_optim_type *type, const void *opts, const char *name)
{
    if (wide()) assert_trajectories(type, opts, name);
}

void assert_last_slots(const lathe_optim_type *type, const void *opts, const char *name, int slot,
    const char *suffix)
{
    for (int i = 0; wide() && i < PROBLEMS; i++) {
        if (problems[i].only) continue;
        char file[64], array[96];
        size_t count;
        snprintf(file, sizeof file, "optim_%s.txt", type->name);
        snprintf(array, sizeof array, "%s.%s.%s", name, problems[i].name, suffix);
        double *want = golden(file, array, &count);
        lathe_params *params = start(&problems[i]);
        lathe_optim *optim = lathe_optim_new(type, params, opts);
        for (int step = 1; step <= STEPS; step++) {
            problems[i].gradient(params);
            assert_int_equal(lathe_optim_step(optim), LATHE_OK);
        }
        const double *place = want;
        for (int t = 0; t < params->count; t++) {
            const lathe_real *state =
                lathe_optim_slot(optim, slot) + (params->tensor[t]->data - params->data);
            assert_close(array, state, place, params->tensor[t]->stored, 1e-10, 1e-10);
            place += params->tensor[t]->stored;
        }
        lathe_optim_free(optim);
        params_free(params);
        free(want);
    }
}

void assert_steps(const lathe_optim_type *type, const void *opts, const double *gradients, const double *want,
    int steps)
{
    char text[64];
    lathe_params *params = params_of(1);
    lathe_optim *optim = lathe_optim_new(type, params, opts);
    if (!optim) fail_msg("%s", lathe_error_message());
    params->data[0] = 1;
    for (int step = 0; step < steps; step++) {
        snprintf(text, sizeof text, "%s, step %d", type->name, step + 1);
        params->grad[0] = (lathe_real)gradients[step];
        assert_int_equal(lathe_optim_step(optim), LATHE_OK);
        assert_close(text, params->data, &want[step], 1, 1e-6, 1e-6);
    }
    lathe_optim_free(optim);
    params_free(params);
}

void assert_optim_refused(const lathe_optim_type *type, const void *opts, const char *message)
{
    lathe_params *params = params_of(1);
    assert_null(lathe_optim_new(type, params, opts));
    assert_failed(LATHE_EARG, message);
    params_free(params);
}
