/* Norms, broadcasts and dropout of a batch that processes share: the bits that one process finds. */
#include <string.h>

#include "support/params.h"
#include "support/ranks.h"

enum { CHANNELS = 20, WEIGHT = 0, BIAS, MEAN, VARIANCE, PARAMS, MOST_RANKS = 5 };

/* An operation of x and parameters, whose shapes it may change. */
typedef lathe_tensor *applied(lathe_tensor *x, lathe_tensor *const *p);

static void reshape(lathe_tensor *p, lathe_shape shape) { p->shape = shape; }

static lathe_tensor *batch_norm(lathe_tensor *x, lathe_tensor *const *p)
{
    return lathe_batch_norm_relu(x, p[WEIGHT], p[BIAS], p[MEAN], p[VARIANCE], NULL);
}

extern const lathe_op lathe_batch_norm_add_relu_op;

static lathe_tensor *batch_norm_add_relu(lathe_tensor *x, lathe_tensor *const *p)
{
    lathe_tensor *in[] = { x, p[WEIGHT], p[BIAS], p[MEAN], p[VARIANCE], lathe_tanh(x) };
    return lathe_apply(&lathe_batch_norm_add_relu_op, in, 6, NULL);
}

/* Two of them: the second one's gradient is the first one's gy. */
static lathe_tensor *batch_norms(lathe_tensor *x, lathe_tensor *const *p)
{
    lathe_tensor *y = lathe_batch_norm(x, p[WEIGHT], NULL, p[MEAN], p[VARIANCE], NULL);
    return lathe_batch_norm(y, NULL, p[BIAS], p[MEAN], p[VARIANCE],
        &(lathe_batch_norm_opts){ .momentum = 0.3 });
}

static lathe_tensor *frozen_norm(lathe_tensor *x, lathe_tensor *const *p)
{
    return lathe_batch_norm(x, p[WEIGHT], p[BIAS], p[MEAN], p[VARIANCE],
        &(lathe_batch_norm_opts){ .frozen = true });
}

static lathe_tensor *group_norm(lathe_tensor *x, lathe_tensor *const *p)
{
    return lathe_group_norm(x, p[WEIGHT], p[BIAS], &(lathe_group_norm_opts){ .groups = 5 });
}

static lathe_tensor *instance_norm(lathe_tensor *x, lathe_tensor *const *p)
{
    return lathe_instance_norm(x, p[WEIGHT], p[BIAS], 1e-5);
}

static lathe_tensor *layer_norm2d(lathe_tensor *x, lathe_tensor *const *p)
{
    return lathe_layer_norm2d(x, p[WEIGHT], p[BIAS], 1e-5);
}

static lathe_tensor *layer_norm(lathe_tensor *x, lathe_tensor *const *p)
{
    const int *dim = x->shape.dim;
    for (int i = 0; i < 2; i++) reshape(p[i], (lathe_shape){ 3, { dim[1], dim[2], dim[3] } });
    return lathe_layer_norm(x, p[WEIGHT], p[BIAS], NULL);
}

static lathe_tensor *prelu(lathe_tensor *x, lathe_tensor *const *p) { return lathe_prelu(x, p[WEIGHT]); }

static lathe_tensor *prelu_of_one(lathe_tensor *x, lathe_tensor *const *p)
{
    reshape(p[WEIGHT], (lathe_shape){ 1, { 1 } });
    return lathe_prelu(x, p[WEIGHT]);
}

static lathe_tensor *of_channels(lathe_tensor *x, lathe_tensor *const *p)
{
    return lathe_add(lathe_mul(x, p[WEIGHT]), p[BIAS]);
}

/* A number for each place of a picture, and one for each of its rows in all channels. */
static lathe_tensor *of_places(lathe_tensor *x, lathe_tensor *const *p)
{
    const int *dim = x->shape.dim;
    reshape(p[WEIGHT], (lathe_shape){ 3, { dim[1], dim[2], dim[3] } });
    reshape(p[BIAS], (lathe_shape){ 4, { 1, 1, dim[2], 1 } });
    return lathe_add_relu(lathe_mul(x, p[WEIGHT]), p[BIAS]);
}

