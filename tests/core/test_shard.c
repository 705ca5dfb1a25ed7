/* Batches that processes share: who has what, and what they tell each other. */
#include "support/ranks.h"

#include <string.h>

enum { MOST = 100, RANKS = 7 };

static const int sizes[] = { 1, 16, 17, 40, MOST };
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void each_picture_has_one_owner(void **state)
{
    (void)state;
    for (int whole = 1; whole <= 200; whole++)
        for (int ranks = 1; ranks <= RANKS; ranks++) {
            int next = 0;
            for (int rank = 0; rank < ranks; rank++) {
                const lathe_shard s = lathe_shard_of(whole, rank, ranks);
                assert_int_equal(s.whole, whole);
                assert_int_equal(s.first % LATHE_MICRO_BATCH, 0);
                assert_in_range(s.count, 1, whole - s.first);
                assert_true(s.silent || s.first == next);
                if (!s.silent) next += s.count;
            }
            assert_int_equal(next, whole);
        }
    assert_int_equal(lathe_shard_of(0, 0, 1).count, 0);
    assert_failed(LATHE_EARG, "process 0 of 1, a batch of 0");
    assert_int_equal(lathe_batch_whole(&(lathe_batch){ .size = 16, .whole = 40 }), 40);
    assert_int_equal(lathe_batch_whole(&(lathe_batch){ .size = 16 }), 16);
}

typedef struct gathering {
    int whole, ranks, pictures;
    int all[RANKS][MOST + LATHE_MICRO_BATCH];
    lathe_status status[RANKS];
} gathering;

static void gather(int rank, lathe_context *context, void *job)
{
    gathering *g = job;
    const lathe_shard shard = lathe_shard_of(g->whole, rank, g->ranks);
    int mine[MOST + LATHE_MICRO_BATCH];
    for (int i = 0; i < MOST + LATHE_MICRO_BATCH; i++) mine[i] = 7 * (shard.first + i);
    g->status[rank] = lathe_shard_gather(context, g->whole, g->pictures, mine,
        (size_t)g->pictures * sizeof *mine, g->all[rank]);
}

/* One by one, and in blocks of sixteen whose last one has a tail. */
static void all_get_what_each_has(void **state)
{
    (void)state;
    static gathering g;
    for (int s = 0; s < SIZES; s++)
        for (g.ranks = 2; g.ranks <= RANKS; g.ranks++)
            for (g.pictures = 1; g.pictures <= LATHE_MICRO_BATCH; g.pictures *= LATHE_MICRO_BATCH) {
                g.whole = sizes[s];
                memset(g.all, 0, sizeof g.all);
                ranks_run(g.ranks, gather, &g);
                for (int rank = 0; rank < g.ranks; rank++) {
                    assert_int_equal(g.status[rank], LATHE_OK);
                    for (int i = 0; i < g.whole; i++) assert_int_equal(g.all[rank][i], 7 * i);
                }
            }
    assert_int_equal(lathe_shard_gather(NULL, 16, 1, &g, 1, &g), LATHE_ESTATE);
    assert_failed(LATHE_ESTATE, "the context shares no batches");
}

/* The mean square of a batch, and its gradient to a weight that all pictures share. */
typedef struct squaring {
    const lathe_batch *batch;
    int ranks;
    bool parts; /* each process has its own; otherwise each has all */
    double loss[RANKS];
    lathe_real gradient[RANKS];
    lathe_status status[RANKS];
} squaring;

static void mean_square(int rank, lathe_context *context, void *job)
{
    squaring *s = job;
    lathe_batch batch = s->parts ? ranks_batch(s->batch, rank, s->ranks) : *s->batch;
    lathe_model *model = lathe_model_new();
    lathe_layer *net =
        lathe_nn_sequential(model, lathe_nn_flatten(model), lathe_nn_linear(model, 4, 1, NULL), NULL);
    lathe_nn_init(net, 1);
    lathe_tape *tape = lathe_tape_new(context);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *y = lathe_nn_forward(net, lathe_input(tape, &batch)), *loss = lathe_mean(lathe_mul(y, y));
    s->loss[rank] = lathe_item(loss);
    s->status[rank] = lathe_backward(loss);
    if (!s->status[rank]) s->status[rank] = lathe_context_reduce(context);
    s->gradient[rank] = lathe_nn_params(net)->tensor[0]->grad[0];
    lathe_tape_free(tape);
    lathe_model_free(model);
}

/* A program that forgets to share its batches computes each of them in every process, and is right. */
static void parts_and_wholes_have_the_same_bits(void **state)
{
    (void)state;
    static _Alignas(64) lathe_real images[(MOST + LATHE_MICRO_BATCH) * 4];
    fill_normal(images, sizeof images / sizeof images[0], 1);
    for (int n = 0; n < SIZES; n++) {
        for (int lane = sizes[n] % LATHE_LANES; lane && lane < LATHE_LANES; lane++)
            for (int p = 0; p < 4; p++)
                images[(sizes[n] / LATHE_LANES * 4 + p) * LATHE_LANES + lane] = 0; /* the tail */
        const lathe_batch batch = { .size = sizes[n],
            .channels = 1,
            .height = 2,
            .width = 2,
            .images = images };
        squaring one = { .batch = &batch, .ranks = 1 };
        ranks_run(1, mean_square, &one);
        assert_int_equal(one.status[0], LATHE_OK);
        for (int ranks = 2; ranks <= RANKS; ranks++)
            for (int parts = 0; parts < 2; parts++) {
                squaring all = { .batch = &batch, .ranks = ranks, .parts = parts };
                ranks_run(ranks, mean_square, &all);
                for (int rank = 0; rank < ranks; rank++) {
                    assert_int_equal(all.status[rank], LATHE_OK);
                    assert_true(all.loss[rank] == one.loss[0] && all.gradient[rank] == one.gradient[0]);
                }
            }
    }
}

static void pictures_of_another_process_are_refused(void **state)
{
    (void)state;
    static const lathe_real images[32 * 4];
    lathe_batch batch = { .size = 16, .whole = 32, .channels = 1, .height = 2, .width = 2, .images = images };
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_null(lathe_input(tape, &batch));
    assert_failed(LATHE_EARG, "the batch has pictures 0 to 15 of 32, and process 0 of 1 has 0 to 31");
    lathe_tape_begin(tape, LATHE_TRAIN);
    const lathe_shape shape = { 2, { 16, 4 } };
    assert_null(lathe_batch_leaf(tape, &batch, LATHE_BATCHED, shape, images));
    assert_failed(LATHE_EARG, "process 0 of 1 has 0 to 31");
    batch.size = 32;
    lathe_tape_begin(tape, LATHE_TRAIN);
    assert_null(lathe_batch_leaf(tape, &batch, LATHE_BATCHED, shape, images));
    assert_failed(LATHE_ESHAPE, "shape has 16 pictures, the batch 32");
    lathe_tape_free(tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_picture_has_one_owner),
        cmocka_unit_test(all_get_what_each_has),
        cmocka_unit_test(parts_and_wholes_have_the_same_bits),
        cmocka_unit_test(pictures_of_another_process_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
