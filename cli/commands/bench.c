#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"
#include "../profile.h"

enum { WARM_UP = 5 };

/* What is timed: a model and one batch of random pictures. Each step trains on it, or evaluates it. */
typedef struct cli_bench {
    const lathe_model_type *type;
    lathe_model_spec spec;
    bool eval;
    lathe_settings settings;
    lathe_model *model;
    lathe_layer *net;
    lathe_optim *optim; /* NULL for evaluation */
    lathe_plan *plan;   /* NULL for training */
    lathe_tape *tape;
    lathe_batch batch;
    lathe_real *images;
    int *labels;
    int steps;
    bool profiled;
    cli_profile profile;
    double *seconds; /* of each step */
    double parameters, flops;
    double first_step, peak;
} cli_bench;

/* ---- preparing ----------------------------------------------------------------------------------------- */

/* Fill images with normal numbers and tail lanes with zeros. */
static void fill_images(const cli_bench *bench, size_t per_image)
{
    size_t lanes = bench->batch.plain ? 1 : LATHE_LANES;
    for (size_t b = 0; b < (size_t)bench->batch.size; b++) {
        lathe_rng rng = lathe_rng_at(1, lathe_rng_stream("bench"), b);
        lathe_real *first = bench->images + b / lanes * per_image * lanes + b % lanes;
        for (size_t i = 0; i < per_image; i++) first[i * lanes] = (lathe_real)lathe_rng_normal(&rng);
    }
}

static lathe_status make_batch(cli_bench *bench)
{
    const lathe_model_spec *spec = &bench->spec;
    int size = bench->settings.batch_size;
    lathe_shape shape = { 4, { size, spec->channels, spec->height, spec->width } };
    lathe_layout layout = (lathe_layout)bench->settings.layout;
    if (layout == LATHE_PLAIN) layout = lathe_layout_rule(size, spec->height, spec->width);
    bool plain = layout == LATHE_CHANNELS;
    size_t stored = lathe_shape_stored(&shape, plain ? LATHE_PLAIN : LATHE_BATCHED);
    bench->images = stored ? lathe_alloc(stored, sizeof *bench->images) : NULL;
    size_t pixels = (size_t)spec->height *
        (size_t)spec->width; /* a model may give scores for each pixel; then each pixel has a label */
    bench->labels = lathe_alloc(lathe_times((size_t)size, pixels), sizeof *bench->labels);
    if (!bench->images || !bench->labels) return lathe_error();
    bench->batch = (lathe_batch){ .size = size,
        .channels = spec->channels,
        .height = spec->height,
        .width = spec->width,
        .images = bench->images,
        .plain = plain,
        .labels = bench->labels };
    for (int b = 0; b < size; b++) bench->labels[b] = b % spec->classes;
    fill_images(bench, (size_t)spec->channels * (size_t)spec->height * (size_t)spec->width);
    return LATHE_OK;
}

static lathe_status make_model(cli_bench *bench)
{
    bench->model = lathe_model_new();
    bench->net = bench->model ? lathe_model_build(bench->model, bench->type->name, &bench->spec) : NULL;
    if (!bench->net || lathe_model_check_input(bench->net, &bench->spec) || lathe_nn_init(bench->net, 1))
        return lathe_error();
    if (!bench->eval) {
        bench->optim = lathe_settings_optim(&bench->settings, lathe_nn_params(bench->net), 0);
        if (!bench->optim) return lathe_error();
    } else if (!(bench->plan = lathe_plan_new(bench->net))) return lathe_error();
    bench->tape = lathe_tape_new(NULL);
    return bench->tape ? LATHE_OK : lathe_error();
}

/* After the timing: a summary runs the model, which would make the first step look faster than it is. */
static lathe_status measure_model(cli_bench *bench)
{
    const lathe_model_spec *spec = &bench->spec;
    lathe_summary *summary =
        lathe_nn_summary(bench->net, (lathe_shape){ 3, { spec->channels, spec->height, spec->width } });
    if (!summary) return lathe_error();
    bench->parameters = (double)summary->parameters;
    bench->flops = summary->flops;
    lathe_summary_free(summary);
    return LATHE_OK;
}

