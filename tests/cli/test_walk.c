#include "support/program_json.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

/* f = (x^2 + 20 y^2) / 2 from (-4, 1): with lr 1/8, x = -4 (7/8)^t and y = (-3/2)^t. */
static void gradient_descent_by_hand(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "walk --function bowl --optim sgd --lr 0.125 --steps 2 --csv");
    assert_int_equal(p.code, 0);
    assert_string_equal(p.out,
        "step,x,y,loss,lr\n0,-4,1,18,0.125\n1,-3.5,-1.5,28.625,0.125\n2,-3.0625,2.25,55.314453125,0.125\n");
    program_free(&p);
}

static cJSON *walk_json(const char *options)
{
    char arguments[512];
    snprintf(arguments, sizeof arguments, "walk %s --json", options);
    return program_json(LATHE_PROGRAM, arguments);
}

static double last_loss(const cJSON *object)
{
    const cJSON *loss = cJSON_GetObjectItem(object, "loss");
    return cJSON_GetArrayItem(loss, cJSON_GetArraySize(loss) - 1)->valuedouble;
}

/* Every optimizer, with its defaults, goes down. */
static void every_optimizer_can_walk(void **state)
{
    (void)state;
    for (int i = 0; lathe_optim_at(i); i++) {
        char options[256];
        const char *name = lathe_optim_at(i)->name;
        snprintf(options, sizeof options, "--function bowl --optim %s --steps 50", name);
        cJSON *object = walk_json(options);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(object, "x")), 51);
        if (!(last_loss(object) < 18)) fail_msg("%s ends at %g", name, last_loss(object));
        cJSON_Delete(object);
    }
}

/* Schedules, clipping, noise and its seed are what they are in a run. */
static void settings_count(void **state)
{
    (void)state;
    static const char *const others[] = { "--lr 0.01", "--lr 0.01 --sched exponential --gamma 0.9",
        "--lr 0.01 --clip-norm 1", "--lr 0.01 --clip-value 2", "--lr 0.01 --noise 1",
        "--lr 0.01 --noise 1 --seed 5", "--lr 0.01 --momentum 0.9" };
    enum { OTHERS = sizeof others / sizeof others[0] };
    double ends[OTHERS];
    for (int i = 0; i < OTHERS; i++) {
        char options[256];
        snprintf(options, sizeof options, "--function bowl --optim sgd --steps 20 %s", others[i]);
        cJSON *object = walk_json(options), *again = walk_json(options);
        ends[i] = last_loss(object);
        assert_true(ends[i] == last_loss(again));
        for (int j = 0; j < i; j++)
            if (ends[j] == ends[i]) fail_msg("%s and %s end alike", others[j], others[i]);
        cJSON_Delete(object);
        cJSON_Delete(again);
    }
}

static void averages_are_drawn(void **state)
{
    (void)state;
    static const char *const options[] = { "--optim sgd --lr 1e-3", "--optim sgd --lr 1e-3 --ema 0.9",
        "--optim sgd --lr 1e-3 --swa-start 20", "--optim asgd --lr 1e-3 --t0 20" };
    char folder[64], path[96], arguments[512];
    folder_make(folder);
    snprintf(path, sizeof path, "%s/walk.svg", folder);
    for (int i = 0; i < 4; i++) {
        program p;
        snprintf(arguments, sizeof arguments, "walk %s --noise 5 --steps 50 --svg %s", options[i], path);
        program_run(&p, LATHE_PROGRAM, arguments);
        assert_int_equal(p.code, 0);
        program_free(&p);
        char *svg = read_text(path);
        assert_non_null(svg);
        assert_non_null(strstr(svg, "rosenbrock"));
        assert_int_equal(strstr(svg, "average") != NULL, i > 0);
        free(svg);
    }
    folder_remove(folder);
}

static void what_cannot_be_walked_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int code;
        const char *message;
    } cases[] = {
        { "walk --function rosenbrok", 2, "did you mean rosenbrock?" },
        { "walk --optim adamm", 2, "did you mean adam?" },
        { "walk --steps 0", 2, "--steps" },
        { "walk --noise -1", 2, "--noise -1 is not a number >= 0" },
        { "walk --sched plateau", 2, "observes epochs" },
        { "walk --optim sgd --lr 1 --steps 200", 1, "is not finite; try a smaller --lr" },
        { "walk --groups *.bias_lr=1", 2, "groups" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        program p;
        program_run(&p, LATHE_PROGRAM, cases[i].line);
        assert_refused(&p, cases[i].code, cases[i].message);
        program_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_descent_by_hand),
        cmocka_unit_test(every_optimizer_can_walk),
        cmocka_unit_test(settings_count),
        cmocka_unit_test(averages_are_drawn),
        cmocka_unit_test(what_cannot_be_walked_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
