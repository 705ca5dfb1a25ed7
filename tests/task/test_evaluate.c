/* A net over a loader: scores, mirrored pictures, the metrics of several batches, what is measured beside. */
#include <math.h>
#include <string.h>

#include "support/ranks.h"
#include "support/task.h"

/* Seven pictures of 1 x 2 x 3; the net's scores of classes 0 ... 2 are the pixels of the upper row, x 255. */
enum { COUNT = 7 };
static const uint8_t pixels[COUNT][6] = { { 9, 1, 2 }, { 1, 9, 2 }, { 1, 2, 9 }, { 9, 8, 0 }, { 0, 9, 8 },
    { 4, 5, 9 }, { 9, 5, 5 } };
static const int labels[COUNT] = { 0, 1, 2, 1, 1, 0, 0 };

typedef struct world {
    lathe_dataset *data;
    lathe_loader *loader;
    lathe_model *model;
    lathe_layer *net;
    lathe_plan *plan;
    lathe_tape *tape;
    lathe_task *task;
} world;

static world open_world(void)
{
    world w = { .data = lathe_data_memory(&pixels[0][0], labels,
                    &(lathe_memory_opts){ .count = COUNT, .channels = 1, .height = 2, .width = 3 }) };
    w.loader = lathe_loader_new(w.data, &(lathe_loader_opts){ .batch_size = 3, .no_normalize = true });
    w.model = lathe_model_new();
    w.net =
        lathe_nn_sequential(w.model, lathe_nn_flatten(w.model), lathe_nn_linear(w.model, 6, 3, NULL), NULL);
    assert_int_equal(lathe_nn_init(w.net, 1), LATHE_OK);
    lathe_real weight[18] = { 0 }, bias[3] = { 0 };
    for (int k = 0; k < 3; k++) weight[6 * k + k] = 255;
    const lathe_params *params = lathe_nn_params(w.net);
    assert_int_equal(lathe_tensor_write(params->tensor[0], weight, 18), LATHE_OK);
    assert_int_equal(lathe_tensor_write(params->tensor[1], bias, 3), LATHE_OK);
    w.plan = lathe_plan_new(w.net);
    w.tape = lathe_tape_new(NULL);
    w.task = task_of(w.data, "cross_entropy");
    return w;
}

static void close_world(world *w)
{
    lathe_task_free(w->task);
    lathe_tape_free(w->tape);
    lathe_plan_free(w->plan);
    lathe_model_free(w->model);
    lathe_loader_free(w->loader);
    lathe_data_free(w->data);
}

/* What the loop told. */
typedef struct told {
    int batches, mirrored;
    lathe_real scores[2][COUNT][3];
    int stop; /* at this batch; 0: never */
} told;

static lathe_status hear(void *context, lathe_task *task, const lathe_pass *pass)
{
    told *heard = context;
    assert_ptr_equal(pass->scores, task->scores);
    heard->batches++;
    heard->mirrored += pass->mirrored;
    for (int i = 0; i < pass->batch->size; i++)
        memcpy(heard->scores[pass->mirrored][pass->first + (size_t)i], pass->scores + 3 * i,
            3 * sizeof(lathe_real));
    return heard->batches == heard->stop ? lathe_fail(LATHE_ESTATE, "enough") : LATHE_OK;
}

static void each_batch_is_told_and_mirrored(void **state)
{
    (void)state;
    world w = open_world();
    for (int hflip = 0; hflip < 2; hflip++) {
        told heard = { 0 };
        assert_int_equal(lathe_infer(w.task, w.plan, w.tape, w.loader, hflip, hear, &heard), LATHE_OK);
        assert_true(heard.batches == 3 * (1 + hflip) && heard.mirrored == 3 * hflip);
        for (int m = 0; m <= hflip; m++)
            for (int i = 0; i < COUNT; i++)
                for (int k = 0; k < 3; k++)
                    assert_near((double)heard.scores[m][i][k], pixels[i][m ? 2 - k : k], 1e-4);
    }
    told heard = { .stop = 2 };
    assert_int_equal(lathe_infer(w.task, w.plan, w.tape, w.loader, true, hear, &heard), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "enough");
    assert_int_equal(heard.batches, 2);
    close_world(&w);
}

/* Predictions 0 1 2 0 1 2 0: five of seven are right. */
static void the_score_is_over_all_batches(void **state)
{
    (void)state;
    world w = open_world();
    lathe_score score = lathe_score_none();
    assert_true(score.count == 0 && isnan(score.loss) && isnan(score.metric[0]));
    assert_int_equal(lathe_evaluate(w.task, w.net, w.tape, w.loader, NULL, &score), LATHE_OK);
    assert_true(score.count == COUNT && score.metric[0] == 5.0 / 7 && isnan(score.metric[1]));
    double want = 0;
    for (int i = 0; i < COUNT; i++) {
        double sum = 0;
        for (int k = 0; k < 3; k++) sum += exp(pixels[i][k]);
        want += (log(sum) - pixels[i][labels[i]]) / COUNT;
    }
    assert_near(score.loss, want, 1e-5);
    lathe_task *without = task_of(w.data, NULL);
    assert_int_equal(lathe_evaluate(without, w.net, w.tape, w.loader, NULL, &score), LATHE_OK);
    assert_true(score.metric[0] == 5.0 / 7 && isnan(score.loss));
    lathe_task_free(without);
    close_world(&w);
}

