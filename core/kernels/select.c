#include "kernels.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

extern const lathe_kernels lathe_kernels_base;
#ifdef LATHE_X86_KERNELS
extern const lathe_kernels lathe_kernels_avx2, lathe_kernels_avx512;

static bool has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

static const lathe_kernels *best(void)
{
    const char *limit = getenv("LATHE_ISA");
    if (limit && !strcmp(limit, "base")) return &lathe_kernels_base;
#ifdef LATHE_X86_KERNELS
    bool only_avx2 = limit && !strcmp(limit, "avx2");
    if (has_avx512() && !only_avx2) return &lathe_kernels_avx512;
    if (has_avx2()) return &lathe_kernels_avx2;
#endif
    return &lathe_kernels_base;
}

const lathe_kernels *lathe_kernels_in_use(void)
{
    static _Atomic(const lathe_kernels *) chosen;
    const lathe_kernels *table = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!table) atomic_store_explicit(&chosen, table = best(), memory_order_relaxed);
    return table;
}