static int read_line(const cli_line *line, cli_bench *bench)
{
    static const char *const keys[] = { "model", "batch_size", "threads", "optim", "layout", "conv" };
    bench->settings = lathe_settings_default();
    lathe_status status = LATHE_OK;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && !status; i++)
        if (cli_text(line, keys[i]))
            status = lathe_settings_set(&bench->settings, keys[i], cli_text(line, keys[i]));
    int64_t steps, side;
    if (status || lathe_settings_check(&bench->settings)) return cli_library_failed();
    if (!cli_number(line, "steps", 1, 1000000, &steps) || !cli_number(line, "size", 0, 65536, &side))
        return CLI_USAGE;
    bench->steps = (int)steps;
    bench->eval = cli_text(line, "eval");
    bench->profiled = cli_text(line, "profile");
    if (bench->eval && bench->profiled)
        return cli_fail(CLI_USAGE, "--profile times training steps; it does not work with --eval");
    bench->type = lathe_model_find(bench->settings.model);
    if (bench->type) bench->spec = bench->type->native;
    if (side) bench->spec.height = bench->spec.width = (int)side;
    bench->seconds = lathe_alloc((size_t)steps, sizeof *bench->seconds);
    if (!bench->type || !bench->seconds || lathe_threads_set(NULL, bench->settings.threads))
        return cli_library_failed();
    lathe_context_set_conv(NULL, (lathe_conv_choice)bench->settings.conv);
    return CLI_DONE;
}

static void free_bench(cli_bench *bench)
{
    lathe_tape_free(bench->tape);
    lathe_optim_free(bench->optim);
    lathe_plan_free(bench->plan);
    lathe_model_free(bench->model);
    cli_profile_free(&bench->profile);
    lathe_free(bench->images);
    lathe_free(bench->labels);
    lathe_free(bench->seconds);
}

/* ---- timing -------------------------------------------------------------------------------------------- */

static lathe_status evaluate(cli_bench *bench)
{
    lathe_tape_begin(bench->tape, LATHE_EVAL);
    return lathe_plan_run(bench->plan, lathe_input(bench->tape, &bench->batch)) ? LATHE_OK : lathe_error();
}

static lathe_status train(cli_bench *bench)
{
    cli_profile_begin_step(&bench->profile);
    lathe_tape_begin(bench->tape, LATHE_TRAIN);
    lathe_optim_zero_grad(bench->optim);
    lathe_tensor *output = lathe_nn_forward(bench->net, lathe_input(bench->tape, &bench->batch));
    lathe_status status = lathe_backward(lathe_cross_entropy(output, bench->batch.labels, NULL));
    cli_profile_begin_optimizer(&bench->profile);
    if (!status) status = lathe_optim_step(bench->optim);
    cli_profile_end_step(&bench->profile);
    return status;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The peak is measured before and after the steps: another process may need a processor at one of these
 * moments. */
static void measure_peak(cli_bench *bench)
{
    double peak = lathe_fma_peak_gflops();
    if (peak > bench->peak) bench->peak = peak;
}

static lathe_status time_steps(cli_bench *bench)
{
    lathe_status status = LATHE_OK;
    for (int i = -WARM_UP; i < bench->steps && !status; i++) {
        if (i == 0) {
            measure_peak(bench);
            bench->profile.steps = 0;
            bench->profile.optimizer = 0;
            if (bench->profiled)
                cli_profile_start(&bench->profile, bench->net, bench->tape, bench->batch.size);
        }
        double start = cli_seconds();
        status = bench->eval ? evaluate(bench) : train(bench);
        if (i >= 0) bench->seconds[i] = cli_seconds() - start;
        if (i == -WARM_UP) bench->first_step = cli_seconds();
    }
    measure_peak(bench);
    qsort(bench->seconds, (size_t)bench->steps, sizeof *bench->seconds, ascending);
    return bench->profile.failed ? LATHE_ENOMEM : status;
}

/* ---- results ------------------------------------------------------------------------------------------- */

static int print_results(const cli_line *line, const cli_bench *bench)
{
    double median = (bench->seconds[(bench->steps - 1) / 2] + bench->seconds[bench->steps / 2]) / 2,
           least = bench->seconds[0];
    double rate = bench->batch.size / median, gflops = (bench->eval ? 1 : 3) * bench->flops * rate * 1e-9,
           rss = lathe_peak_rss_mib();
    const char *mode = bench->eval ? "evaluation" : bench->settings.optim;
    double peak = bench->peak, memory = bench->profiled ? lathe_memory_gbs() : 0;
    if (!line->json) {
        printf("%s at %d x %d, batch %d, %d threads, %s: ", bench->type->name, bench->spec.height,
            bench->spec.width, bench->batch.size, lathe_threads(NULL), mode);
        printf("%.3f ms a step (median of %d; least %.3f), %.0f images/s\n", 1e3 * median, bench->steps,
            1e3 * least, rate);
        printf(
            "%.1f GFLOP/s, %.0f %% of the %.1f of this processor (%s); first step after %.3f s; %.0f MiB\n",
            gflops, 100 * gflops / peak, peak, lathe_isa(), bench->first_step, rss);
        if (bench->profiled) cli_profile_print(&bench->profile, peak, memory);
        return CLI_DONE;
    }
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "model", bench->type->name);
    cJSON_AddNumberToObject(object, "size", bench->spec.height);
    cJSON_AddNumberToObject(object, "batch", bench->batch.size);
    cJSON_AddNumberToObject(object, "threads", lathe_threads(NULL));
    cJSON_AddBoolToObject(object, "eval", bench->eval);
    if (!bench->eval) cJSON_AddStringToObject(object, "optim", bench->settings.optim);
    cJSON_AddNumberToObject(object, "steps", bench->steps);
    cli_json_number(object, "ms_per_step_median", 1e3 * median);
    cli_json_number(object, "ms_per_step_min", 1e3 * least);
    cli_json_number(object, "images_per_second", rate);
    cli_json_number(object, "gflops", gflops);
    cli_json_number(object, "peak_rss_mib", rss);
    cli_json_number(object, "seconds_to_first_step", bench->first_step);
    cli_json_number(object, "parameters", bench->parameters);
    cJSON_AddStringToObject(object, "blas_core", lathe_blas_core());
    cJSON_AddStringToObject(object, "isa", lathe_isa());
    cli_json_number(object, "fma_peak_gflops", peak);
    if (bench->profiled) {
        cli_profile_json(&bench->profile, object);
        cli_json_number(object, "memory_gbs", memory);
    }
    return cli_json_print(object);
}

