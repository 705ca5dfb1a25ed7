/* Sums over a batch: the tree, who has which nodes, and that processes find one process's bits. */
#include <string.h>

#include "../../../core/shard_impl.h"
#include "support/params.h"
#include "support/ranks.h"

/* ---- the tree as text: "((0+1)+2)" --------------------------------------------------------------------- */

typedef struct texts {
    char *slot[64];
} texts;

static char *new_text(const char *format, const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 8;
    char *text = malloc(size);
    snprintf(text, size, format, a, b);
    return text;
}

static void put(texts *t, int slot, char *text)
{
    free(t->slot[slot]);
    t->slot[slot] = text;
}

static void text_join(void *job, int to, int from)
{
    texts *t = job;
    put(t, to, new_text("(%s+%s)", t->slot[to], t->slot[from]));
}

static void text_leaf(void *job, int leaf, int slot, bool add)
{
    texts *t = job;
    char number[16];
    snprintf(number, sizeof number, "%d", leaf);
    put(t, slot, add ? new_text("(%s+%s)", t->slot[slot], number) : new_text("%s%s", number, ""));
}

static void forget(texts *t)
{
    for (int i = 0; i < 64; i++) put(t, i, NULL);
}

static char *tree_text(int begin, int end)
{
    texts t = { { NULL } };
    lathe_tree_sum(&(lathe_tree){ text_leaf, text_join, &t }, begin, end, 0);
    char *text = strdup(t.slot[0]);
    for (int i = lathe_tree_slots(end - begin); i < 64; i++) assert_null(t.slot[i]);
    forget(&t);
    return text;
}

static void test_the_tree_is_the_documented_one(void **state)
{
    (void)state;
    const char *const expected[] = { "0", "(0+1)", "((0+1)+2)", "((0+1)+(2+3))", "(((0+1)+(2+3))+4)",
        "(((0+1)+(2+3))+(4+5))", "(((0+1)+(2+3))+((4+5)+6))" };
    for (int n = 1; n <= 7; n++) {
        char *text = tree_text(0, n);
        assert_string_equal(text, expected[n - 1]);
        free(text);
    }
}

/* The nodes of all processes, joined, are the tree of one; each is a tree of its own leaves. */
static void test_nodes_of_any_processes_are_one_tree(void **state)
{
    (void)state;
    for (int leaves = 1; leaves <= 40; leaves++)
        for (int size = 1; size <= 9; size++) {
            lathe_leaves node[64 * 9], of[LATHE_MOST_NODES];
            texts t = { { NULL } };
            int count = 0, next = 0, whole = leaves * LATHE_MICRO_BATCH - leaves % 16;
            for (int rank = 0; rank < size; rank++) {
                int more = lathe_nodes_of_rank(whole, rank, size, of);
                for (int i = 0; i < more; i++, count++) {
                    node[count] = of[i];
                    assert_int_equal(of[i].begin, next);
                    next = of[i].end;
                    put(&t, count, tree_text(of[i].begin, of[i].end));
                }
            }
            assert_int_equal(next, leaves);
            lathe_join_nodes(node, count, text_join, &t);
            char *text = tree_text(0, leaves);
            assert_string_equal(t.slot[0], text);
            free(text);
            forget(&t);
        }
}

static void test_shards_are_all_pictures_once(void **state)
{
    (void)state;
    for (int whole = 1; whole <= 200; whole++)
        for (int size = 1; size <= 7; size++) {
            int next = 0;
            for (int rank = 0; rank < size; rank++) {
                lathe_shard shard = lathe_shard_of(whole, rank, size);
                assert_int_equal(shard.first % LATHE_MICRO_BATCH, 0);
                assert_in_range(shard.count, 1, whole - shard.first);
                if (shard.silent) continue;
                assert_int_equal(shard.first, next);
                next += shard.count;
            }
            assert_int_equal(next, whole);
        }
    lathe_shard few = lathe_shard_of(20, 4, 5);
    assert_int_equal(few.first, 16);
    assert_int_equal(few.count, 4);
    assert_false(few.silent);
    assert_true(lathe_shard_of(20, 1, 5).silent);
    assert_int_equal(lathe_shard_of(0, 0, 1).whole, 0);
    assert_int_equal(lathe_error(), LATHE_EARG);
    lathe_error_clear();
}

