#include "support/program.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#define TRIANGULAR2 \
    "preview --sched cyclic --base-lr 1 --max-lr 5 --step-size-up 4 --mode triangular2 --steps 16"

static const double expected[] = { 1, 2, 3, 4, 5, 4, 3, 2, 1, 1.5, 2, 2.5, 3, 2.5, 2, 1.5 };

/* By hand: the first cycle climbs from 1 to 5 in 4 steps and falls back; the second has half its height. */
static void csv_of_two_cycles(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, TRIANGULAR2 " --csv");
    assert_int_equal(p.code, 0);
    char *line = strtok(p.out, "\n");
    assert_string_equal(line, "step,lr,momentum");
    for (int step = 0; step < 16; step++) {
        char *end;
        line = strtok(NULL, "\n");
        assert_non_null(line);
        assert_int_equal(strtol(line, &end, 10), step);
        assert_int_equal(*end, ',');
        assert_true(strtod(end + 1, &end) == expected[step]);
        assert_int_equal(*end, ',');
        assert_true(strtod(end + 1, &end) > 0 && !*end);
    }
    assert_null(strtok(NULL, "\n"));
    program_free(&p);
}

static void csv_has_17_digits(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "preview --sched=constant --lr=0.1 --steps=1 --csv");
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "\n0,0.10000000000000001,"));
    program_free(&p);
}

static void json_has_the_same_numbers(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, TRIANGULAR2 " --json");
    cJSON *object = cJSON_Parse(p.out), *lr = cJSON_GetObjectItem(object, "lr");
    assert_int_equal(cJSON_GetArraySize(lr), 16);
    for (int i = 0; i < 16; i++) assert_true(cJSON_GetArrayItem(lr, i)->valuedouble == expected[i]);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(object, "momentum")), 16);
    cJSON_Delete(object);
    program_free(&p);
}

static void the_picture_has_both_ends(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, TRIANGULAR2);
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "\n         5 "));
    assert_non_null(strstr(p.out, "\n         1 "));
    assert_non_null(strstr(p.out, "█"));
    program_free(&p);
}

static void a_picture_as_a_file(void **state)
{
    (void)state;
    char folder[64], arguments[256];
    program p;
    folder_make(folder);
    snprintf(arguments, sizeof arguments, TRIANGULAR2 " --optim sgd --momentum 0.9 --svg %s/lr.svg", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_int_equal(p.code, 0);
    snprintf(arguments, sizeof arguments, "%s/lr.svg", folder);
    char *text = read_text(arguments);
    assert_non_null(text);
    assert_ptr_equal(strstr(text, "<svg "), text);
    assert_non_null(strstr(text, "learning rate"));
    assert_non_null(strstr(text, "momentum")); /* SGD's momentum is cycled */
    free(text);
    program_free(&p);
    folder_remove(folder);
}

static void epochs_need_their_length(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM,
        "preview --sched cyclic --base-lr 1 --max-lr 5 --step-size-up 2ep --steps 30 --csv");
    assert_refused(&p, 2, "step_size_up");
    program_free(&p);
    program_run(&p, LATHE_PROGRAM,
        "preview --sched cyclic --base-lr 1 --max-lr 5 --step-size-up 2ep --steps-per-epoch 10 --epochs 3 "
        "--csv");
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "\n20,5,"));
    assert_non_null(strstr(p.out, "\n29,"));
    assert_null(strstr(p.out, "\n30,"));
    program_free(&p);
    /* 10,000 shapes less a tenth are 9,000: 90 batches of 100. */
    program_run(&p, LATHE_PROGRAM, "preview --data shapes --val-split 0.1 --batch-size 100 --epochs 2 --csv");
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "\n179,"));
    assert_null(strstr(p.out, "\n180,"));
    program_free(&p);
}

static void wrong_schedules_are_refused(void **state)
{
    (void)state;
    static const char *const lines[][2] = { { "preview --sched cyclic --base-lr 5 --max-lr 1 --steps 4",
                                                "base_lr" },
        { "preview --sched cyclc --steps 4", "did you mean cyclic?" },
        { "preview --sched cyclic --base-lr 1 --max-lr 5 --step-size-up 0 --steps 4", "step_size_up" },
        { "preview --sched cyclic --base-lr 1 --max-lr 5 --mode zigzag --steps 4", "triangular" },
        { "preview --sched constant --gamma 2 --steps 4", "gamma" }, { "preview --steps 0", "--steps" } };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        program p;
        program_run(&p, LATHE_PROGRAM, lines[i][0]);
        assert_refused(&p, 2, lines[i][1]);
        program_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_of_two_cycles),
        cmocka_unit_test(csv_has_17_digits),
        cmocka_unit_test(json_has_the_same_numbers),
        cmocka_unit_test(the_picture_has_both_ends),
        cmocka_unit_test(a_picture_as_a_file),
        cmocka_unit_test(epochs_need_their_length),
        cmocka_unit_test(wrong_schedules_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
