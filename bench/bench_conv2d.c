/*
 * The speed of convolutions and fully connected layers, one direction at a time, beside the FMA peak of the
 * same minute:
 *
 *     bench_conv2d [threads [repetitions [layout [batch [part of a name]]]]]
 *
 * layout: images (sixteen images abreast, the default) or channels; batch: 0 for each row's own. On channels
 * a first layer reads plain pictures, which need no gradient, and fully connected layers are left out.
 * A second row has a 3 x 3 or 5 x 5 layer's direct kernels, which --conv direct chooses.
 * GFLOP/s count 2 for each multiply-add of the full kernel at each result, also where taps fall outside the
 * image. The best of the repetitions is shown. A fully connected layer is a convolution whose image is one
 * pixel, run by lathe_linear.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench_support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct setup {
    const char *name;
    int batch, channels, size, filters, kernel, stride, padding, groups;
} setup;

static const setup setups[] = { { "LeNet 1 -> 6, 5x5 @28", 64, 1, 28, 6, 5, 1, 2, 1 },
    { "LeNet 6 -> 16, 5x5 @14", 64, 6, 14, 16, 5, 1, 0, 1 },
    { "mnistcnn 1 -> 32, 3x3 @28", 64, 1, 28, 32, 3, 1, 0, 1 },
    { "mnistcnn 32 -> 64, 3x3 @26", 32, 32, 26, 64, 3, 1, 0, 1 },
    { "cifar quick 3 -> 32, 5x5 @32", 32, 3, 32, 32, 5, 1, 2, 1 },
    { "cifar quick 32 -> 32, 5x5 @16", 64, 32, 16, 32, 5, 1, 2, 1 },
    { "cifar quick 32 -> 64, 5x5 @8", 64, 32, 8, 64, 5, 1, 2, 1 },
    { "ResNet 3 -> 16, 3x3 @32", 128, 3, 32, 16, 3, 1, 1, 1 },
    { "ResNet 16 -> 16, 3x3 @32", 128, 16, 32, 16, 3, 1, 1, 1 },
    { "ResNet 16 -> 32, 3x3/2 @32", 128, 16, 32, 32, 3, 2, 1, 1 },
    { "ResNet 32 -> 32, 3x3 @16", 128, 32, 16, 32, 3, 1, 1, 1 },
    { "ResNet 64 -> 64, 3x3 @8", 128, 64, 8, 64, 3, 1, 1, 1 },
    { "ResNet18 64 -> 64, 3x3 @32", 32, 64, 32, 64, 3, 1, 1, 1 },
    { "ResNet18 128 -> 128, 3x3 @16", 32, 128, 16, 128, 3, 1, 1, 1 },
    { "ResNet18 256 -> 256, 3x3 @8", 32, 256, 8, 256, 3, 1, 1, 1 },
    { "ResNet18 512 -> 512, 3x3 @4", 32, 512, 4, 512, 3, 1, 1, 1 },
    { "ResNet18 3 -> 64, 7x7/2 @224", 4, 3, 224, 64, 7, 2, 3, 1 },
    { "ResNet18 64 -> 64, 3x3 @56", 4, 64, 56, 64, 3, 1, 1, 1 },
    { "ResNet18 64 -> 128, 3x3/2 @56", 4, 64, 56, 128, 3, 2, 1, 1 },
    { "ResNet18 64 -> 128, 1x1/2 @56", 4, 64, 56, 128, 1, 2, 0, 1 },
    { "ResNet18 128 -> 128, 3x3 @28", 4, 128, 28, 128, 3, 1, 1, 1 },
    { "ResNet18 256 -> 256, 3x3 @14", 4, 256, 14, 256, 3, 1, 1, 1 },
    { "ResNet18 512 -> 512, 3x3 @7", 4, 512, 7, 512, 3, 1, 1, 1 },
    { "U-Net 3 -> 16, 3x3 @128", 2, 3, 128, 16, 3, 1, 1, 1 },
    { "U-Net 16 -> 16, 3x3 @128", 2, 16, 128, 16, 3, 1, 1, 1 },
    { "U-Net 96 -> 32, 3x3 @64", 2, 96, 64, 32, 3, 1, 1, 1 },
    { "U-Net 64 -> 64, 3x3 @32", 2, 64, 32, 64, 3, 1, 1, 1 },
    { "pointwise 32 -> 64 @32", 32, 32, 32, 64, 1, 1, 0, 1 },
    { "pointwise 64 -> 128 @16", 64, 64, 16, 128, 1, 1, 0, 1 },
    { "pointwise 128 -> 128 @16", 32, 128, 16, 128, 1, 1, 0, 1 },
    { "pointwise 256 -> 256 @8", 64, 256, 8, 256, 1, 1, 0, 1 },
    { "depthwise 32, 3x3 @112", 4, 32, 112, 32, 3, 1, 1, 32 },
    { "depthwise 64, 3x3/2 @112", 4, 64, 112, 64, 3, 2, 1, 64 },
    { "depthwise 512, 3x3 @14", 4, 512, 14, 512, 3, 1, 1, 512 },
    { "depthwise 64, 3x3/2 @32", 32, 64, 32, 64, 3, 2, 1, 64 },
    { "depthwise 64, 3x3 @16", 64, 64, 16, 64, 3, 1, 1, 64 },
    { "depthwise 128, 3x3/2 @16", 64, 128, 16, 128, 3, 2, 1, 128 },
    { "linear 400 -> 120", 64, 400, 1, 120, 0, 1, 0, 1 },
    { "linear 784 -> 512", 128, 784, 1, 512, 0, 1, 0, 1 },
    { "linear 512 -> 256", 128, 512, 1, 256, 0, 1, 0, 1 },
    { "linear 784 -> 512, batch 16", 16, 784, 1, 512, 0, 1, 0, 1 },
    { "linear 9216 -> 128", 32, 9216, 1, 128, 0, 1, 0, 1 } };

/* Seconds of the newest operation's backward, with a gradient wanted for input `wanted` alone. */
static double time_backward(lathe_tape *tape, int wanted)
{
    const lathe_node *node = lathe_tape_newest(tape);
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i]) node->in[i]->needs_grad = i == wanted;
    double start = bench_now();
    node->op->backward((lathe_node *)node);
    return bench_now() - start;
}

