#include "support/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const lathe_table_row rows[] = { { 2, 0.5, 0.9 }, { 4, 0.25, 0.8 }, { 8, 1, 0.7 } };

static void rows_by_hand(void **state)
{
    (void)state;
    static const double steps[] = { 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 1, 1 };
    static const double lines[] = { 0.5, 0.5, 0.5, 0.375, 0.25, 0.4375, 0.625, 0.8125, 1, 1 };
    for (int interpolate = 0; interpolate < 2; interpolate++) {
        lathe_optim *optim = sgd_with(0.1, 0.9);
        lathe_sched *sched = lathe_sched_table(optim,
            &(lathe_table_opts){ .row = rows, .rows = 3, .interpolate = interpolate });
        for (uint64_t t = 0; t < 10; t++)
            assert_true(lathe_sched_rates_at(sched, 0, t).lr == (interpolate ? lines : steps)[t]);
        assert_true(lathe_sched_rates_at(sched, 0, UINT64_MAX).lr == 1);
        lathe_rates three = lathe_sched_rates_at(sched, 0, 3);
        assert_true(three.sets_momentum && fabs(three.momentum - (interpolate ? 0.85 : 0.9)) < 1e-15);
        lathe_sched_free(sched);
        sgd_free(optim);
    }
}

static void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static const char *file_name(void)
{
    static char path[64];
    snprintf(path, sizeof path, "test_table.%ld.csv", (long)getpid());
    return path;
}

/* What a scheduler did, written as CSV with 17 digits, is the same schedule when it is read. */
static void a_file_brings_a_schedule_back(void **state)
{
    (void)state;
    lathe_optim *one = sgd_with(0.1, 0.9), *two = sgd_with(0.1, 0.9);
    lathe_sched *cyclic = lathe_sched_cyclic(one,
        &(lathe_cyclic_opts){ .base_lr = 1e-4,
            .max_lr = 0.3,
            .step_size_up = 7,
            .step_size_down = 11,
            .mode = LATHE_TRIANGULAR2 });
    FILE *out = fopen(file_name(), "w");
    fputs("step,epoch,lr,momentum,loss\r\n", out);
    for (int t = 0; t < 1000; t++) {
        lathe_rates r = lathe_sched_rates_at(cyclic, 0, (uint64_t)t);
        fprintf(out, "%d,0,%.17g,%.17g,nan\r\n", t, r.lr, r.momentum);
    }
    fclose(out);
    lathe_sched *table = lathe_sched_table(two, &(lathe_table_opts){ .file = file_name() });
    if (!table) fail_msg("%s", lathe_error_message());
    for (int t = 0; t < 1000; t++) {
        assert_true(lathe_optim_lr(two, 0) == lathe_optim_lr(one, 0));
        assert_true(lathe_optim_momentum(two, 0) == lathe_optim_momentum(one, 0));
        lathe_sched_step(cyclic);
        lathe_sched_step(table);
    }
    lathe_sched_free(cyclic);
    lathe_sched_free(table);
    sgd_free(one);
    sgd_free(two);
    remove(file_name());
}

static void files_without_momentum_leave_it(void **state)
{
    (void)state;
    write_file(file_name(), "lr,step\n0.5,0\n\n0.25,10\n");
    lathe_optim *optim = sgd_with(0.1, 0.9);
    lathe_sched *sched =
        lathe_sched_table(optim, &(lathe_table_opts){ .file = file_name(), .interpolate = true });
    assert_true(
        lathe_sched_rates_at(sched, 0, 5).lr == 0.375 && !lathe_sched_rates_at(sched, 0, 5).sets_momentum);
    lathe_sched_free(sched);
    sgd_free(optim);
    remove(file_name());
}

static void bad_files_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        lathe_status status;
        const char *message;
    } cases[] = {
        { "", LATHE_EFORMAT, "is empty" },
        { "step,rate\n", LATHE_EFORMAT, ":1: there is no column 'lr'" },
        { "lr,steps\n", LATHE_EFORMAT, ":1: there is no column 'step'" },
        { "step,lr\n", LATHE_EFORMAT, "has no rows" },
        { "step,lr\n0,1\n1\n", LATHE_EFORMAT, ":3: fewer cells than columns" },
        { "step,lr\nx,1\n", LATHE_EFORMAT, ":2: 'x' is not a step" },
        { "step,lr\n-1,1\n", LATHE_EFORMAT, ":2: '-1' is not a step" },
        { "step,lr\n0,1e999\n", LATHE_EFORMAT, ":2: '1e999' is not a learning rate" },
        { "step,lr,momentum\n0,1,-0.5\n", LATHE_EFORMAT, ":2: '-0.5' is not a momentum" },
        { "step,lr\n0,-1\n", LATHE_EARG, "row 0: lr = -1 is not legal: >= 0" },
        { "step,lr\n0,1\n0,1\n", LATHE_EARG, "row 1: step 0 comes after step 0" },
        { "step,lr,momentum\n0,1,1\n", LATHE_EARG, "row 0: momentum = 1 is not legal: [0, 1)" },
    };
    lathe_optim *optim = sgd_with(0.1, 0.9);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(file_name(), cases[i].text);
        assert_null(lathe_sched_table(optim, &(lathe_table_opts){ .file = file_name() }));
        assert_failed(cases[i].status, cases[i].message);
        assert_true(lathe_optim_lr(optim, 0) == 0.1 && lathe_optim_hold(optim, 0) == 0);
    }
    char *line = malloc(6000);
    memset(line, '1', 6000);
    line[5999] = '\0';
    write_file(file_name(), line);
    assert_null(lathe_sched_table(optim, &(lathe_table_opts){ .file = file_name() }));
    assert_failed(LATHE_EFORMAT, ":1: a line of more than");
    free(line);
    remove(file_name());
    assert_null(lathe_sched_table(optim, &(lathe_table_opts){ .file = "no/such/file.csv" }));
    assert_failed(LATHE_EIO, "table: no/such/file.csv: No such file or directory");
    assert_null(lathe_sched_table(optim, NULL));
    assert_failed(LATHE_EARG, "table: neither file nor rows are given");
    assert_null(lathe_sched_table(optim, &(lathe_table_opts){ .file = "x", .row = rows, .rows = 3 }));
    assert_failed(LATHE_EARG, "table: file and rows are both given");
    static const lathe_table_row mixed[] = { { 0, 1, 0.5 }, { 1, 1, -1 } };
    assert_null(lathe_sched_table(optim, &(lathe_table_opts){ .row = mixed, .rows = 2 }));
    assert_failed(LATHE_EARG, "table: row 1: momentum is set in some rows and not in others");
    sgd_free(optim);
}

static void pytorch_schedules(void **state)
{
    (void)state;
    static const lathe_table_row rows[] = { { 5, 0.01, -1 }, { 60, 0.2, -1 }, { 100, 0.2, -1 },
        { 1500, 0.001, -1 }, { 2000, 0.05, -1 } };
    assert_schedule(&lathe_table_sched, &(lathe_table_opts){ .row = rows, .rows = 5 }, "steps", false);
    assert_schedule(&lathe_table_sched, &(lathe_table_opts){ .row = rows, .rows = 5, .interpolate = true },
        "interpolated", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorch_schedules),
        cmocka_unit_test(rows_by_hand),
        cmocka_unit_test(a_file_brings_a_schedule_back),
        cmocka_unit_test(files_without_momentum_leave_it),
        cmocka_unit_test(bad_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, count_schedules);
}