static lathe_tensor *of_one_number(lathe_tensor *x, lathe_tensor *const *p)
{
    reshape(p[WEIGHT], (lathe_shape){ 0 });
    reshape(p[BIAS], (lathe_shape){ 1, { 1 } });
    return lathe_add(lathe_mul(x, p[WEIGHT]), p[BIAS]);
}

/* What the small one is computed from: a parameter, whose gradient all processes then finish alike. */
static lathe_tensor *of_computed(lathe_tensor *x, lathe_tensor *const *p)
{
    lathe_tensor *x2 = lathe_mul(x, p[BIAS]); /* so that the scale has a tape */
    return lathe_mul(x2, lathe_add(p[WEIGHT], lathe_tape_leaf(x->tape, LATHE_PLAIN, p[WEIGHT]->shape, NULL)));
}

/* A factor for each channel of each picture. */
static lathe_tensor *of_pictures(lathe_tensor *x, lathe_tensor *const *p)
{
    lathe_tensor *mean = lathe_mean_dims(lathe_mul(x, p[WEIGHT]), (int[]){ 2, 3 }, 2, true);
    return lathe_mul(x, lathe_sigmoid(mean));
}

static lathe_tensor *dropout(lathe_tensor *x, lathe_tensor *const *p)
{
    return lathe_dropout(lathe_dropout(lathe_mul(x, p[WEIGHT]), 0.4), 0.2);
}

static lathe_tensor *depth(lathe_tensor *x, lathe_tensor *const *p)
{
    lathe_tensor *y = lathe_stochastic_depth(lathe_mul(x, p[WEIGHT]), 0.4, LATHE_DEPTH_ROW);
    return lathe_add(x, lathe_stochastic_depth(y, 0.1, LATHE_DEPTH_BATCH));
}

static lathe_tensor *response_norm(lathe_tensor *x, lathe_tensor *const *p)
{
    return lathe_local_response_norm(lathe_mul(x, p[WEIGHT]), NULL);
}

static const struct {
    const char *name;
    applied *apply;
} cases[] = { { "batch_norm_relu", batch_norm }, { "batch_norm_add_relu", batch_norm_add_relu },
    { "two batch norms", batch_norms }, { "frozen batch norm", frozen_norm }, { "group_norm", group_norm },
    { "instance_norm", instance_norm }, { "layer_norm2d", layer_norm2d }, { "layer_norm", layer_norm },
    { "prelu", prelu }, { "prelu of one slope", prelu_of_one }, { "a number a channel", of_channels },
    { "a number a place", of_places }, { "one number", of_one_number }, { "a computed scale", of_computed },
    { "a number a picture", of_pictures }, { "dropout", dropout }, { "stochastic depth", depth },
    { "local_response_norm", response_norm } };

/* What a case leaves: outputs and gradients of all pictures, and of each process its parameters. */
typedef struct result {
    lathe_real *y, *gx; /* [whole, C, H, W] */
    lathe_real *parameters[MOST_RANKS], *grads[MOST_RANKS];
    lathe_status status[MOST_RANKS];
} result;

typedef struct shared_job {
    int size, which;
    lathe_batch all;
    const lathe_real *gy;
    result *result;
} shared_job;

static size_t picture_of(const lathe_batch *b)
{
    return (size_t)b->channels * (size_t)b->height * (size_t)b->width;
}

/* Slabs of parameters, each with the numbers of a picture, of which most cases use one for each channel. */
static lathe_params *odd_params(const lathe_batch *b)
{
    int per = (int)picture_of(b);
    lathe_params *params = params_new((int[]){ per, per, per, per }, PARAMS);
    fill_normal(params->data, params->size, 5);
    for (int i = 0; i < PARAMS; i++) {
        lathe_tensor *p = params->tensor[i];
        reshape(p, (lathe_shape){ 1, { b->channels } });
        p->needs_grad = i < MEAN;
        p->has_grad = false;
        for (int k = 0; i == VARIANCE && k < per; k++) p->data[k] = p->data[k] * p->data[k] + 1;
    }
    return params;
}

