/* Convolutions of a batch that processes share: the bits of one process, with images abreast. */
#include <string.h>

#include "support/params.h"
#include "support/ranks.h"

enum { MOST_RANKS = 5, MOST_NUMBERS = 1 << 15 };

/* Channels and filters are those of x and y; direct kernels where `direct`. */
typedef struct setup {
    const char *what;
    int channels, height, width, filters, kernel_height, kernel_width, stride, padding, groups;
    bool transposed, direct;
} setup;

static const setup setups[] = {
    { "direct", 3, 7, 6, 10, 3, 3, 1, 1, 1, false, false },
    { "of five by five", 2, 9, 8, 5, 5, 5, 1, 2, 1, false, false },
    { "of one column", 4, 5, 6, 9, 3, 1, 1, 0, 1, false, false },
    { "pointwise", 37, 3, 3, 20, 1, 1, 1, 0, 1, false, false },
    { "with a stride", 6, 9, 9, 12, 3, 3, 2, 1, 1, false, false },
    { "in groups", 12, 5, 4, 18, 3, 3, 1, 1, 3, false, false },
    { "of each channel", 9, 6, 5, 9, 3, 3, 1, 1, 9, false, false },
    { "of each channel, with a stride", 3, 7, 9, 3, 5, 5, 2, 2, 3, false, false },
    { "by tiles", 16, 5, 4, 32, 3, 3, 1, 1, 1, false, false },
    { "by tiles, parts that differ", 70, 3, 3, 44, 3, 3, 1, 1, 1, false, false },
    { "without tiles", 16, 5, 4, 32, 3, 3, 1, 1, 1, false, true },
    { "transposed", 6, 4, 3, 4, 4, 4, 2, 1, 2, true, false },
    { "transposed, by tiles", 32, 4, 3, 16, 3, 3, 1, 1, 1, true, false },
};

/* What each process of `size` has found: its part of y and of gx, and the gradients of all pictures. */
typedef struct shared_job {
    const setup *s;
    int whole, size;
    const lathe_real *images;
    size_t stored[MOST_RANKS], first[MOST_RANKS]; /* blocks of sixteen pictures */
    lathe_real *y[MOST_RANKS], *gx[MOST_RANKS];
    lathe_real gw[MOST_RANKS][MOST_NUMBERS], gbias[MOST_RANKS][64];
    size_t weights, x_block, y_block;
    lathe_status status[MOST_RANKS];
} shared_job;

static lathe_tensor *convolve(const setup *s, lathe_tensor *x, lathe_tensor *w, lathe_tensor *bias)
{
    if (s->transposed)
        return lathe_conv_transpose2d(x, w, bias,
            &(lathe_conv_transpose2d_opts){ .stride = s->stride,
                .padding = s->padding,
                .groups = s->groups });
    return lathe_conv2d(x, w, bias,
        &(lathe_conv2d_opts){ .stride = s->stride, .padding = s->padding, .groups = s->groups });
}

static lathe_params *new_params(const setup *s)
{
    int outer = s->transposed ? s->channels : s->filters, inner = s->transposed ? s->filters : s->channels;
    lathe_shape shape = { 4, { outer, inner / s->groups, s->kernel_height, s->kernel_width } };
    int weights = (int)lathe_shape_count(&shape);
    lathe_params *params = params_new((const int[]){ weights, s->filters }, 2);
    params->tensor[0]->shape = shape;
    fill_normal(params->tensor[0]->data, (size_t)weights, 7);
    fill_normal(params->tensor[1]->data, (size_t)s->filters, 8);
    params->tensor[0]->has_grad = params->tensor[1]->has_grad = false;
    return params;
}

/* The gradient of y, of a number for each picture of the whole batch. */
static lathe_real *new_gradient(const lathe_tensor *y, int first)
{
    size_t picture = lathe_shape_count(&y->shape) / (size_t)y->shape.dim[0];
    lathe_real *gy = lathe_alloc(lathe_shape_count(&y->shape), sizeof *gy);
    for (int i = 0; i < y->shape.dim[0]; i++)
        fill_normal(gy + (size_t)i * picture, picture, 100 + (uint64_t)(first + i));
    return gy;
}

static lathe_real *copy_of(const lathe_real *from, size_t count)
{
    lathe_real *copy = lathe_alloc(count, sizeof *copy);
    memcpy(copy, from, count * sizeof *copy);
    return copy;
}

