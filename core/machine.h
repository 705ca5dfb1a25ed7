/* The machine that lathe runs on, and which lathe it is. */
#ifndef LATHE_CORE_MACHINE_H
#define LATHE_CORE_MACHINE_H

#ifdef __cplusplus
extern "C" {
#endif

/** "0.1.0": the library's version. */
const char *lathe_version(void);

/**
 * The instruction set of the kernels in use: "avx512", "avx2" or "base", the best that the processor can do.
 * The environment's LATHE_ISA (base, avx2) asks for a lower one.
 */
const char *lathe_isa(void);

/**
 * What the processor can do at best with these kernels' vectors on all lathe_threads: the rate of chains of
 * multiply-adds that touch no memory, in GFLOP/s, a multiply-add counted as 2. Measured now, for some 50 ms:
 * the best of several runs.
 */
double lathe_fma_peak_gflops(void);

/**
 * What the memory can do: the rate of y = a + b on all lathe_threads over arrays far larger than the
 * second-level cache, in GB/s, each number read or written counted once. Measured now, for some 50 ms: the
 * best of several runs. 0 when there is no memory for it.
 */
double lathe_memory_gbs(void);

#ifdef __cplusplus
}
#endif
#endif