static void shared_body(int rank, lathe_context *context, void *of)
{
    shared_job *job = of;
    result *r = job->result;
    lathe_batch mine = ranks_batch(&job->all, rank, job->size);
    size_t per = picture_of(&mine), at = (size_t)mine.first * per, count = (size_t)mine.size * per;
    lathe_params *params = odd_params(&mine);
    lathe_tape *tape = lathe_tape_new(context);
    lathe_tape_seed(tape, 11, 3);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_input(tape, &mine);
    if (x) x->needs_grad = true;
    lathe_tensor *y = cases[job->which].apply(x, params->tensor);
    if (y && !mine.silent) lathe_tensor_read(y, r->y + at, count);
    if (y) lathe_backward_from(y, job->gy + at, count);
    lathe_status reduced = lathe_context_reduce(context);
    if (x && !mine.silent) lathe_tensor_read_grad(x, r->gx + at, count);
    r->status[rank] = lathe_tape_status(tape) ? lathe_tape_status(tape) : reduced;
    memcpy(r->parameters[rank], params->data, params->size * sizeof *params->data);
    memcpy(r->grads[rank], params->grad, params->size * sizeof *params->grad);
    lathe_tape_free(tape);
    params_free(params);
}

static lathe_real *numbers(size_t count, uint64_t seed)
{
    lathe_real *values = aligned_alloc(64, (count * sizeof *values + 63) / 64 * 64);
    assert_non_null(values);
    if (seed) fill_normal(values, count, seed);
    else memset(values, 0, count * sizeof *values);
    return values;
}

static void result_free(result *r)
{
    free(r->y), free(r->gx);
    for (int rank = 0; rank < MOST_RANKS; rank++) free(r->parameters[rank]), free(r->grads[rank]);
}

static void assert_same_bits(const shared_job *job, const char *what, const lathe_real *got,
    const lathe_real *want, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(got + i, want + i, sizeof *got))
            fail_msg("%s, %d pictures%s, %d processes: %s: number %zu is %.9g, and %.9g in one process",
                cases[job->which].name, job->all.size, job->all.plain ? " in channels" : "", job->size, what,
                i, (double)got[i], (double)want[i]);
}

/* job->size processes of one thread each, or one process of several threads. */
static result run(shared_job *job, size_t slab, int threads)
{
    size_t count = (size_t)job->all.size * picture_of(&job->all);
    result r = { .y = numbers(count, 0), .gx = numbers(count, 0) };
    for (int rank = 0; rank < MOST_RANKS; rank++)
        r.parameters[rank] = numbers(slab, 0), r.grads[rank] = numbers(slab, 0);
    job->result = &r;
    if (threads > 1) {
        lathe_context *context = lathe_context_new(&(lathe_context_opts){ .threads = threads });
        shared_body(0, context, job);
        lathe_context_free(context);
    } else ranks_run(job->size, shared_body, job);
    for (int rank = 0; rank < job->size; rank++)
        if (r.status[rank]) fail_msg("%s: %s", cases[job->which].name, lathe_status_name(r.status[rank]));
    return r;
}

/* A batch of `whole` pictures of normal numbers. Its images are to be freed. */
static lathe_batch batch_of(int whole, int channels, int height, int width, bool plain)
{
    lathe_batch all = { .size = whole,
        .channels = channels,
        .height = height,
        .width = width,
        .plain = plain };
    lathe_shape shape = { 4, { whole, channels, height, width } };
    lathe_tensor like = { .shape = shape, .layout = plain ? LATHE_PLAIN : LATHE_BATCHED };
    size_t count = lathe_shape_count(&shape);
    lathe_real *images = numbers(lathe_shape_stored(&shape, like.layout), 0), *values = numbers(count, 9);
    for (size_t i = 0; i < count; i++) images[lathe_tensor_place(&like, i)] = values[i];
    free(values);
    all.images = images;
    return all;
}

