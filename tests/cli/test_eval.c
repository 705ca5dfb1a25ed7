#include "support/folder.h"
#include "support/pictures.h"
#include "support/program_json.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

/* With a validation part the best weights are tested, without one the last: eval takes the same. */
static void eval_agrees_with_train(void **state)
{
    (void)state;
    static const char *const splits[] = { "0.1", "0" };
    for (int i = 0; i < 2; i++) {
        char arguments[512];
        snprintf(arguments, sizeof arguments,
            "train --data shapes --model mlp --val-split %s --epochs 1 --max-steps 40 --batch-size 32 --lr "
            "3e-3 --out %s/run%d --json",
            splits[i], folder, i);
        cJSON *trained = program_json(LATHE_PROGRAM, arguments);
        snprintf(arguments, sizeof arguments, "eval %s/run%d --json", folder, i);
        cJSON *evaluated = program_json(LATHE_PROGRAM, arguments);
        assert_true(json_number(trained, "test_accuracy") == json_number(evaluated, "accuracy"));
        assert_true(json_number(trained, "test_loss") == json_number(evaluated, "loss"));
        assert_true(json_number(evaluated, "count") == 2000);
        assert_true(json_number(evaluated, "accuracy") > 0.15); /* chance is 0.1 */
        cJSON *metrics = cJSON_GetObjectItem(evaluated, "metrics");
        for (int k = 0; lathe_metric_at(k); k++)
            assert_true(json_number(metrics, lathe_metric_at(k)->name) >= 0);
        assert_true(json_number(metrics, "accuracy") == json_number(evaluated, "accuracy"));
        double diagonal = 0;
        for (int k = 0; k < 10; k++)
            diagonal +=
                cJSON_GetArrayItem(cJSON_GetArrayItem(cJSON_GetObjectItem(evaluated, "confusion"), k), k)
                    ->valuedouble;
        assert_true(diagonal == 2000 * json_number(evaluated, "accuracy"));
        cJSON_Delete(trained);
        cJSON_Delete(evaluated);
    }
}

static void other_splits_and_weights(void **state)
{
    (void)state;
    char arguments[512];
    snprintf(arguments, sizeof arguments, "eval %s/run0 --split val --weights last --threads 1 --json",
        folder);
    cJSON *object = program_json(LATHE_PROGRAM, arguments);
    assert_true(json_number(object, "count") == 1000);
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
    assert_refused(&p, 2, "not one of train, val, test");
    program_free(&p);
}

/* Those asked for alone, by the names they were asked by. */
static void metrics_with_options(void **state)
{
    (void)state;
    char arguments[512];
    snprintf(arguments, sizeof arguments,
        "eval %s/run0 --metric accuracy,accuracy:k=5,fbeta:beta=2:average=micro --json", folder);
    cJSON *object = program_json(LATHE_PROGRAM, arguments), *metrics = cJSON_GetObjectItem(object, "metrics");
    assert_int_equal(cJSON_GetArraySize(metrics), 3);
    double top1 = json_number(metrics, "accuracy"), top5 = json_number(metrics, "accuracy:k=5");
    assert_true(top1 == json_number(object, "accuracy") && top5 > top1 && top5 <= 1);
    double f2 = json_number(metrics, "fbeta:beta=2:average=micro");
    assert_close_double("micro F of one label a sample is accuracy", &f2, &top1, 1, 1e-12, 0);
    cJSON_Delete(object);
    static const char *const refused[][2] = { { "acuracy", "did you mean accuracy?" },
        { "accuracy:k=11", "k = 11" }, { "accuracy:k", "'k' is not an option" },
        { "accuracy,", "unknown metric ''" } };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        program p;
        snprintf(arguments, sizeof arguments, "eval %s/run0 --metric %s", folder, refused[i][0]);
        program_run(&p, LATHE_PROGRAM, arguments);
        assert_refused(&p, 2, refused[i][1]);
        program_free(&p);
    }
}

/* Of each class recall falls from 1 to 0; under its steps lies the average precision. */
static void curves_as_a_table(void **state)
{
    (void)state;
    char arguments[512], path[128], name[64] = "", before[64] = "";
    snprintf(path, sizeof path, "%s/curve.csv", folder);
    snprintf(arguments, sizeof arguments, "eval %s/run0 --metric average_precision --pr-curve %s --json",
        folder, path);
    cJSON *object = program_json(LATHE_PROGRAM, arguments);
    double area = json_number(cJSON_GetObjectItem(object, "metrics"), "average_precision"), sum = 0,
           recall = 0, precision = 0, r, p;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[256];
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "class,precision,recall,threshold\n");
    int classes = 0;
    while (fgets(line, sizeof line, file)) {
        assert_int_equal(sscanf(line, "%63[^,],%lf,%lf,", name, &p, &r), 3);
        if (strcmp(name, before)) {
            assert_true(r == 1 && recall == 0);
            classes++;
        } else {
            sum += (recall - r) * precision / 10;
            assert_true(r <= recall);
        }
        recall = r, precision = p;
        snprintf(before, sizeof before, "%s", name);
    }
    assert_true(recall == 0 && precision == 1);
    assert_int_equal(classes, 10);
    assert_close_double("average precision", &sum, &area, 1, 1e-9, 0);
    fclose(file);
    cJSON_Delete(object);
}

