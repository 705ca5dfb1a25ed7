#include "rng.h"

#include <math.h>

void lathe_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t output[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    output[0] = c0, output[1] = c1, output[2] = c2, output[3] = c3;
}

/* splitmix64's finaliser (Steele, Lea, Flood 2014): every input bit reaches every output bit. */
static uint64_t mix(uint64_t z)
{
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

lathe_rng lathe_rng_at(uint64_t seed, uint64_t stream, uint64_t index)
{
    uint64_t key = mix(mix(seed) ^ stream);
    return (lathe_rng){ .key = { (uint32_t)key, (uint32_t)(key >> 32) },
        .counter = { 0, 0, (uint32_t)index, (uint32_t)(index >> 32) } };
}

uint64_t lathe_rng_stream(const char *name)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; name && *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001B3u;
    return hash;
}

uint32_t lathe_rng_u32(lathe_rng *rng)
{
    if (!rng->left) {
        lathe_philox(rng->counter, rng->key, rng->output);
        if (++rng->counter[0] == 0) rng->counter[1]++;
        rng->left = 4;
    }
    return rng->output[4 - rng->left--];
}

static uint64_t u64(lathe_rng *rng)
{
    uint64_t low = lathe_rng_u32(rng);
    return low | (uint64_t)lathe_rng_u32(rng) << 32;
}

double lathe_rng_uniform(lathe_rng *rng) { return (double)(u64(rng) >> 11) * 0x1p-53; }

double lathe_rng_normal(lathe_rng *rng)
{
    double u = 1.0 - lathe_rng_uniform(rng); /* (0, 1]: its logarithm is finite */
    double v = lathe_rng_uniform(rng);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

uint64_t lathe_rng_below(lathe_rng *rng, uint64_t bound)
{
    if (!bound) return 0;
    uint64_t reject = -bound % bound; /* 2^64 mod bound: the numbers that would favour small results */
    uint64_t number;
    do number = u64(rng);
    while (number < reject);
    return number % bound;
}

void lathe_rng_shuffle(lathe_rng *rng, size_t *numbers, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)lathe_rng_below(rng, i);
        size_t swap = numbers[i - 1];
        numbers[i - 1] = numbers[j];
        numbers[j] = swap;
    }
}