static void more_is_measured_in_the_same_pass(void **state)
{
    (void)state;
    world w = open_world();
    lathe_score score;
    const lathe_measure_opts opts = { .metrics = "accuracy:k=2,recall", .curve = true, .mistakes = 1 };
    lathe_measure *measure = lathe_measure_new(w.task, &opts);
    if (!measure) fail_msg("%s", lathe_error_message());
    assert_int_equal(lathe_evaluate(w.task, w.net, w.tape, w.loader,
                         &(lathe_evaluate_opts){ .measure = measure }, &score),
        LATHE_OK);
    assert_int_equal(measure->metrics, 2);
    assert_string_equal(measure->name[0], "accuracy:k=2");
    assert_near(lathe_metric_compute(measure->metric[0]), 6.0 / 7, 1e-12);
    assert_near(lathe_metric_compute(measure->metric[1]), (2.0 / 3 + 2.0 / 3 + 1) / 3, 1e-12);
    static const uint64_t want[9] = { 2, 0, 1, 1, 2, 0, 0, 0, 1 };
    assert_memory_equal(lathe_confusion_counts(measure->confusion), want, sizeof want);
    assert_int_equal(lathe_metric_samples(measure->curve), COUNT);
    /* Sample 5, taken for 2 by 4 and more, is surer than sample 3, taken for 0 by 1. */
    assert_int_equal(measure->mistakes, 1);
    assert_true(measure->mistake[0].index == 5 && measure->mistake[0].label == 0 &&
        measure->mistake[0].predicted == 2);
    assert_near(measure->mistake[0].confidence, 1 / (1 + exp(-5) + exp(-4)), 1e-5);
    lathe_measure_free(measure);
    close_world(&w);
}

static void a_net_of_another_shape_is_refused(void **state)
{
    (void)state;
    world w = open_world();
    lathe_score score;
    lathe_dataset other = *w.data;
    other.classes = 4;
    lathe_task *task = task_of(&other, "cross_entropy");
    assert_int_equal(lathe_evaluate(task, w.net, w.tape, w.loader, NULL, &score), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE, "the net gives [3, 3], expected [3, 4]");
    assert_true(score.count == 0);
    lathe_task_free(task);
    close_world(&w);
}

/* ---- batches that processes share ---------------------------------------------------------------------- */

enum { RANKS = 5, SHAPES = 101 };

typedef struct sharing {
    int batch_size, ranks;
    lathe_layout layout;
    lathe_dataset *data[RANKS];
    lathe_model *model[RANKS];
    lathe_layer *net[RANKS];
    lathe_task *task[RANKS];
    lathe_status status[RANKS];
    lathe_score score[RANKS];
} sharing;

static void evaluate_part(int rank, lathe_context *context, void *job)
{
    sharing *s = job;
    lathe_loader *loader = lathe_loader_new(s->data[rank],
        &(lathe_loader_opts){ .batch_size = s->batch_size,
            .layout = s->layout,
            .ranks = s->ranks,
            .rank = rank,
            .context = context });
    lathe_tape *tape = lathe_tape_new(context);
    s->status[rank] = lathe_evaluate(s->task[rank], s->net[rank], tape, loader, NULL, &s->score[rank]);
    lathe_tape_free(tape);
    lathe_loader_free(loader);
}

/* Last batches of 1 and 5 pictures: linear layers do few pictures of a whole batch in another order. */
static void processes_have_the_score_of_one(void **state)
{
    (void)state;
    static const int sizes[] = { 16, 20, 100, SHAPES }, ranks[] = { 2, 3, RANKS };
    sharing s;
    for (int r = 0; r < RANKS; r++) {
        s.data[r] = lathe_data_shapes(LATHE_SPLIT_TEST,
            &(lathe_shapes_opts){ .count = SHAPES, .colour = true, .size = 32 });
        s.model[r] = lathe_model_new();
        s.net[r] = lathe_model_build(s.model[r], "resnet8", NULL);
        init_odd(s.net[r], 1);
        s.task[r] = task_of(s.data[r], "cross_entropy");
    }
    for (int i = 0; i < 8; i++) {
        s.batch_size = sizes[i / 2];
        s.layout = i % 2 ? LATHE_CHANNELS : LATHE_BATCHED;
        s.ranks = 1;
        ranks_run(1, evaluate_part, &s);
        const lathe_score one = s.score[0];
        assert_int_equal(s.status[0], LATHE_OK);
        assert_int_equal(one.count, SHAPES);
        for (int k = 0; k < 3; k++) {
            s.ranks = ranks[k];
            ranks_run(s.ranks, evaluate_part, &s);
            for (int r = 0; r < s.ranks; r++) {
                assert_int_equal(s.status[r], LATHE_OK);
                assert_int_equal(s.score[r].count, SHAPES);
                if (memcmp(&s.score[r].loss, &one.loss, sizeof one.loss) ||
                    memcmp(s.score[r].metric, one.metric, sizeof one.metric))
                    fail_msg("batches of %d, rank %d of %d: loss %.17g and %.17g, accuracy %g and %g",
                        s.batch_size, r, s.ranks, s.score[r].loss, one.loss, s.score[r].metric[0],
                        one.metric[0]);
            }
        }
    }
    for (int r = 0; r < RANKS; r++) {
        lathe_task_free(s.task[r]);
        lathe_model_free(s.model[r]);
        lathe_data_free(s.data[r]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_batch_is_told_and_mirrored),
        cmocka_unit_test(the_score_is_over_all_batches),
        cmocka_unit_test(more_is_measured_in_the_same_pass),
        cmocka_unit_test(a_net_of_another_shape_is_refused),
        cmocka_unit_test(processes_have_the_score_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