/*
 * An operation: y = x [B, F, 1, 1]; the gradient of w [F] is the sum of x over the batch, computed in parts
 * of sixteen features; its forward leaves the sum of everything at attributes->sum.
 */
enum { FEATURES = 37, PARTS = 3, PART = 13 };

typedef struct sum_attributes {
    double *sum;
    double work;
} sum_attributes;

static void sum_leaf(const void *job, int leaf, int part, lathe_real *sum, bool add)
{
    const lathe_node *node = *(lathe_node *const *)job;
    const lathe_real *x = node->in[0]->data + (size_t)leaf * FEATURES * LATHE_LANES;
    for (int f = 0; f < PART; f++) {
        lathe_real total = 0;
        size_t feature = (size_t)(part * PART + f);
        for (size_t lane = 0; lane < LATHE_LANES && feature < FEATURES; lane++)
            total += x[feature * LATHE_LANES + lane];
        sum[f] = add ? sum[f] + total : total;
    }
}

static void finish(const void *job, const lathe_real *sum, lathe_real *grad, bool add)
{
    (void)job;
    bool aligned = (size_t)sum % LATHE_ALIGN == 0; /* as kernels that unpack it expect */
    for (int f = 0; f < FEATURES; f++) grad[f] = !aligned ? -1 : add ? grad[f] + sum[f] : sum[f];
}

static void forward(lathe_node *node)
{
    const lathe_tensor *x = node->in[0];
    const sum_attributes *attributes = node->attributes;
    size_t one = 1, of_leaf = FEATURES * LATHE_LANES, leaves = x->stored / of_leaf;
    double *records = lathe_tape_work(node->tape, leaves, sizeof *records);
    memcpy(node->out->data, x->data, x->stored * sizeof *x->data);
    memset(records, 0, leaves * sizeof *records);
    for (size_t i = 0; i < x->stored; i++) records[i / of_leaf] += (double)x->data[i];
    if (lathe_batch_join(node, records, sizeof *records, lathe_join_doubles, &one))
        *attributes->sum = records[0];
}

static void backward(lathe_node *node)
{
    const sum_attributes *attributes = node->attributes;
    lathe_batch_gradient(node,
        &(lathe_batch_sum){ .input = 1,
            .parts = PARTS,
            .part_size = PART,
            .leaf = sum_leaf,
            .finish = finish,
            .job = &node,
            .job_size = sizeof node,
            .work = attributes->work });
    lathe_grad_copy(node, 0);
}

static const lathe_op sum_op = { .name = "sum_of_test",
    .in = { { .name = "x" }, { .name = "w" } },
    .shares = true,
    .attributes_size = sizeof(sum_attributes),
    .forward = forward,
    .backward = backward };

/* What each process of `size` finds for the same batch. The parameter is used twice. */
typedef struct shared_job {
    int whole, size;
    double work;
    const lathe_real *images;
    lathe_real grad[16][FEATURES];
    double sum[16];
    lathe_status status[16];
} shared_job;

static void shared_body(int rank, lathe_context *context, void *of)
{
    shared_job *job = of;
    lathe_params *params = params_of(FEATURES);
    lathe_tape *tape = lathe_tape_new(context);
    lathe_batch all = { .size = job->whole,
        .channels = FEATURES,
        .height = 1,
        .width = 1,
        .images = job->images };
    lathe_batch mine = ranks_batch(&all, rank, job->size);
    params->tensor[0]->needs_grad = true;
    params->tensor[0]->has_grad = false;
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *y = lathe_input(tape, &mine);
    for (int use = 0; use < 2; use++)
        y = lathe_apply(&sum_op, (lathe_tensor *[]){ y, params->tensor[0] }, 2,
            &(sum_attributes){ &job->sum[rank], job->work });
    lathe_real *gy = calloc((size_t)mine.size, FEATURES * sizeof *gy);
    lathe_backward_from(y, gy, (size_t)mine.size * FEATURES);
    lathe_context_reduce(context);
    job->status[rank] = lathe_tape_status(tape);
    memcpy(job->grad[rank], params->tensor[0]->grad, sizeof job->grad[rank]);
    free(gy);
    lathe_tape_free(tape);
    params_free(params);
}