static void curves_as_a_picture(void **state)
{
    (void)state;
    char arguments[512], path[128];
    snprintf(path, sizeof path, "%s/curve.svg", folder);
    snprintf(arguments, sizeof arguments, "eval %s/run0 --pr-curve %s --json", folder, path);
    cJSON_Delete(program_json(LATHE_PROGRAM, arguments));
    char *svg = read_text(path);
    assert_non_null(svg);
    assert_non_null(strstr(svg, "precision against recall"));
    assert_non_null(strstr(svg, "all classes"));
    int lines = 0;
    for (const char *at = svg; (at = strstr(at, "class=\"line\"")); at++) lines++;
    assert_int_equal(lines, 2 * 7); /* of all classes and of six, each also in the legend */
    free(svg);
    snprintf(arguments, sizeof arguments, "eval %s/run0 --pr-curve %s/nowhere/curve.csv", folder, folder);
    program p;
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 1, "nowhere");
    program_free(&p);
}

/* The part lacks the third class: the means leave it out, and it is named. */
static void absent_classes_are_named(void **state)
{
    (void)state;
    static const char *const classes[] = { "dark", "grey", "light" };
    char arguments[512], path[128];
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 20; i++) {
            snprintf(path, sizeof path, "%s/%s/%02d.pgm", i < 16 ? "absent/train" : "absent/test", classes[k],
                i);
            if (k < 2 || i < 16) test_put_picture(path, 8, 8, 20 + 90 * k, 1);
        }
    snprintf(arguments, sizeof arguments,
        "train --data folder:%s --size 8 --channels 1 --model mlp --epochs 1 --out %s/absent_run --quiet",
        test_path("absent"), folder);
    program p;
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_int_equal(p.code, 0);
    program_free(&p);
    snprintf(arguments, sizeof arguments, "eval %s/absent_run", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, "\n1 of 3 classes does not occur in this part: light\n"));
    program_free(&p);
    snprintf(arguments, sizeof arguments, "eval %s/run1", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_null(strstr(p.out, "not occur"));
    program_free(&p);
    test_folder_remove();
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

/* A snapshot ensemble: each member scores as alone, and all files of the folder are found. */
static void several_checkpoints_are_an_ensemble(void **state)
{
    (void)state;
    char arguments[640];
    snprintf(arguments, sizeof arguments,
        "train --data shapes --model mlp --epochs 1 --max-steps 40 --batch-size 32 --sched cyclic --base-lr "
        "1e-4 --max-lr 3e-3 --step-size-up 10 --keep-cycles --out %s/cycles --json",
        folder);
    cJSON *trained = program_json(LATHE_PROGRAM, arguments);
    const cJSON *told = cJSON_GetObjectItem(trained, "cycles");
    assert_int_equal(cJSON_GetArraySize(told), 2);
    assert_true(json_number(cJSON_GetArrayItem(told, 0), "max_step") == 10);
    assert_true(json_number(cJSON_GetArrayItem(told, 0), "min_step") == 20);
    assert_true(json_number(cJSON_GetArrayItem(told, 1), "max_lr") == 3e-3);
    cJSON_Delete(trained);
    snprintf(arguments, sizeof arguments, "eval %s/cycles --cycles --json", folder);
    cJSON *object = program_json(LATHE_PROGRAM, arguments), *members = cJSON_GetObjectItem(object, "members"),
          *ensemble = cJSON_GetObjectItem(object, "ensemble");
    assert_int_equal(cJSON_GetArraySize(members), 2);
    snprintf(arguments, sizeof arguments, "eval %s/cycles --weights %s/cycles/cycle-1.safetensors --json",
        folder, folder);
    cJSON *alone = program_json(LATHE_PROGRAM, arguments);
    assert_true(json_number(alone, "accuracy") == json_number(cJSON_GetArrayItem(members, 0), "accuracy"));
    assert_true(json_number(ensemble, "count") == 2000 && json_number(ensemble, "loss") > 0);
    cJSON_Delete(alone);
    cJSON_Delete(object);
    snprintf(arguments, sizeof arguments,
        "eval %s/cycles/cycle-2.safetensors %s/cycles/cycle-2.safetensors --json", folder, folder);
    object = program_json(LATHE_PROGRAM, arguments); /* the mean of two equal ones is each of them */
    members = cJSON_GetObjectItem(object, "members");
    assert_true(json_number(cJSON_GetObjectItem(object, "ensemble"), "accuracy") ==
        json_number(cJSON_GetArrayItem(members, 1), "accuracy"));
    cJSON_Delete(object);
}

/* The ends of a line score as the files do alone, and the table has a row for each point. */
static void lines_between_cycles(void **state)
{
    (void)state;
    char arguments[640], path[128];
    snprintf(path, sizeof path, "%s/line.csv", folder);
    snprintf(arguments, sizeof arguments,
        "eval %s/cycles --cycles --between 3 --csv %s --svg %s/line.svg --html %s/line.html --json", folder,
        path, folder, folder);
    cJSON *object = program_json(LATHE_PROGRAM, arguments), *lines = cJSON_GetObjectItem(object, "lines");
    assert_int_equal(cJSON_GetArraySize(lines), 1);
    const cJSON *line = cJSON_GetArrayItem(lines, 0), *loss = cJSON_GetObjectItem(line, "loss"),
                *accuracy = cJSON_GetObjectItem(line, "accuracy");
    assert_int_equal(cJSON_GetArraySize(loss), 3);
    for (int i = 0; i < 2; i++) {
        snprintf(arguments, sizeof arguments,
            "eval %s/cycles --weights %s/cycles/cycle-%d.safetensors --json", folder, folder, i + 1);
        cJSON *alone = program_json(LATHE_PROGRAM, arguments);
        assert_true(json_number(alone, "loss") == cJSON_GetArrayItem(loss, 2 * i)->valuedouble);
        assert_true(json_number(alone, "accuracy") == cJSON_GetArrayItem(accuracy, 2 * i)->valuedouble);
        cJSON_Delete(alone);
    }
    char *table = read_text(path), *svg;
    int rows = 0;
    for (const char *at = table; (at = strchr(at, '\n')); at++) rows++;
    assert_int_equal(rows, 1 + 3);
    assert_int_equal(strncmp(table, "from,to,at,loss,accuracy\n", 25), 0);
    free(table);
    snprintf(path, sizeof path, "%s/line.svg", folder);
    assert_non_null(strstr(svg = read_text(path), "end of cycle"));
    free(svg);
    snprintf(path, sizeof path, "%s/line.html", folder);
    assert_non_null(strstr(svg = read_text(path), "The loss on the lines between weights"));
    free(svg);
    cJSON_Delete(object);
}

/* With --cycles each run folder has its own path; without, all files make one. */
static void paths_of_several_runs(void **state)
{
    (void)state;
    char arguments[640];
    program p;
    snprintf(arguments, sizeof arguments, "eval %s/cycles %s/cycles --cycles --between 2 --svg %s/paths.svg",
        folder, folder, folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_int_equal(p.code, 0);
    snprintf(arguments, sizeof arguments, "%s/paths.svg", folder);
    char *svg = read_text(arguments);
    assert_non_null(strstr(svg, ">cycles<")); /* without the folders that all paths have */
    free(svg);
    assert_non_null(strstr(p.out, "cycles/cycle-1 to cycle-2"));
    assert_non_null(strstr(p.out, "\nmean barrier 0.0000 (95 % interval 0.0000 to 0.0000, 2 paths)\n"));
    assert_non_null(strstr(p.out, "loss along the first path"));
    program_free(&p);
    snprintf(arguments, sizeof arguments, "eval %s/cycles %s/run0 %s/cycles --between 2 --json", folder,
        folder, folder);
    cJSON *object = program_json(LATHE_PROGRAM, arguments);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(object, "lines")), 2);
    cJSON_Delete(object);
    static const char *const refused[][2] = { { "--between 3", "needs two files" },
        { "--cycles --between 1", "--between" }, { "--svg x.svg", "--svg needs --between" },
        { "--cycles --between 3 --per-class", "--per-class is for one run alone" } };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        snprintf(arguments, sizeof arguments, "eval %s/cycles %s", folder, refused[i][0]);
        program_run(&p, LATHE_PROGRAM, arguments);
        assert_refused(&p, 2, refused[i][1]);
        program_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eval_agrees_with_train),
        cmocka_unit_test(other_splits_and_weights),
        cmocka_unit_test(metrics_with_options),
        cmocka_unit_test(curves_as_a_table),
        cmocka_unit_test(curves_as_a_picture),
        cmocka_unit_test(absent_classes_are_named),
        cmocka_unit_test(several_checkpoints_are_an_ensemble),
        cmocka_unit_test(lines_between_cycles),
        cmocka_unit_test(paths_of_several_runs),
        cmocka_unit_test(what_is_no_run_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
