#include "machine.h"

#include "alloc.h"
#include "kernels/kernels.h"
#include "threads.h"
#include "threads_impl.h"

const char *lathe_version(void) { return LATHE_VERSION; }

const char *lathe_isa(void) { return lathe_context_kernels(NULL)->isa; }

enum { ROUNDS = 1 << 20, RUNS = 12, MAX_THREADS = 256 };

typedef struct peak_job {
    const lathe_peak_kernels *kernels;
    lathe_real result[MAX_THREADS]; /* stored, so that compilers cannot remove the arithmetic */
} peak_job;

static void run_peak(void *context, int task)
{
    peak_job *job = context;
    job->result[task] = job->kernels->multiply_add(ROUNDS, (lathe_real)0.999);
}

static double now(void) { return 1e-9 * (double)lathe_nanoseconds(); }

double lathe_fma_peak_gflops(void)
{
    peak_job job = { .kernels = lathe_context_kernels(NULL)->peak };
    int threads = lathe_threads(NULL);
    double flops = (double)threads * ROUNDS * job.kernels->flops_a_round, best = 0;
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        lathe_parallel(NULL, threads, run_peak, &job);
        double rate = flops / (now() - start) * 1e-9;
        if (rate > best) best = rate;
    }
    return best;
}

enum { ARRAY = 1 << 22, PIECE = 1 << 14 };

typedef struct stream_job {
    lathe_real *a, *b, *y;
} stream_job;

static void run_stream(void *context, int task)
{
    const stream_job *job = context;
    size_t at = (size_t)task * PIECE;
    lathe_context_kernels(NULL)->element->add(PIECE, job->a + at, job->b + at, job->y + at, 0);
}

double lathe_memory_gbs(void)
{
    lathe_real *arrays = lathe_alloc(3 * (size_t)ARRAY, sizeof *arrays);
    if (!arrays) return 0;
    stream_job job = { arrays, arrays + ARRAY, arrays + 2 * (size_t)ARRAY };
    for (size_t i = 0; i < 3 * (size_t)ARRAY; i++)
        arrays[i] = 1; /* pages that were never written to share one of zeros */
    double best = 0;
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        lathe_parallel(NULL, ARRAY / PIECE, run_stream, &job);
        double rate = 3.0 * ARRAY * sizeof *arrays / (now() - start) * 1e-9;
        if (rate > best) best = rate;
    }
    lathe_free(arrays);
    return best;
}