/* Few channels: those of pictures. */
static bool reads_pictures(const setup *s, lathe_layout layout)
{
    return layout == LATHE_CHANNELS && s->channels <= 3;
}

/* Seconds of forward, to data and to weights of one run. */
static void run(lathe_tape *tape, const setup *s, lathe_layout layout, double seconds[3])
{
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tape_layout(tape, layout);
    bool linear = !s->kernel, pictures = reads_pictures(s, layout);
    lathe_tensor *x = bench_leaf(tape, pictures ? LATHE_PLAIN : layout,
        (lathe_shape){ linear ? 2 : 4, { s->batch, s->channels, s->size, s->size } });
    x->pictures = pictures;
    x->needs_grad = !pictures;
    lathe_tensor *w = bench_leaf(tape, LATHE_PLAIN,
        (lathe_shape){ linear ? 2 : 4, { s->filters, s->channels / s->groups, s->kernel, s->kernel } });
    lathe_tensor *bias = bench_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { s->filters } });
    double start = bench_now();
    lathe_tensor *y = linear ?
        lathe_linear(x, w, bias) :
        lathe_conv2d(x, w, bias,
            &(lathe_conv2d_opts){ .stride = s->stride, .padding = s->padding, .groups = s->groups });
    seconds[0] = bench_now() - start;
    bool add;
    bench_fill(lathe_grad_target(tape, y, &add), y->stored);
    /* A first time: gradients that were never touched are not in memory yet. */
    for (int i = pictures; i < 2; i++) {
        bool present;
        lathe_tensor *in = i ? w : x;
        memset(lathe_grad_target(tape, in, &present), 0, in->stored * sizeof *in->grad);
        in->has_grad = false;
    }
    seconds[1] = pictures ? INFINITY : time_backward(tape, 0);
    seconds[2] = time_backward(tape, 1);
}

static double flops(const setup *s)
{
    int out = s->kernel ? (s->size + 2 * s->padding - s->kernel) / s->stride + 1 : 1,
        kernel = s->kernel ? s->kernel : 1;
    return 2.0 * s->batch * s->filters * (s->channels / s->groups) * kernel * kernel * out * out;
}

static void show(const setup *s, const char *name, double peak, const double best[3])
{
    printf("%-30s %5d %8.1f ", name, s->batch, peak);
    for (int j = 0; j < 3; j++) {
        double rate = flops(s) / best[j] * 1e-9;
        printf("  %7.1f (%3.0f%%)", rate, 100 * rate / peak);
    }
    printf("\n");
    fflush(stdout);
}

/* The best of several runs. Where there are two ways, they take turns. */
static void measure(lathe_tape *tape, const setup *s, lathe_layout layout, int repetitions)
{
    double best[2][3] = { { INFINITY, INFINITY, INFINITY }, { INFINITY, INFINITY, INFINITY } },
           peak = lathe_fma_peak_gflops();
    bool two =
        (s->kernel == 3 || (s->kernel == 5 && layout == LATHE_BATCHED)) && s->stride == 1 && s->groups == 1;
    for (int repetition = 0; repetition < repetitions * (1 + two); repetition++) {
        int way = two ? repetition % 2 : LATHE_CONV_AUTO;
        double seconds[3];
        lathe_context_set_conv(NULL, (lathe_conv_choice)way);
        run(tape, s, layout, seconds);
        for (int j = 0; j < 3; j++)
            if (seconds[j] < best[way][j]) best[way][j] = seconds[j];
    }
    double later = lathe_fma_peak_gflops();
    if (later > peak) peak = later;
    show(s, s->name, peak, best[LATHE_CONV_AUTO]);
    if (two) show(s, "  direct", peak, best[LATHE_CONV_DIRECT]);
}

int main(int count, char **arguments)
{
    lathe_on_error(lathe_die);
    lathe_threads_set(NULL, count > 1 ? atoi(arguments[1]) : 1);
    int repetitions = count > 2 ? atoi(arguments[2]) : 10, batch = count > 4 ? atoi(arguments[4]) : 0;
    lathe_layout layout = count > 3 && !strcmp(arguments[3], "channels") ? LATHE_CHANNELS : LATHE_BATCHED;
    printf("lathe %s, %s kernels, BLAS %s, %d thread%s\n", lathe_version(), lathe_isa(), lathe_blas_core(),
        lathe_threads(NULL), lathe_threads(NULL) == 1 ? "" : "s");
    printf("%-30s %5s %8s  %15s %15s %15s\n", "GFLOP/s", "batch", "FMA peak", "forward", "to data",
        "to weights");
    lathe_tape *tape = lathe_tape_new(NULL);
    for (size_t i = 0; i < sizeof setups / sizeof *setups; i++) {
        setup s = setups[i];
        if (count > 5 && !strstr(s.name, arguments[5])) continue;
        if (layout == LATHE_CHANNELS && !s.kernel) continue;
        if (batch) s.batch = batch;
        measure(tape, &s, layout, repetitions);
    }
    lathe_tape_free(tape);
    return 0;
}
