/*
 * Training steps on the processes of a launcher, without a loader: random pictures, SGD with momentum.
 *
 *     mpirun -np 4 bench_machines MODEL BATCH THREADS [STEPS]
 *
 * BATCH is the global batch. Rank 0 prints one JSON object: the median milliseconds of a step, those that it
 * spent in exchanges, and the bytes and exchanges of a step of the rank that sends the most.
 */
#include <lathe/lathe.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 2000, WARM = 3 };

/* An exchange that counts what the real one is given. */
typedef struct counted {
    const lathe_exchange *real;
    lathe_exchange face;
    uint64_t bytes, calls;
    double seconds;
} counted;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void count(counted *c, uint64_t bytes, double began)
{
    c->bytes += bytes;
    c->calls++;
    c->seconds += now() - began;
}

static lathe_status gather(void *self, const void *mine, void *all, const size_t *bytes)
{
    counted *c = self;
    const double began = now();
    lathe_status status = c->real->gather(c->real->self, mine, all, bytes);
    count(c, (uint64_t)bytes[c->real->rank] * (uint64_t)(c->real->size - 1), began);
    return status;
}

static lathe_status scatter(void *self, const void *mine, const size_t *sent, void *got,
    const size_t *received)
{
    counted *c = self;
    const double began = now();
    lathe_status status = c->real->scatter(c->real->self, mine, sent, got, received);
    uint64_t bytes = 0;
    for (int rank = 0; rank < c->real->size; rank++)
        if (rank != c->real->rank) bytes += sent[rank];
    count(c, bytes, began);
    return status;
}

static void count_exchanges(counted *c)
{
    if (!(c->real = lathe_dist_exchange())) return;
    if (c->real->size > 64) lathe_die(LATHE_EARG, "bench_machines: at most 64 processes");
    c->face = (lathe_exchange){ .self = c,
        .rank = c->real->rank,
        .size = c->real->size,
        .gather = gather,
        .scatter = scatter };
    lathe_context_set_exchange(NULL, &c->face);
}

/* Not counted. */
static void wait_for_all(const counted *c)
{
    char mine = 0, all[64];
    size_t bytes[64];
    for (int rank = 0; c->real && rank < c->real->size; rank++) bytes[rank] = 1;
    if (c->real) c->real->gather(c->real->self, &mine, all, bytes);
}

/* This process's part of a batch of random pictures. */
static lathe_batch random_batch(const lathe_model_spec *spec, int size)
{
    lathe_shard shard = lathe_shard_of(size, lathe_dist_rank(), lathe_dist_size());
    size_t blocks = (size_t)(shard.count + 15) / 16,
           stored = blocks * 16 * (size_t)spec->channels * (size_t)spec->height * (size_t)spec->width;
    lathe_real *images = lathe_alloc(stored, sizeof *images);
    int *labels = lathe_alloc((size_t)shard.count, sizeof *labels);
    lathe_rng rng = lathe_rng_at(1, 2, (uint64_t)shard.first);
    for (size_t i = 0; i < stored; i++) images[i] = (lathe_real)lathe_rng_normal(&rng);
    for (int i = 0; i < shard.count; i++) labels[i] = (shard.first + i) % spec->classes;
    return (lathe_batch){ .size = shard.count,
        .channels = spec->channels,
        .height = spec->height,
        .width = spec->width,
        .images = images,
        .labels = labels,
        .whole = lathe_dist_size() > 1 ? shard.whole : 0,
        .first = shard.first,
        .silent = shard.silent };
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_size);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

int main(int argc, char **argv)
{
    lathe_on_error(lathe_die);
    lathe_dist_init(&argc, &argv);
    if (argc < 4) return fprintf(stderr, "usage: bench_machines MODEL BATCH THREADS [STEPS]\n"), 2;
    int steps = argc > 4 ? atoi(argv[4]) : 100;
    if (steps < 1 || steps > MOST) return fprintf(stderr, "bench_machines: 1 to %d steps\n", MOST), 2;
    lathe_threads_set(NULL, atoi(argv[3]));
    const lathe_model_spec *spec = &lathe_model_find(argv[1])->native;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, argv[1], NULL);
    lathe_nn_init(net, 1);
    lathe_optim *optim =
        lathe_optim_sgd(lathe_nn_params(net), &(lathe_sgd_opts){ .lr = 1e-3, .momentum = 0.9 });
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_batch batch = random_batch(spec, atoi(argv[2]));
    counted counts = { 0 };
    count_exchanges(&counts);
    static double ms[MOST], exchanging[MOST];
    for (int step = -WARM; step < steps; step++) {
        if (step == 0) counts.bytes = counts.calls = 0;
        wait_for_all(&counts);
        double began = now(), before = counts.seconds;
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_optim_zero_grad(optim);
        lathe_backward(
            lathe_cross_entropy(lathe_nn_forward(net, lathe_input(tape, &batch)), batch.labels, NULL));
        lathe_dist_reduce(lathe_nn_params(net));
        lathe_optim_step(optim);
        if (step < 0) continue;
        ms[step] = 1e3 * (now() - began);
        exchanging[step] = 1e3 * (counts.seconds - before);
    }
    uint64_t all[64] = { 0 }, most = 0;
    if (counts.real) {
        size_t bytes[64];
        for (int rank = 0; rank < counts.real->size; rank++) bytes[rank] = sizeof counts.bytes;
        counts.real->gather(counts.real->self, &counts.bytes, all, bytes);
    }
    for (int rank = 0; rank < 64; rank++) most = all[rank] > most ? all[rank] : most;
    if (!lathe_dist_rank())
        printf("{\"ranks\": %d, \"ms\": %.4f, \"exchanging_ms\": %.4f, \"bytes\": %.0f, \"exchanges\": %.1f, "
               "\"parameters\": %zu}\n",
            lathe_dist_size(), median(ms, steps), median(exchanging, steps), (double)most / steps,
            (double)counts.calls / steps, lathe_nn_params(net)->size);
    lathe_context_set_exchange(NULL, lathe_dist_exchange());
    lathe_dist_finalize();
    lathe_free((void *)batch.images);
    lathe_free((void *)batch.labels);
    lathe_tape_free(tape);
    lathe_optim_free(optim);
    lathe_model_free(model);
    return 0;
}
