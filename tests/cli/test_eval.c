#include "support/program.h"
#include "support/support.h"

#include <string.h>

#include <cjson/cJSON.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    folder_make(folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static cJSON *run_json(const char *arguments)
{
    program p;
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code) fail_msg("%s: exit %d: %s", arguments, p.code, p.err);
    cJSON *object = cJSON_Parse(p.out);
    assert_non_null(object);
    program_free(&p);
    return object;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItem(object, name);
    if (!cJSON_IsNumber(item)) fail_msg("%s is no number", name);
    return item->valuedouble;
}

/* With a validation part the best weights are tested, without one the last: eval takes the same. */
static void eval_agrees_with_train(void **state)
{
    (void)state;
    static const char *const splits[] = { "0.1", "0" };
    for (int i = 0; i < 2; i++) {
        char arguments[512];
        snprintf(arguments, sizeof arguments,
            "train --data shapes --model mlp --val-split %s --epochs 1 --max-steps 40 --batch-size 32 --lr 3e-3 --out %s/run%d --json",
            splits[i], folder, i);
        cJSON *trained = run_json(arguments);
        snprintf(arguments, sizeof arguments, "eval %s/run%d --json", folder, i);
        cJSON *evaluated = run_json(arguments);
        assert_true(number(trained, "test_accuracy") == number(evaluated, "accuracy"));
        assert_true(number(trained, "test_loss") == number(evaluated, "loss"));
        assert_true(number(evaluated, "count") == 2000);
        assert_true(number(evaluated, "accuracy") > 0.15); /* chance is 0.1 */
        cJSON *metrics = cJSON_GetObjectItem(evaluated, "metrics");
        for (int k = 0; lathe_metric_type_at(k); k++) assert_true(number(metrics, lathe_metric_type_at(k)->name) >= 0);
        assert_true(number(metrics, "accuracy") == number(evaluated, "accuracy"));
        double diagonal = 0;
        for (int k = 0; k < 10; k++)
            diagonal += cJSON_GetArrayItem(cJSON_GetArrayItem(cJSON_GetObjectItem(evaluated, "confusion"), k), k)->valuedouble;
        assert_true(diagonal == 2000 * number(evaluated, "accuracy"));
        cJSON_Delete(trained);
        cJSON_Delete(evaluated);
    }
}

static void other_splits_and_weights(void **state)
{
    (void)state;
    char arguments[512];
    snprintf(arguments, sizeof arguments, "eval %s/run0 --split val --weights last --threads 1 --json", folder);
    cJSON *object = run_json(arguments);
    assert_true(number(object, "count") == 1000);
    cJSON_Delete(object);
    program p;
    snprintf(arguments, sizeof arguments, "eval %s/run1 --per-class", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "\ncircle "));
    assert_non_null(strstr(p.out, "most frequent mistakes"));
    program_free(&p);
    snprintf(arguments, sizeof arguments, "eval %s/run1 --split val", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 2, "no val part");
    program_free(&p);
    snprintf(arguments, sizeof arguments, "eval %s/run0 --split none", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 2, "none of train, val, test");
    program_free(&p);
}

static void what_is_no_run_is_refused(void **state)
{
    (void)state;
    char arguments[512];
    program p;
    snprintf(arguments, sizeof arguments, "eval %s/nothing", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 1, "nothing/config.ini");
    program_free(&p);
    snprintf(arguments, sizeof arguments, "eval %s/run0 --weights %s/run0/config.ini", folder, folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 1, "config.ini");
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eval_agrees_with_train),
        cmocka_unit_test(other_splits_and_weights),
        cmocka_unit_test(what_is_no_run_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
