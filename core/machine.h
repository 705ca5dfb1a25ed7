/* The machine, and the version of lathe. */
#ifndef LATHE_CORE_MACHINE_H
#define LATHE_CORE_MACHINE_H

#ifdef __cplusplus
extern "C" {
#endif

/** The library's version: "0.1.0". */
const char *lathe_version(void);

/**
 * The instruction set of the kernels in use: "avx512", "avx2" or "base". It is the best that the processor
 * has, or a lower one from the environment variable LATHE_ISA (base, avx2).
 */
const char *lathe_isa(void);

/**
 * The peak of the processor with these kernels' vectors on all lathe_threads, in GFLOP/s; a multiply-add
 * counts 2. Chains of multiply-adds without memory accesses are measured now, for about 50 ms; the result is
 * the best of several runs.
 */
double lathe_fma_peak_gflops(void);

/**
 * The peak of the memory on all lathe_threads, in GB/s; each number read or written counts once. y = a + b
 * over arrays far larger than the second-level cache is measured now, for about 50 ms; the result is the best
 * of several runs.
 * 0 if memory runs out.
 */
double lathe_memory_gbs(void);

#ifdef __cplusplus
}
#endif
#endif
