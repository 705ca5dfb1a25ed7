/* Other people's weights without a run: eval, predict, and the models that a file fits. */
#include "support/program_json.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

/* A short run, and its weights alone, as a file that says nothing of the run. */
static int make_weights(void **state)
{
    (void)state;
    folder_make(folder);
    char arguments[512];
    snprintf(arguments, sizeof arguments,
        "train --data shapes --model resnet8 --mean 0.4 --std 0.3 --max-steps 20 --batch-size 16 --lr 1e-3 "
        "--val-split 0 --out %s/run --json",
        folder);
    cJSON_Delete(program_json(LATHE_PROGRAM, arguments));
    snprintf(arguments, sizeof arguments, "weights %s/run/last.safetensors --save %s/w.safetensors --json",
        folder, folder);
    cJSON *object = program_json(LATHE_PROGRAM, arguments),
          *model = cJSON_GetArrayItem(cJSON_GetObjectItem(object, "models"), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(model, "name")), "resnet8");
    assert_true(json_number(model, "classes") == 10);
    cJSON_Delete(object);
    return 0;
}

static int remove_weights(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static cJSON *eval(const char *more)
{
    char arguments[768];
    snprintf(arguments, sizeof arguments,
        "eval --model resnet8 --init-weights %s/w.safetensors --data shapes --batch-size 16 --json %s",
        folder, more);
    return program_json(LATHE_PROGRAM, arguments);
}

static void eval_is_that_of_the_run(void **state)
{
    (void)state;
    char arguments[512];
    snprintf(arguments, sizeof arguments, "eval %s/run --json", folder);
    cJSON *run = program_json(LATHE_PROGRAM, arguments), *own = eval("--mean 0.4 --std 0.3"),
          *other = eval(""); /* normalised by the data's own mean: none are published for resnet8 */
    assert_true(json_number(own, "accuracy") == json_number(run, "accuracy"));
    assert_true(json_number(own, "loss") == json_number(run, "loss"));
    assert_true(json_number(other, "loss") != json_number(run, "loss"));
    cJSON_Delete(run), cJSON_Delete(own), cJSON_Delete(other);
}

/* A row for each picture; the largest score is right as often as the accuracy says. */
static void scores_as_a_table(void **state)
{
    (void)state;
    char more[512], path[256], line[1024];
    snprintf(path, sizeof path, "%s/scores.csv", folder);
    snprintf(more, sizeof more, "--mean 0.4 --std 0.3 --scores %s", path);
    cJSON *object = eval(more);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_int_equal(strncmp(line, "picture,class,circle,", 21), 0);
    char names[10][32];
    int rows = 0, right = 0, column = 0;
    for (char *cell = strtok(line + 14, ",\n"); cell && column < 10; cell = strtok(NULL, ",\n"))
        snprintf(names[column++], sizeof names[0], "%s", cell);
    while (fgets(line, sizeof line, file)) {
        char label[32] = "", *at = strchr(line, ',') + 1;
        sscanf(at, "%31[^,]", label);
        double score[10];
        int best = 0;
        for (int k = 0; k < 10; k++) {
            at = strchr(at, ',') + 1;
            score[k] = strtod(at, NULL);
            if (score[k] > score[best]) best = k;
        }
        right += !strcmp(names[best], label);
        rows++;
    }
    fclose(file);
    assert_true(rows == json_number(object, "count"));
    assert_true(right == (int)(rows * json_number(object, "accuracy") + 0.5));
    cJSON_Delete(object);
}

static void put_picture(void)
{
    char path[256];
    snprintf(path, sizeof path, "%s/p.ppm", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("P6 40 32 255\n", file);
    for (int i = 0; i < 40 * 32 * 3; i++) fputc(i * 7 % 256, file);
    fclose(file);
}

static void put_names(const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/names.txt", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void predict_names_the_classes(void **state)
{
    (void)state;
    program p;
    char arguments[768];
    put_picture();
    put_names("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    snprintf(arguments, sizeof arguments,
        "predict --model resnet8 --init-weights %s/w.safetensors --mean 0.4 --std 0.3 --channels 1 "
        "--class-names "
        "%s/names.txt --csv %s/p.ppm",
        folder, folder, folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_int_equal(p.code, 0);
    assert_non_null(strstr(p.out, ",a,b,c,d,e,f,g,h,i,j\n"));
    assert_non_null(strstr(p.out, "p.ppm"));
    program_free(&p);
    put_names("a\nb\n");
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 2, "has 2 lines, the weights have 10 classes");
    program_free(&p);
}

static void what_does_not_belong_together_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *arguments; /* with the folder in it */
        int code;
        const char *message;
    } refused[] = {
        { "eval --model resnet8 --data shapes", 2, "--init-weights is missing" },
        { "eval --init-weights %s/w.safetensors --data shapes", 2, "--model is missing" },
        { "eval %s/run --model resnet8", 2, "--model is for weights without a run" },
        { "eval --model resnet14 --init-weights %s/w.safetensors --data shapes", 2,
            "does not fit the model in 54 places: " },
        { "eval --model resnet8 --init-weights %s/w.safetensors --data fashion-mnits --mean 0 --std 1", 2,
            "fashion-mnits" },
        { "eval --model resnet20 --init-weights %s/w.safetensors --data shapes", 2,
            "pictures of shapes have 1 channel: weights and means for colour do not fit grey pictures" },
        { "eval --model resnet8 --init-weights %s/w.safetensors --data shapes --cycles", 2,
            "are for run folders" },
        { "predict --model resnet8 --init-weights %s/w.safetensors", 2, "name pictures" },
        { "predict --init-weights %s/w.safetensors p.ppm", 2, "needs --model" },
        { "predict --model lenet5 --init-weights %s/w.safetensors p.ppm", 2, "mean and std" },
        { "predict --model resnet8 --init-weights %s/w.safetensors --mean 0.5 p.ppm", 2, "belong together" },
        { "predict --model resnet8 --init-weights %s/w.safetensors --mean 1,2 --std 3 p.ppm", 2,
            "not lists of as many numbers" },
        { "predict %s/run", 2, "name a run and pictures" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        program p;
        char arguments[512];
        const char *mark = strstr(refused[i].arguments, "%s");
        if (!mark) snprintf(arguments, sizeof arguments, "%s", refused[i].arguments);
        else
            snprintf(arguments, sizeof arguments, "%.*s%s%s", (int)(mark - refused[i].arguments),
                refused[i].arguments, folder, mark + 2);
        program_run(&p, LATHE_PROGRAM, arguments);
        assert_refused(&p, refused[i].code, refused[i].message);
        program_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eval_is_that_of_the_run),
        cmocka_unit_test(scores_as_a_table),
        cmocka_unit_test(predict_names_the_classes),
        cmocka_unit_test(what_does_not_belong_together_is_refused),
    };
    return cmocka_run_group_tests(tests, make_weights, remove_weights);
}
