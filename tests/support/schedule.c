#include "schedule.h"

#include <stdlib.h>
#include <string.h>

lathe_optim *sgd_with(double lr, double momentum)
{
    lathe_optim *optim = lathe_optim_sgd(params_of(3), &(lathe_sgd_opts){ .lr = lr, .momentum = momentum });
    assert_non_null(optim);
    return optim;
}

void sgd_free(lathe_optim *optim)
{
    lathe_params *params = (lathe_params *)lathe_optim_params(optim);
    lathe_optim_free(optim);
    params_free(params);
}

static void compare(const char *file, const char *name, const char *what, const double *got, size_t count)
{
    char array[96];
    size_t kept;
    snprintf(array, sizeof array, "%s.%s", name, what);
    double *want = golden(file, array, &kept);
    if (kept > count) fail_msg("%s has %zu numbers, at most %zu were expected", array, kept, count);
    assert_close_double(array, got, want, kept, 1e-12, 1e-300);
    free(want);
}

int count_schedules(void **state)
{
    (void)state;
    return golden_counts("schedules");
}

void assert_schedule(const lathe_sched_type *type, const void *opts, const char *name, bool momentum)
{
    enum { KEPT = 1001 + 200 };
    double lr[KEPT], momenta[KEPT];
    int kept = 0;
    char file[64];
    golden_tried();
    snprintf(file, sizeof file, "sched_%s.txt", type->name);
    lathe_optim *optim = sgd_with(0.1, 0.9);
    lathe_sched *sched = lathe_sched_new(type, optim, opts);
    if (!sched) fail_msg("%s: %s", name, lathe_error_message());
    for (uint64_t t = 0; t <= 3000; t++) {
        lathe_rates rates = lathe_sched_rates_at(sched, 0, t);
        assert_true(lathe_optim_lr(optim, 0) == rates.lr);
        assert_true(lathe_optim_momentum(optim, 0) == (rates.sets_momentum ? rates.momentum : 0.9));
        assert_true(rates.sets_momentum == momentum);
        if (t <= 1000 || t % 10 == 0) {
            lr[kept] = rates.lr;
            momenta[kept++] = rates.momentum;
        }
        lathe_sched_step(sched);
    }
    compare(file, name, "lr", lr, KEPT);
    if (momentum) compare(file, name, "momentum", momenta, KEPT);
    golden_agreed();
    lathe_sched_free(sched);
    sgd_free(optim);
}

void assert_warning(const lathe_sched_type *type, const void *opts, uint64_t steps, const char *fragment)
{
    char text[256] = "";
    lathe_optim *optim = sgd_with(1, 0);
    lathe_sched *sched = lathe_sched_new(type, optim, opts);
    if (!sched) fail_msg("%s", lathe_error_message());
    bool warned = lathe_sched_warning(sched, steps, 0, text);
    if (warned != (fragment != NULL) || (fragment && !strstr(text, fragment)))
        fail_msg("warning '%s', expected '%s'", text, fragment ? fragment : "none");
    assert_false(lathe_sched_warning(sched, steps, 1, text));
    lathe_sched_free(sched);
    sgd_free(optim);
}
