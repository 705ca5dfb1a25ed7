#include "machine.h"

#include <time.h>

#include "kernels/kernels.h"
#include "threads.h"

const char *lathe_version(void)
{
    return LATHE_VERSION;
}

const char *lathe_isa(void)
{
    return lathe_kernels_in_use()->isa;
}

enum { ROUNDS = 1 << 20, RUNS = 12, MAX_THREADS = 256 };

typedef struct peak_job {
    const lathe_peak_kernels *kernels;
    lathe_real result[MAX_THREADS]; /* kept, so that no compiler may leave the arithmetic out */
} peak_job;

static void run_peak(void *context, int task)
{
    peak_job *job = context;
    job->result[task] = job->kernels->multiply_add(ROUNDS, (lathe_real)0.999);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double lathe_fma_peak_gflops(void)
{
    peak_job job = { .kernels = lathe_kernels_in_use()->peak };
    int threads = lathe_threads();
    double flops = (double)threads * ROUNDS * job.kernels->flops_a_round, best = 0;
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        lathe_parallel(threads, run_peak, &job);
        double rate = flops / (now() - start) * 1e-9;
        if (rate > best) best = rate;
    }
    return best;
}
