/*
 * The speed of operations that mostly move memory, forward and backward, and of the optimizers' updates,
 * beside the memory's rate:
 *
 *     bench_ops [threads [repetitions [part of a name]]]
 *
 * GB/s count each tensor that is read or written once. The best of the repetitions is shown.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef lathe_tensor *operation(lathe_tensor *x);

static lathe_tensor *max_pool(lathe_tensor *x)
{
    return lathe_max_pool2d(x, &(lathe_pool_opts){ .kernel = 2 });
}
static lathe_tensor *relu_max_pool(lathe_tensor *x)
{
    return lathe_relu_max_pool2d(x, &(lathe_pool_opts){ .kernel = 2 });
}
static lathe_tensor *avg_pool(lathe_tensor *x)
{
    return lathe_avg_pool2d(x, &(lathe_pool_opts){ .kernel = 3, .stride = 2 });
}
static lathe_tensor *mean(lathe_tensor *x) { return lathe_adaptive_avg_pool2d(x, 1, 1); }
static lathe_tensor *nearest(lathe_tensor *x)
{
    return lathe_upsample(x, 2 * x->shape.dim[2], 2 * x->shape.dim[3], NULL);
}
static lathe_tensor *add(lathe_tensor *x) { return lathe_add(x, x); }
static lathe_tensor *twice(lathe_tensor *x) { return lathe_concat((lathe_tensor *[]){ x, x }, 2); }

static lathe_tensor *bilinear(lathe_tensor *x)
{
    return lathe_upsample(x, 2 * x->shape.dim[2], 2 * x->shape.dim[3],
        &(lathe_upsample_opts){ .mode = LATHE_UPSAMPLE_BILINEAR });
}

static lathe_tensor *batch_norm(lathe_tensor *x)
{
    lathe_shape channels = { 1, { x->shape.dim[1] } };
    lathe_tensor *plain[4];
    for (int i = 0; i < 4; i++) plain[i] = bench_leaf(x->tape, LATHE_PLAIN, channels);
    return lathe_batch_norm(x, plain[0], plain[1], plain[2], plain[3], NULL);
}

static const struct {
    const char *name;
    operation *run;
} operations[] = {
    { "max_pool2d 2x2", max_pool },
    { "relu, max_pool2d 2x2", relu_max_pool },
    { "avg_pool2d 3x3, stride 2", avg_pool },
    { "mean of each channel", mean },
    { "batch_norm", batch_norm },
    { "relu", lathe_relu },
    { "gelu", lathe_gelu },
    { "silu", lathe_silu },
    { "sigmoid", lathe_sigmoid },
    { "add", add },
    { "concat", twice },
    { "softmax", lathe_softmax },
    { "upsample nearest", nearest },
    { "upsample bilinear", bilinear },
};

static const lathe_shape shapes[] = { { 4, { 128, 6, 28, 28 } }, { 4, { 128, 32, 32, 32 } } };

static void bench_operation(lathe_tape *tape, const char *name, operation *run, lathe_shape shape,
    int repetitions)
{
    double best[2] = { 1e9, 1e9 }, bytes[2] = { 0, 0 };
    for (int i = 0; i < repetitions; i++) {
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tensor *x = bench_leaf(tape, LATHE_BATCHED, shape);
        double start = bench_now();
        lathe_tensor *y = run(x);
        double seconds = bench_now() - start;
        if (seconds < best[0]) best[0] = seconds;
        bool present;
        bench_fill(lathe_grad_target(tape, y, &present), y->stored);
        memset(lathe_grad_target(tape, x, &present), 0,
            x->stored * sizeof *x->grad); /* in memory before it is timed */
        x->has_grad = false;
        const lathe_node *node = lathe_tape_newest(tape);
        start = bench_now();
        node->op->backward((lathe_node *)node);
        seconds = bench_now() - start;
        if (seconds < best[1]) best[1] = seconds;
        bytes[0] = (double)(x->stored + y->stored) * sizeof(lathe_real);
        bytes[1] = (double)(2 * x->stored + y->stored) * sizeof(lathe_real);
    }
    char text[LATHE_SHAPE_TEXT];
    printf("%-26s %-20s %9.3f %7.1f %9.3f %7.1f\n", name, lathe_shape_text(&shape, text), 1e3 * best[0],
        bytes[0] / best[0] * 1e-9, 1e3 * best[1], bytes[1] / best[1] * 1e-9);
}

/* An optimizer's step over a linear layer of `features` squared weights. */
static void bench_optimizer(const lathe_optim_type *type, int features, int repetitions)
{
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_linear(model, features, features, &(lathe_nn_linear_opts){ .no_bias = true });
    lathe_nn_init(net, 1);
    const lathe_params *params = lathe_nn_params(net);
    lathe_optim *optim = lathe_optim_new(type, params, NULL);
    bench_fill(params->grad, params->size);
    double best = 1e9;
    int slots = 0;
    while (lathe_optim_slot(optim, slots)) slots++;
    for (int i = 0; i < repetitions; i++) {
        params->tensor[0]->has_grad = true;
        double start = bench_now();
        lathe_optim_step(optim);
        double seconds = bench_now() - start;
        if (seconds < best) best = seconds;
    }
    printf("%-26s %9d numbers    %9.3f %7.1f\n", type->name, features * features, 1e3 * best,
        (3.0 + 2 * slots) * features * features * sizeof(lathe_real) / best * 1e-9);
    lathe_optim_free(optim);
    lathe_model_free(model);
}

int main(int count, char **arguments)
{
    lathe_on_error(lathe_die);
    lathe_threads_set(NULL, count > 1 ? atoi(arguments[1]) : 1);
    int repetitions = count > 2 ? atoi(arguments[2]) : 10;
    const char *part = count > 3 ? arguments[3] : "";
    printf("lathe %s, %s kernels, %d thread%s, memory %.1f GB/s\n", lathe_version(), lathe_isa(),
        lathe_threads(NULL), lathe_threads(NULL) == 1 ? "" : "s", lathe_memory_gbs());
    printf("%-26s %-20s %9s %7s %9s %7s\n", "", "", "forward", "GB/s", "backward", "GB/s");
    lathe_tape *tape = lathe_tape_new(NULL);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
            if (strstr(operations[i].name, part))
                bench_operation(tape, operations[i].name, operations[i].run, shapes[s], repetitions);
    lathe_tape_free(tape);
    for (int i = 0; lathe_optim_at(i); i++) {
        const lathe_optim_type *type = lathe_optim_at(i);
        if (!type->scratch && strstr(type->name, part)) bench_optimizer(type, 700, repetitions);
    }
    return 0;
}
