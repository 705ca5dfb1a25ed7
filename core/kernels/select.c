#include "kernels.h"

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

const lathe_kernels *lathe_kernels_at(int index)
{
    const lathe_kernels *usable[3];
    int count = 0;
#ifdef LATHE_X86_KERNELS
    if (has_avx512()) usable[count++] = &lathe_kernels_avx512;
    if (has_avx2()) usable[count++] = &lathe_kernels_avx2;
#endif
    usable[count++] = &lathe_kernels_base;
    return index < 0 || index >= count ? NULL : usable[index];
}

const lathe_kernels *lathe_kernels_preferred(void)
{
    const char *wanted = getenv("LATHE_ISA");
    for (int i = 0; wanted && lathe_kernels_at(i); i++)
        if (!strcmp(lathe_kernels_at(i)->isa, wanted)) return lathe_kernels_at(i);
    return lathe_kernels_at(0);
}