static lathe_real *random_images(int whole)
{
    size_t stored = (size_t)(whole + 15) / 16 * 16 * FEATURES;
    lathe_real *images = aligned_alloc(64, stored * sizeof *images);
    lathe_rng rng = lathe_rng_at(3, 1, (uint64_t)whole);
    for (size_t i = 0; i < stored; i++) images[i] = (lathe_real)lathe_rng_normal(&rng);
    int tails = (whole + 15) / 16 * 16 - whole;
    for (size_t f = 0; f < FEATURES; f++)
        for (int lane = 16 - tails; lane < 16; lane++)
            images[stored - FEATURES * 16 + f * 16 + (size_t)lane] = 0;
    return images;
}

static void test_any_processes_find_the_bits_of_one(void **state)
{
    (void)state;
    static const int wholes[] = { 1, 16, 17, 40, 100, 200 };
    static shared_job one, many;
    for (int i = 0; i < 6; i++) {
        lathe_real *images = random_images(wholes[i]);
        one = (shared_job){ .whole = wholes[i], .size = 1, .work = 1e6, .images = images };
        ranks_run(1, shared_body, &one);
        assert_int_equal(one.status[0], LATHE_OK);
        for (int size = 1; size <= 5; size++)
            for (int work = 0; work < 2; work++) { /* one task, and one a leaf: the bits are the same */
                many = (shared_job){ .whole = wholes[i],
                    .size = size,
                    .work = work ? 1 : 1e6,
                    .images = images };
                ranks_run(size, shared_body, &many);
                for (int rank = 0; rank < size; rank++) {
                    assert_int_equal(many.status[rank], LATHE_OK);
                    assert_memory_equal(many.grad[rank], one.grad[0], sizeof one.grad[0]);
                    assert_memory_equal(&many.sum[rank], &one.sum[0], sizeof one.sum[0]);
                }
            }
        free(images);
    }
}

/* ---- mistakes ------------------------------------------------------------------------------------------ */

typedef struct mistake_job {
    lathe_status status[2][3];
    char message[3][LATHE_MESSAGE_SIZE];
} mistake_job;

static void note(mistake_job *job, int rank, int at, const lathe_tape *tape)
{
    job->status[rank][at] = lathe_tape_status(tape);
    snprintf(job->message[at], sizeof job->message[at], "%s", lathe_tape_message(tape));
    lathe_error_clear();
}

/* A part that is another process's, an operation that mixes pictures, a reduce that is missing. */
static void mistaken_body(int rank, lathe_context *context, void *of)
{
    mistake_job *job = of;
    static _Alignas(64) lathe_real images[32 * FEATURES];
    lathe_batch all = { .size = 32, .channels = FEATURES, .height = 1, .width = 1, .images = images };
    lathe_batch mine = ranks_batch(&all, rank, 2), other = ranks_batch(&all, 1 - rank, 2);
    lathe_params *params = params_of(FEATURES);
    params->tensor[0]->needs_grad = true;
    lathe_tape *tape = lathe_tape_new(context);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_input(tape, &other);
    note(job, rank, 0, tape);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_max_dims(lathe_input(tape, &mine), (int[]){ 0 }, 1, false);
    note(job, rank, 1, tape);
    lathe_tape_begin(tape, LATHE_TRAIN);
    double sum;
    lathe_tensor *y = lathe_apply(&sum_op, (lathe_tensor *[]){ lathe_input(tape, &mine), params->tensor[0] },
        2, &(sum_attributes){ &sum, 1 });
    lathe_real gy[16 * FEATURES] = { 0 };
    lathe_backward_from(y, gy, 16 * FEATURES);
    lathe_tape_begin(tape, LATHE_TRAIN);
    note(job, rank, 2, tape);
    lathe_tape_free(tape);
    params_free(params);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    static mistake_job job;
    ranks_run(2, mistaken_body, &job);
    for (int rank = 0; rank < 2; rank++) {
        assert_int_equal(job.status[rank][0], LATHE_EARG);
        assert_int_equal(job.status[rank][1], LATHE_ESTATE);
        assert_int_equal(job.status[rank][2], LATHE_ESTATE);
    }
    assert_non_null(strstr(job.message[0], "and process"));
    assert_non_null(strstr(job.message[1], "mixes the pictures of a batch, and this process has 16 of 32"));
    assert_non_null(strstr(job.message[2], "call lathe_context_reduce"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_tree_is_the_documented_one),
        cmocka_unit_test(test_nodes_of_any_processes_are_one_tree),
        cmocka_unit_test(test_shards_are_all_pictures_once),
        cmocka_unit_test(test_any_processes_find_the_bits_of_one),
        cmocka_unit_test(test_mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