/* The operation is used twice with the same parameters. */
static void shared_body(int rank, lathe_context *context, void *of)
{
    shared_job *job = of;
    const setup *s = job->s;
    if (s->direct) lathe_context_set_conv(context, LATHE_CONV_DIRECT);
    lathe_params *params = new_params(s);
    lathe_tape *tape = lathe_tape_new(context);
    lathe_batch all = { .size = job->whole,
        .channels = s->channels,
        .height = s->height,
        .width = s->width,
        .images = job->images };
    lathe_batch mine = ranks_batch(&all, rank, job->size);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_input(tape, &mine);
    x->needs_grad = x->keep_grad = true;
    lathe_tensor *y = convolve(s, x, params->tensor[0], params->tensor[1]);
    y = lathe_add(y, convolve(s, x, params->tensor[0], params->tensor[1]));
    lathe_real *gy = new_gradient(y, mine.first);
    lathe_backward_from(y, gy, lathe_shape_count(&y->shape));
    lathe_context_reduce(context);
    job->status[rank] = lathe_tape_status(tape);
    job->first[rank] = (size_t)mine.first / LATHE_LANES;
    job->stored[rank] = (size_t)(mine.size + LATHE_LANES - 1) / LATHE_LANES;
    job->x_block = x->stored / job->stored[rank];
    job->y_block = y->stored / job->stored[rank];
    job->weights = params->tensor[0]->stored;
    job->y[rank] = copy_of(y->data, y->stored);
    job->gx[rank] = copy_of(x->grad, x->stored);
    memcpy(job->gw[rank], params->tensor[0]->grad, job->weights * sizeof(lathe_real));
    memcpy(job->gbias[rank], params->tensor[1]->grad, (size_t)s->filters * sizeof(lathe_real));
    lathe_free(gy);
    lathe_tape_free(tape);
    params_free(params);
}

static void free_results(shared_job *job)
{
    for (int rank = 0; rank < job->size; rank++) {
        lathe_free(job->y[rank]);
        lathe_free(job->gx[rank]);
    }
}

static lathe_real *new_images(const setup *s, int whole)
{
    lathe_shape shape = { 4, { whole, s->channels, s->height, s->width } };
    size_t count = lathe_shape_count(&shape), stored = lathe_shape_stored(&shape, LATHE_BATCHED);
    lathe_real *values = lathe_alloc(count, sizeof *values), *images = lathe_alloc(stored, sizeof *images);
    fill_normal(values, count, (uint64_t)whole);
    lathe_tensor x = { .shape = shape, .layout = LATHE_BATCHED, .stored = stored, .data = images };
    for (size_t i = 0; i < count; i++) images[lathe_tensor_place(&x, i)] = values[i];
    lathe_free(values);
    return images;
}

static void assert_same(const shared_job *many, const shared_job *one)
{
    size_t weights = one->weights * sizeof(lathe_real), x = one->x_block, y = one->y_block;
    for (int rank = 0; rank < many->size; rank++) {
        size_t first = many->first[rank], stored = many->stored[rank];
        assert_int_equal(many->status[rank], LATHE_OK);
        assert_memory_equal(many->gw[rank], one->gw[0], weights);
        assert_memory_equal(many->gbias[rank], one->gbias[0], (size_t)one->s->filters * sizeof(lathe_real));
        assert_memory_equal(many->y[rank], one->y[0] + first * y, stored * y * sizeof(lathe_real));
        assert_memory_equal(many->gx[rank], one->gx[0] + first * x, stored * x * sizeof(lathe_real));
    }
}

static void test_any_processes_find_the_bits_of_one(void **state)
{
    (void)state;
    static const int wholes[] = { 1, 16, 17, 40, 100, 150 }, sizes[] = { 2, 3, 5 };
    static shared_job one, many;
    for (size_t i = 0; i < sizeof setups / sizeof *setups; i++)
        for (size_t n = 0; n < sizeof wholes / sizeof *wholes; n++) {
            lathe_real *images = new_images(&setups[i], wholes[n]);
            one = (shared_job){ .s = &setups[i], .whole = wholes[n], .size = 1, .images = images };
            ranks_run(1, shared_body, &one);
            assert_int_equal(one.status[0], LATHE_OK);
            for (int k = 0; k < 3; k++) {
                many =
                    (shared_job){ .s = &setups[i], .whole = wholes[n], .size = sizes[k], .images = images };
                ranks_run(sizes[k], shared_body, &many);
                assert_same(&many, &one);
                free_results(&many);
            }
            free_results(&one);
            lathe_free(images);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_any_processes_find_the_bits_of_one) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