static void assert_all_alike(int which, const lathe_batch *all, const int *sizes, int count)
{
    size_t per = picture_of(all), pictures = (size_t)all->size * per;
    lathe_params *params = odd_params(all);
    size_t slab = params->size;
    params_free(params);
    lathe_real *gy = numbers(pictures, 13);
    shared_job job = { .size = 1, .which = which, .all = *all, .gy = gy };
    result one = run(&job, slab, 1);
    for (int i = 0; i <= count; i++) {
        job.size = i < count ? sizes[i] : 1;
        result many = run(&job, slab, i < count ? 1 : 3);
        assert_same_bits(&job, "y", many.y, one.y, pictures);
        assert_same_bits(&job, "gx", many.gx, one.gx, pictures);
        for (int rank = 0; rank < job.size; rank++) {
            assert_same_bits(&job, "parameters", many.parameters[rank], one.parameters[0], slab);
            assert_same_bits(&job, "gradients", many.grads[rank], one.grads[0], slab);
        }
        result_free(&many);
    }
    result_free(&one);
    free(gy);
}

static void any_processes_find_the_bits_of_one(void **state)
{
    (void)state;
    static const int wholes[] = { 1, 5, 16, 17, 40, 100 }, sizes[] = { 2, 3, 5 };
    for (int i = 0; i < 6; i++)
        for (int plain = 0; plain < 2; plain++) {
            lathe_batch all = batch_of(wholes[i], i % 2 ? 10 : CHANNELS, 3, 5, plain);
            for (int which = 0; which < (int)(sizeof cases / sizeof *cases); which++)
                assert_all_alike(which, &all, sizes, 3);
            free((void *)(uintptr_t)all.images);
        }
}

/* Planes that are cut into pieces, and pieces of more than one task. */
static void large_pictures_too(void **state)
{
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        lathe_batch all = batch_of(19, CHANNELS, 47, 48, plain);
        for (int which = 0; which < (int)(sizeof cases / sizeof *cases); which++)
            assert_all_alike(which, &all, (int[]){ 2 }, 1);
        free((void *)(uintptr_t)all.images);
    }
}

/* ---- mistakes ------------------------------------------------------------------------------------------ */

typedef struct mistake_job {
    char message[2][2][LATHE_MESSAGE_SIZE];
} mistake_job;

/* Numbers of this process's pictures that do not say so, and a batch of one number a channel. */
static void mistaken_body(int rank, lathe_context *context, void *of)
{
    mistake_job *job = of;
    static const _Alignas(64) lathe_real images[32 * CHANNELS];
    lathe_batch all = { .size = 32, .channels = CHANNELS, .height = 1, .width = 1, .images = images };
    lathe_tape *tape = lathe_tape_new(context);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_batch mine = ranks_batch(&all, rank, 2);
    lathe_tensor *x = lathe_input(tape, &mine);
    lathe_add(x, lathe_tape_leaf(tape, LATHE_BATCHED, x->shape, NULL));
    snprintf(job->message[rank][0], LATHE_MESSAGE_SIZE, "%s", lathe_tape_message(tape));
    lathe_params *params = odd_params(&all);
    all.size = 1;
    mine = ranks_batch(&all, rank, 2);
    lathe_tape_begin(tape, LATHE_TRAIN);
    batch_norm(lathe_input(tape, &mine), params->tensor);
    snprintf(job->message[rank][1], LATHE_MESSAGE_SIZE, "%s", lathe_tape_message(tape));
    lathe_error_clear();
    lathe_tape_free(tape);
    params_free(params);
}

static void mistakes_are_told(void **state)
{
    (void)state;
    static mistake_job job;
    ranks_run(2, mistaken_body, &job);
    for (int rank = 0; rank < 2; rank++) {
        assert_string_equal(job.message[rank][0],
            "lathe_add: a [16, 20, 1, 1] is of the pictures that this process has of a batch, "
            "b [16, 20, 1, 1] is not");
        assert_non_null(strstr(job.message[rank][1], "one number a channel has no variance"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_processes_find_the_bits_of_one),
        cmocka_unit_test(large_pictures_too),
        cmocka_unit_test(mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
