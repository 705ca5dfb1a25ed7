/*
 * The vector type of all kernels: sixteen numbers abreast, the same place of sixteen images. GCC and clang
 * lower it to one AVX-512, two AVX, four SSE or NEON registers. Kernels take pointers and sizes; they cannot
 * fail and know no tensor.
 *
 * Every file of this folder but select.c is compiled once for each instruction set, with LATHE_ISA_NAME set:
 * KERNEL(name) is the name that this compilation gives to a symbol, and kernels are reached through the
 * tables of kernels.h.
 */
#ifndef LATHE_CORE_KERNELS_LANES_H
#define LATHE_CORE_KERNELS_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef LATHE_REAL
#define LATHE_REAL float
#endif

typedef LATHE_REAL real;

enum { LANES = 16 };

typedef real lanes __attribute__((vector_size(16 * sizeof(real))));

/* One register of this instruction set, for code that counts registers: `lanes` are PARTS of them. */
#if defined(__AVX512F__)
#define REGISTER_BYTES 64
#elif defined(__AVX2__)
#define REGISTER_BYTES 32
#else
#define REGISTER_BYTES 16
#endif
/* How many there are, and the bytes of all: 2048 on AVX-512, 512 on AVX2 and NEON, 256 on SSE. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define REGISTERS 32
#else
#define REGISTERS 16
#endif
#define REGISTER_FILE (REGISTERS * REGISTER_BYTES)
typedef real part __attribute__((vector_size(REGISTER_BYTES)));

enum { PART = REGISTER_BYTES / sizeof(real), PARTS = LANES / PART };

/* What comparing two `lanes` gives: integers as wide as a real, -1 for true. */
typedef __typeof__(__builtin_choose_expr(sizeof(real) == 8, (int64_t)0, (int32_t)0)) lane_int;
typedef lane_int lane_mask __attribute__((vector_size(16 * sizeof(real))));

#define KERNEL_JOIN(name, isa) name##_##isa
#define KERNEL_JOIN_EXPANDED(name, isa) KERNEL_JOIN(name, isa)
#define KERNEL(name) KERNEL_JOIN_EXPANDED(name, LATHE_ISA_NAME)

static inline lanes load(const real *at) { return *(const lanes *)at; }

static inline void store(real *at, lanes value) { *(lanes *)at = value; }

/** value in every lane. */
static inline lanes splat(real value) { return (lanes){ 0 } + value; }

/** a where mask is true, b elsewhere. */
static inline lanes choose(lane_mask mask, lanes a, lanes b)
{
    return (lanes)((mask & (lane_mask)a) | (~mask & (lane_mask)b));
}

/*
 * gcc 12 takes comparisons apart into single numbers where `lanes` are wider than a register, so kernels that
 * compare work on one register after the other: on parts.
 */
typedef lane_int part_mask __attribute__((vector_size(REGISTER_BYTES)));

/* The same sixteen numbers, whole and in parts. */
typedef union lane_parts {
    lanes whole;
    lane_mask mask;
    part parts[PARTS];
    part_mask masks[PARTS];
} lane_parts;

/*
 * For loops of a register tile with constant numbers of turns: unrolled, so that the sums stay in registers.
 */
#define UNROLL _Pragma("GCC unroll 16")

/** A part of a matrix whose rows need not begin at a vector's boundary. */
typedef part part_anywhere __attribute__((aligned(sizeof(real))));

static inline part load_part(const real *at) { return *(const part *)at; }

static inline void store_part(real *at, part value) { *(part *)at = value; }

/** value in every place. */
static inline part splat_part(real value) { return (part){ 0 } + value; }

/** The next PART of `left` numbers; where there are fewer, zeros behind them. */
static inline part load_some(const real *at, size_t left)
{
    if (left >= PART) return load_part(at);
    part value = { 0 };
    for (size_t i = 0; i < left; i++) value[i] = at[i];
    return value;
}

/** Store PART numbers, or those `left`; add says whether to add them to what is there. */
static inline void store_some(real *at, size_t left, part value, int add)
{
    if (add) value += load_some(at, left);
    if (left >= PART) store_part(at, value);
    else
        for (size_t i = 0; i < left; i++) at[i] = value[i];
}

/** a where mask is true, b elsewhere. */
static inline part choose_part(part_mask mask, part a, part b)
{
    return (part)((mask & (part_mask)a) | (~mask & (part_mask)b));
}

typedef real quarter __attribute__((vector_size(LANES / 4 * sizeof(real))));

/** The sum of sixteen numbers in a fixed order: pairs eight apart, four apart, two apart, neighbours. */
static inline real sum_lanes_at(const real *at)
{
    const quarter *q = (const quarter *)at;
    quarter sum = (q[0] + q[2]) + (q[1] + q[3]);
    sum += __builtin_shufflevector(sum, sum, 2, 3, 0, 1);
    return sum[0] + sum[1];
}

static inline real sum_lanes(lanes v) { return sum_lanes_at((const real *)&v); }

/** True in the first `count` lanes: leaves tail lanes out of a sum. */
static inline lane_mask first_lanes(int count)
{
    lane_mask mask = { 0 };
    for (int i = 0; i < LANES; i++) mask[i] = i < count ? -1 : 0;
    return mask;
}

#endif
