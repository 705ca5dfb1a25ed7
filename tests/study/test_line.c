/* study/line.c: scores on the line between two files of weights of a net with batch norm. */
#include "support/tiny.h"

#include <math.h>
#include <string.h>

enum { POINTS = 5 };

static lathe_run *run;
static char from[256], to[256];

static int train(void **state)
{
    (void)state;
    const tiny_pair pairs[] = { { "epochs", "4" }, { "sched", "cyclic:triangular" }, { "base_lr", "0.001" },
        { "max_lr", "0.05" }, { "step_size_up", "1ep" }, { "cycle_momentum", "off" }, { "keep_cycles", "on" },
        { NULL, NULL } };
    test_folder_in_memory();
    lathe_settings settings = tiny_settings("run", pairs);
    run = tiny_train(&settings);
    snprintf(from, sizeof from, "%s", test_path("run/cycle-1.safetensors"));
    snprintf(to, sizeof to, "%s", test_path("run/cycle-2.safetensors"));
    return 0;
}

static int remove_run(void **state)
{
    (void)state;
    lathe_run_free(run);
    test_folder_remove();
    return 0;
}

static double loss_of(const char *path)
{
    lathe_score score;
    if (path) assert_int_equal(lathe_run_load(run, path), LATHE_OK);
    assert_int_equal(lathe_run_evaluate(run, run->feed->test, NULL, &score), LATHE_OK);
    return score.loss;
}

static void measure(const char *a, const char *b, lathe_score *scores, double *length)
{
    if (lathe_line_scores(run, run->feed->test, a, b, POINTS, scores, length))
        fail_msg("%s", lathe_error_message());
}

/* To the bit, with the running statistics of the files. The net is left with those of the second. */
static void the_ends_are_the_files(void **state)
{
    (void)state;
    lathe_score scores[POINTS];
    measure(from, to, scores, NULL);
    const double left = loss_of(NULL), first = loss_of(from), last = loss_of(to);
    assert_true(first != last);
    assert_true(scores[0].loss == first && scores[POINTS - 1].loss == last && left == last);
}

/* The middle, made by hand: the mean of both, and statistics of a pass over the training data. */
static void the_middle_is_the_mean(void **state)
{
    (void)state;
    enum { MOST = 200 };
    lathe_score scores[POINTS];
    double length, sum = 0;
    lathe_real first[MOST];
    measure(from, to, scores, &length);
    const lathe_params *params = lathe_nn_params(run->learner->net);
    assert_true(params->size <= MOST);
    assert_int_equal(lathe_run_load(run, from), LATHE_OK);
    memcpy(first, params->data, params->size * sizeof *first);
    assert_int_equal(lathe_run_load(run, to), LATHE_OK);
    for (size_t i = 0; i < params->size; i++) {
        const double a = (double)first[i], b = (double)params->data[i];
        sum += (b - a) * (b - a);
        params->data[i] = (lathe_real)(a / 2 + b / 2);
    }
    assert_int_equal(lathe_learner_statistics(run->learner), LATHE_OK);
    assert_true(scores[POINTS / 2].loss == loss_of(NULL));
    assert_true(fabs(length - sqrt(sum)) <= 1e-12 * length && length > 0);
}

/* Quarters are exact, so the way back meets the same weights. */
static void the_way_back_is_the_same(void **state)
{
    (void)state;
    lathe_score there[POINTS], back[POINTS];
    double length[2];
    measure(from, to, there, &length[0]);
    measure(to, from, back, &length[1]);
    for (int i = 0; i < POINTS; i++) assert_true(there[i].loss == back[POINTS - 1 - i].loss);
    assert_true(length[0] == length[1]);
}

static void a_line_of_no_length_is_level(void **state)
{
    (void)state;
    lathe_score scores[POINTS];
    double length = 1;
    measure(from, from, scores, &length);
    assert_true(length == 0 && scores[0].loss != scores[1].loss); /* other running statistics */
    assert_true(scores[1].loss == scores[2].loss && scores[2].loss == scores[3].loss);
}

/* By hand: 3 is 1.5 above the middle of 1 and 2; 1.9 at a quarter is 0.65 above 1.25. */
static void barriers(void **state)
{
    (void)state;
    double at = -1;
    const lathe_score hill[] = { { .loss = 1 }, { .loss = 3 }, { .loss = 2 } },
                      valley[] = { { .loss = 2 }, { .loss = 1 }, { .loss = 2.5 } },
                      early[] = { { .loss = 1 }, { .loss = 1.9 }, { .loss = 1.6 }, { .loss = 1.8 },
                          { .loss = 2 } },
                      hole[] = { { .loss = 1 }, { .loss = (double)INFINITY }, { .loss = 2 } };
    assert_true(lathe_line_barrier(hill, 3, &at) == 1.5 && at == 0.5);
    assert_true(lathe_line_barrier(valley, 3, &at) == 0 && at == 0);
    assert_true(fabs(lathe_line_barrier(early, 5, &at) - 0.65) < 1e-12 && at == 0.25);
    assert_true(isnan(lathe_line_barrier(hole, 3, &at)) && isnan(at));
    assert_true(isnan(lathe_line_barrier(hill, 1, NULL)));
}

static void mistakes_are_told(void **state)
{
    (void)state;
    lathe_score scores[POINTS];
    assert_failed(lathe_line_scores(run, run->feed->test, from, to, 1, scores, NULL), "points = 1");
    assert_failed(lathe_line_scores(run, run->feed->test, from, "nowhere.safetensors", POINTS, scores, NULL),
        "nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ends_are_the_files),
        cmocka_unit_test(the_middle_is_the_mean),
        cmocka_unit_test(the_way_back_is_the_same),
        cmocka_unit_test(a_line_of_no_length_is_level),
        cmocka_unit_test(barriers),
        cmocka_unit_test(mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, train, remove_run);
}
