/* What a step and an evaluation add up, of batches that processes share: the numbers of one process. */
#include <stdlib.h>
#include <string.h>

#include "support/ranks.h"
#include "support/task.h"

enum { MOST = 100, CLASSES = 3, RANKS = 5 };

static const lathe_real weights[CLASSES] = { (lathe_real)0.1, (lathe_real)1.7, (lathe_real)0.33 };

typedef struct counting {
    lathe_task *task[RANKS];
    lathe_batch whole;
    const lathe_real *scores; /* [B, classes, ...], row-major */
    int kind, size;           /* of `kinds`; processes */
    double weight[RANKS], loss[RANKS], sums[RANKS][2 + 3 * CLASSES];
    lathe_status status[RANKS];
} counting;

/* A kind of task, and how its batch is. */
static const struct {
    const char *kind, *loss;
    int answers, labels; /* of a picture; of which each is below `labels` */
    bool weighted, mixed;
} kinds[] = { { "classify", "cross_entropy", 1, CLASSES, true, false },
    { "pixels", "cross_entropy", 6, CLASSES, true, false }, { "heads", "cross_entropy", 2, 2, false, false },
    { "tags", "binary_cross_entropy", CLASSES, 2, false, false },
    { "classify", "cross_entropy", 1, CLASSES, false, true } };
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void count(int rank, lathe_context *context, void *job)
{
    counting *c = job;
    lathe_task *task = c->task[rank];
    const lathe_batch batch = ranks_batch(&c->whole, rank, c->size);
    const lathe_cross_entropy_opts opts = { .class_weights = weights, .ignore_index = 1 };
    lathe_shape shape = task->output;
    shape.dim[0] = batch.size;
    lathe_tape *tape = lathe_tape_new(context);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *output = lathe_batch_leaf(tape, &batch, LATHE_BATCHED, shape,
        c->scores + (size_t)batch.first * (lathe_shape_count(&shape) / (size_t)batch.size));
    const void *chosen = kinds[c->kind].weighted ? &opts : NULL;
    c->loss[rank] = lathe_item(lathe_task_loss(task, output, &batch, chosen));
    c->weight[rank] = lathe_task_weight(task, context, &batch, chosen);
    c->status[rank] = lathe_task_count(task, output, &batch, c->sums[rank]);
    if (!c->status[rank]) c->status[rank] = lathe_task_join(task, context, c->sums[rank]);
    lathe_tape_free(tape);
}

/* A batch of `size`, counted by `ranks` processes. */
static counting counted(int kind, int size, int ranks)
{
    static const lathe_head heads[] = { { "colour", 0, 2 }, { "shape", 1, 2 } };
    static lathe_real scores[MOST * CLASSES * 6], share[MOST], images[1];
    static int labels[MOST * 6], others[MOST];
    lathe_dataset data = task_data(kinds[kind].kind, CLASSES);
    data.masks = !strcmp(data.task, "pixels");
    if (!strcmp(data.task, "heads")) data.head = heads, data.heads = data.targets_each = 2;
    if (!strcmp(data.task, "tags")) data.targets_each = CLASSES;
    fill_normal(scores, sizeof scores / sizeof scores[0], 3);
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        labels[i] = random_int(4, i, 0, kinds[kind].labels - 1);
    for (size_t i = 0; i < MOST; i++) {
        others[i] = random_int(5, i, 0, CLASSES - 1);
        share[i] = (lathe_real)(0.01 * random_int(6, i, 0, 100));
    }
    counting c = { .kind = kind, .scores = scores, .size = ranks, .whole = task_batch(size, labels) };
    c.whole.images = images;
    if (kinds[kind].mixed) c.whole.other_labels = others, c.whole.share = share;
    for (int rank = 0; rank < ranks; rank++) c.task[rank] = task_of(&data, kinds[kind].loss);
    c.whole.answers = c.task[0]->answers;
    assert_int_equal(c.whole.answers, kinds[kind].answers);
    ranks_run(ranks, count, &c);
    for (int rank = 0; rank < ranks; rank++) lathe_task_free(c.task[rank]);
    return c;
}

static void check(int kind, int size, int ranks)
{
    const counting one = counted(kind, size, 1), all = counted(kind, size, ranks);
    assert_true(one.sums[0][1] == size * kinds[kind].answers && one.loss[0] > 0);
    for (int rank = 0; rank < ranks; rank++) {
        assert_int_equal(all.status[rank], LATHE_OK);
        assert_memory_equal(&all.loss[rank], &one.loss[0], sizeof(double));
        assert_memory_equal(&all.weight[rank], &one.weight[0], sizeof(double));
        assert_memory_equal(all.sums[rank], one.sums[0], sizeof one.sums[0]);
    }
}

static void any_processes_count_as_one(void **state)
{
    (void)state;
    static const int sizes[] = { 2, 17, 40, 100 }, ranks[] = { 2, 3, 5 };
    for (int kind = 0; kind < KINDS; kind++)
        for (int s = 0; s < 4; s++)
            for (int r = 0; r < 3; r++) check(kind, sizes[s], ranks[r]);
    const counting one = counted(0, 40, 1);
    double sum = 0;
    for (int i = 0; i < 40; i++) sum += one.whole.labels[i] == 1 ? 0 : (double)weights[one.whole.labels[i]];
    assert_near(one.weight[0], sum, 1e-12);
}

/* What keeps the pictures themselves is measured in one process. */
static void a_part_of_a_batch_is_not_measured(void **state)
{
    (void)state;
    lathe_dataset data = task_data("classify", CLASSES);
    lathe_task *task = task_of(&data, NULL);
    lathe_measure *measure = lathe_measure_new(task, NULL);
    const lathe_real scores[2 * CLASSES] = { 0 };
    lathe_batch batch = task_batch(2, (int[]){ 0, 1 });
    batch.whole = 18;
    batch.first = 16;
    const lathe_pass pass = { .batch = &batch, .scores = scores };
    assert_int_equal(lathe_measure_update(measure, task, &pass), LATHE_EARG);
    assert_failed(LATHE_EARG, "this process has 2 of the batch's 18 pictures");
    assert_int_equal(lathe_metric_samples(measure->metric[0]), 0);
    lathe_measure_free(measure);
    lathe_task_free(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_processes_count_as_one),
        cmocka_unit_test(a_part_of_a_batch_is_not_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
