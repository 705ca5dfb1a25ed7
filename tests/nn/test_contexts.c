/* Two contexts in one process: each gives the bits that it gives alone. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

enum { BATCH = 33, STEPS = 4 };

typedef struct training {
    lathe_context *context;
    lathe_real *numbers; /* the parameters at the end */
    size_t size;
    bool failed;
} training;

/* A LeNet's parameters after some steps with clipping. */
static void *train(void *context)
{
    training *t = context;
    int labels[BATCH];
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, "lenet5", NULL);
    lathe_nn_init(net, 3);
    lathe_shape shape = { 4, { BATCH, 1, 28, 28 } };
    lathe_real *pixels = malloc(lathe_shape_count(&shape) * sizeof *pixels);
    fill_normal(pixels, lathe_shape_count(&shape), 4);
    for (int i = 0; i < BATCH; i++) labels[i] = i % 10;
    const lathe_params *params = lathe_nn_params(net);
    lathe_optim *optim = lathe_optim_adamw(params, NULL);
    lathe_optim_set_context(optim, t->context);
    lathe_tape *tape = lathe_tape_new(t->context);
    for (int step = 0; step < STEPS; step++) {
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_optim_zero_grad(optim);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, shape, pixels);
        t->failed |= lathe_backward(lathe_cross_entropy(lathe_nn_forward(net, x), labels, NULL)) != LATHE_OK;
        lathe_optim_clip_norm(optim, 1);
        t->failed |= lathe_optim_step(optim) != LATHE_OK;
    }
    t->size = params->size;
    t->numbers = malloc(t->size * sizeof *t->numbers);
    memcpy(t->numbers, params->data, t->size * sizeof *t->numbers);
    free(pixels);
    lathe_tape_free(tape);
    lathe_optim_free(optim);
    lathe_model_free(model);
    return NULL;
}

static void two_contexts_side_by_side(void **state)
{
    (void)state;
    lathe_context *contexts[2] = { lathe_context_new(&(lathe_context_opts){ .threads = 3, .isa = "base" }),
        lathe_context_new(&(lathe_context_opts){ .threads = 2 }) };
    training alone[2], together[2];
    pthread_t thread[2];
    for (int i = 0; i < 2; i++) {
        assert_non_null(contexts[i]);
        alone[i] = together[i] = (training){ .context = contexts[i] };
        train(&alone[i]);
    }
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&thread[i], NULL, train, &together[i]), 0);
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_join(thread[i], NULL), 0);
    for (int i = 0; i < 2; i++) {
        assert_false(alone[i].failed || together[i].failed);
        assert_memory_equal(alone[i].numbers, together[i].numbers, alone[i].size * sizeof(lathe_real));
    }
    if (strcmp(lathe_context_isa(contexts[1]), "base")) /* each has kernels of its own */
        assert_memory_not_equal(alone[0].numbers, alone[1].numbers, alone[0].size * sizeof(lathe_real));
    for (int i = 0; i < 2; i++) {
        free(alone[i].numbers), free(together[i].numbers);
        lathe_context_free(contexts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_contexts_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
