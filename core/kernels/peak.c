#include "peak.h"

#include "lanes.h"

/* One vector register of this instruction set, so that all chains stay in registers. */
#if defined __AVX512F__
#define REGISTER_SIZE 64
#elif defined __AVX__
#define REGISTER_SIZE 32
#else
#define REGISTER_SIZE 16
#endif

typedef real vector __attribute__((vector_size(REGISTER_SIZE)));

enum { CHAINS = 12, WIDTH = REGISTER_SIZE / sizeof(real) };

static real multiply_add(size_t rounds, real factor)
{
    vector chain[CHAINS], scale = (vector){ 0 } + factor, one = (vector){ 0 } + 1;
    for (int i = 0; i < CHAINS; i++) chain[i] = one + (real)i;
    while (rounds--)
        for (int i = 0; i < CHAINS; i++) chain[i] = chain[i] * scale + one;
    for (int i = 1; i < CHAINS; i++) chain[0] += chain[i];
    real sum = 0;
    for (int i = 0; i < WIDTH; i++) sum += chain[0][i];
    return sum;
}

extern const lathe_peak_kernels KERNEL(lathe_peak_kernels);
const lathe_peak_kernels KERNEL(lathe_peak_kernels) = {
    .flops_a_round = 2.0 * CHAINS * WIDTH,
    .multiply_add = multiply_add,
};