static int run(const cli_line *line)
{
    cli_bench bench = { 0 };
    int code = read_line(line, &bench);
    if (!code && (make_model(&bench) || make_batch(&bench) || time_steps(&bench) || measure_model(&bench)))
        code = cli_library_failed();
    if (!code) code = print_results(line, &bench);
    free_bench(&bench);
    return code;
}

static const cli_option options[] = {
    { .name = "model", .value = "NAME", .preset = "lenet5", .help = "a network of `lathe list models`" },
    { .name = "size",
        .value = "N",
        .preset = "0",
        .help = "pictures of N x N pixels; 0: the network's own size" },
    { .name = "batch-size", .value = "N", .preset = "128", .help = "images in a batch" },
    { .name = "threads", .value = "N", .preset = "0", .help = "how many work at once; 0: one a processor" },
    { .name = "optim",
        .value = "NAME",
        .preset = "adamw",
        .help = "an optimizer of `lathe list optimizers`" },
    { .name = "layout",
        .value = "NAME",
        .preset = "auto",
        .help = "images or channels: what lies abreast in memory; auto: by batch and picture size" },
    { .name = "conv",
        .value = "NAME",
        .preset = "auto",
        .help = "direct: no convolutions by Winograd's tiles; auto: those of some shapes" },
    { .name = "eval", .help = "time evaluation (folded, without gradients) in place of training" },
    { .name = "profile", .help = "print the time of each operation, forward and backward" },
    { .name = "steps", .value = "N", .preset = "30", .help = "steps to time, after 5 untimed steps" },
    { .name = NULL },
};

extern const cli_command lathe_bench_command;
const cli_command lathe_bench_command = {
    .name = "bench",
    .summary = "time training steps, or evaluation",
    .arguments = "",
    .about = "Times whole training steps (forward, backward, optimizer) on random pictures.\n"
             "GFLOP/s counts 3 times the operations of a forward of convolutions and linear\n"
             "layers, with --eval once the operations. The processor's peak is measured in the same\n"
             "run.",
    .example = "lathe bench --model resnet20 --batch-size 128 --threads 2 --optim sgd --steps 30 --json",
    .options = options,
    .run = run,
};
