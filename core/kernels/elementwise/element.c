#include "element.h"

#include "vector_math.h"
#include "../lanes.h"

static void relu(size_t count, const real *x, real *y)
{
    part zero = { 0 };
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i);
        store_some(y + i, count - i, choose_part(v < zero, zero, v), 0); /* NaN stays NaN */
    }
}

static void relu_backward(size_t count, const real *y, const real *gy, real *gx, int add)
{
    part zero = { 0 };
    for (size_t i = 0; i < count; i += PART) {
        part g = load_some(gy + i, count - i);
        store_some(gx + i, count - i, choose_part(load_some(y + i, count - i) > zero, g, zero), add);
    }
}

static void relu6(size_t count, const real *x, real *y)
{
    for (size_t i = 0; i < count; i += PART)
        store_some(y + i, count - i, part_relu6(load_some(x + i, count - i)), 0);
}

static void relu6_backward(size_t count, const real *y, const real *gy, real *gx, int add)
{
    part zero = { 0 };
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(y + i, count - i), g = load_some(gy + i, count - i);
        store_some(gx + i, count - i, choose_part((v > 0) & (v < 6), g, zero), add);
    }
}

static void hardsigmoid(size_t count, const real *x, real *y)
{
    for (size_t i = 0; i < count; i += PART)
        store_some(y + i, count - i, part_hardsigmoid(load_some(x + i, count - i)), 0);
}

static void hardsigmoid_backward(size_t count, const real *y, const real *gy, real *gx, int add)
{
    part zero = { 0 };
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(y + i, count - i), g = load_some(gy + i, count - i) * (real)(1.0 / 6);
        store_some(gx + i, count - i, choose_part((v > 0) & (v < 1), g, zero), add);
    }
}

static void hardswish(size_t count, const real *x, real *y)
{
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i);
        store_some(y + i, count - i, v * part_hardsigmoid(v), 0);
    }
}

static void hardswish_backward(size_t count, const real *x, const real *gy, real *gx, int add)
{
    for (size_t i = 0; i < count; i += PART)
        store_some(gx + i, count - i,
            part_hardswish_gradient(load_some(x + i, count - i), load_some(gy + i, count - i)), add);
}

static void gelu(size_t count, const real *x, real *y)
{
    part density;
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i);
        store_some(y + i, count - i, v * part_normal(v, &density), 0);
    }
}

/* d/dx (x Phi(x)) = Phi(x) + x phi(x) */
static void gelu_backward(size_t count, const real *x, const real *gy, real *gx, int add)
{
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i), density, normal = part_normal(v, &density);
        store_some(gx + i, count - i, load_some(gy + i, count - i) * (v * density + normal), add);
    }
}

static void silu(size_t count, const real *x, real *y)
{
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i);
        store_some(y + i, count - i, v * part_sigmoid(v), 0);
    }
}

static void silu_backward(size_t count, const real *x, const real *gy, real *gx, int add)
{
    for (size_t i = 0; i < count; i += PART)
        store_some(gx + i, count - i,
            part_silu_gradient(load_some(x + i, count - i), load_some(gy + i, count - i)), add);
}

static void sigmoid(size_t count, const real *x, real *y)
{
    for (size_t i = 0; i < count; i += PART)
        store_some(y + i, count - i, part_sigmoid(load_some(x + i, count - i)), 0);
}

static void sigmoid_backward(size_t count, const real *y, const real *gy, real *gx, int add)
{
    for (size_t i = 0; i < count; i += PART) {
        part s = load_some(y + i, count - i);
        store_some(gx + i, count - i, load_some(gy + i, count - i) * (s * (1 - s)), add);
    }
}

static void hyperbolic_tangent(size_t count, const real *x, real *y)
{
    for (size_t i = 0; i < count; i += PART)
        store_some(y + i, count - i, part_tanh(load_some(x + i, count - i)), 0);
}

static void hyperbolic_tangent_backward(size_t count, const real *y, const real *gy, real *gx, int add)
{
    for (size_t i = 0; i < count; i += PART) {
        part t = load_some(y + i, count - i);
        store_some(gx + i, count - i, load_some(gy + i, count - i) * (1 - t * t), add);
    }
}

static void leaky_relu(size_t count, const real *set, const real *x, real *y)
{
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i);
        store_some(y + i, count - i, choose_part(v > 0, v, v * set[0]), 0);
    }
}

static void leaky_relu_backward(size_t count, const real *set, const real *x, const real *gy, real *gx,
    int add)
{
    for (size_t i = 0; i < count; i += PART) {
        part g = load_some(gy + i, count - i);
        store_some(gx + i, count - i, choose_part(load_some(x + i, count - i) > 0, g, g * set[0]), add);
    }
}

static void clip(size_t count, const real *set, const real *x, real *y)
{
    part least = splat_part(set[0]), most = splat_part(set[1]);
    for (size_t i = 0; i < count; i += PART)
        store_some(y + i, count - i, part_min(part_max(load_some(x + i, count - i), least), most), 0);
}

static void clip_backward(size_t count, const real *set, const real *x, const real *gy, real *gx, int add)
{
    part zero = { 0 };
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i), g = load_some(gy + i, count - i);
        store_some(gx + i, count - i, choose_part((v >= set[0]) & (v <= set[1]), g, zero), add);
    }
}

static void elu(size_t count, const real *set, const real *x, real *y)
{
    part zero = { 0 };
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i), below = part_expm1(part_min(v, zero)) * set[0];
        store_some(y + i, count - i, choose_part(v > 0, v, below), 0);
    }
}

static void elu_backward(size_t count, const real *set, const real *x, const real *gy, real *gx, int add)
{
    part zero = { 0 };
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i), g = load_some(gy + i, count - i);
        part below = g * (part_exp(part_min(v, zero)) * set[0]);
        store_some(gx + i, count - i, choose_part(v > 0, g, below), add);
    }
}

/* log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)) */
static void softplus(size_t count, const real *set, const real *x, real *y)
{
    part zero = { 0 };
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(x + i, count - i), z = v * set[0];
        part plus = (part_max(z, zero) + part_log1p(part_exp(-part_abs(z)))) / set[0];
        store_some(y + i, count - i, choose_part(z > set[1], v, plus), 0);
    }
}

static void softplus_backward(size_t count, const real *set, const real *x, const real *gy, real *gx, int add)
{
    for (size_t i = 0; i < count; i += PART) {
        part z = load_some(x + i, count - i) * set[0], g = load_some(gy + i, count - i);
        store_some(gx + i, count - i, choose_part(z > set[1], g, g * part_sigmoid(z)), add);
    }
}

static void prelu(size_t count, int one, const real *slope, const real *x, real *y)
{
    for (size_t i = 0; i < count; i += PART) {
        part v = load_part(x + i), a = load_part(slope + (one ? i % LANES : i));
        store_part(y + i, choose_part(v > 0, v, v * a));
    }
}

static void prelu_backward(size_t count, int one, const real *slope, const real *x, const real *gy, real *gx,
    int add)
{
    for (size_t i = 0; i < count; i += PART) {
        part g = load_part(gy + i), a = load_part(slope + (one ? i % LANES : i));
        store_some(gx + i, PART, choose_part(load_part(x + i) > 0, g, g * a), add);
    }
}

static void copy(size_t count, const real *x, real *y, int add)
{
    for (size_t i = 0; i < count; i += PART) store_some(y + i, count - i, load_some(x + i, count - i), add);
}

static void scale(size_t count, real factor, const real *x, real *y, int add)
{
    for (size_t i = 0; i < count; i += PART)
        store_some(y + i, count - i, load_some(x + i, count - i) * factor, add);
}

static void sum_of_two(size_t count, const real *a, const real *b, real *y, int relu)
{
    part zero = { 0 };
    for (size_t i = 0; i < count; i += PART) {
        part v = load_some(a + i, count - i) + load_some(b + i, count - i);
        store_some(y + i, count - i, relu ? choose_part(v < zero, zero, v) : v, 0); /* NaN stays NaN */
    }
}

static void mul(size_t count, const real *a, const real *b, real *y, int add)
{
    for (size_t i = 0; i < count; i += PART)
        store_some(y + i, count - i, load_some(a + i, count - i) * load_some(b + i, count - i), add);
}

static void add_sixteen(size_t count, const real *a, const real *b, real *y, int relu)
{
    part zero = { 0 };
    for (size_t i = 0; i < count; i += PART) {
        part v = load_part(a + i) + load_part(b + i % LANES);
        store_part(y + i, relu ? choose_part(v < zero, zero, v) : v);
    }
}

static void mul_sixteen(size_t count, const real *a, const real *b, real *y, int add)
{
    for (size_t i = 0; i < count; i += PART)
        store_some(y + i, PART, load_part(a + i) * load_part(b + i % LANES), add);
}

static void copy_sixteen(size_t count, const real *b, real *y, int add)
{
    for (size_t i = 0; i < count; i += PART) store_some(y + i, PART, load_part(b + i % LANES), add);
}

static inline part term_of(const real *x, const real *times, size_t i)
{
    return times ? load_part(x + i) * load_part(times + i) : load_part(x + i);
}

static void sum_sixteens(size_t count, const real *x, const real *times, real *sums)
{
    enum { ROWS = PARTS > 2 ? 2 : 4, STEP = ROWS * LANES }; /* as in `sum` */
    part total[STEP / PART] = { 0 };
    size_t i = 0;
    for (; i + STEP <= count; i += STEP)
        for (size_t h = 0; h < STEP / PART; h++) total[h] += term_of(x, times, i + h * PART);
    for (; i < count; i += LANES)
        for (size_t h = 0; h < PARTS; h++) total[h] += term_of(x, times, i + h * PART);
    for (size_t h = 0; h < PARTS; h++) {
        for (size_t row = 1; row < ROWS; row++) total[h] += total[row * PARTS + h];
        for (size_t k = 0; k < PART; k++) sums[h * PART + k] = total[h][k];
    }
}

static void sum_each(size_t sixteens, int lanes_used, const real *x, const real *times, real *sums, int add)
{
    lane_parts used = { .mask = first_lanes(lanes_used) }, term;
    for (size_t i = 0; i < sixteens; i++) {
        for (size_t h = 0; h < PARTS; h++)
            term.masks[h] = used.masks[h] & (part_mask)term_of(x, times, i * LANES + h * PART);
        real sum = sum_lanes(term.whole);
        sums[i] = add ? sums[i] + sum : sum;
    }
}

static void fill(size_t count, int lanes_used, real value, real *y, int add)
{
    _Alignas(sizeof(lanes)) real sixteen[LANES];
    for (int i = 0; i < LANES; i++) sixteen[i] = i < lanes_used ? value : 0;
    for (size_t i = 0; i < count; i += PART)
        store_some(y + i, count - i, load_part(sixteen + i % LANES), add);
}

static void take_every(size_t sixteens, size_t stride, const real *x, real *y)
{
    for (size_t i = 0; i < sixteens; i++) store(y + i * LANES, load(x + i * stride * LANES));
}

static void add_every(size_t sixteens, size_t stride, const real *gy, real *gx)
{
    for (size_t i = 0; i < sixteens; i++)
        store(gx + i * stride * LANES, load(gx + i * stride * LANES) + load(gy + i * LANES));
}

static double sum(size_t count, int lanes_used, const real *x)
{
    enum { ROWS = PARTS > 2 ? 2 : 4 }; /* ROWS * PARTS sums that do not wait for each other */
    part total[ROWS][PARTS] = { 0 };
    size_t i = 0;
    for (; i + ROWS * LANES <= count; i += ROWS * LANES)
        for (int row = 0; row < ROWS; row++)
            for (int h = 0; h < PARTS; h++) total[row][h] += load_part(x + i + row * LANES + h * PART);
    lanes joined = { 0 };
    for (int lane = 0; lane < LANES; lane++)
        for (int row = 0; row < ROWS; row++) joined[lane] += total[row][lane / PART][lane % PART];
    for (size_t k = 0; i + k < count; k++) joined[k % LANES] += x[i + k];
    double all = 0;
    for (int lane = 0; lane < lanes_used; lane++) all += (double)joined[lane];
    return all;
}

extern const lathe_element_kernels KERNEL(lathe_element_kernels);
const lathe_element_kernels KERNEL(lathe_element_kernels) = {
    .relu = relu,
    .relu6 = relu6,
    .gelu = gelu,
    .silu = silu,
    .sigmoid = sigmoid,
    .tanh = hyperbolic_tangent,
    .hardswish = hardswish,
    .hardsigmoid = hardsigmoid,
    .relu_backward = relu_backward,
    .relu6_backward = relu6_backward,
    .gelu_backward = gelu_backward,
    .silu_backward = silu_backward,
    .sigmoid_backward = sigmoid_backward,
    .tanh_backward = hyperbolic_tangent_backward,
    .hardswish_backward = hardswish_backward,
    .hardsigmoid_backward = hardsigmoid_backward,
    .leaky_relu = leaky_relu,
    .clip = clip,
    .elu = elu,
    .softplus = softplus,
    .leaky_relu_backward = leaky_relu_backward,
    .prelu = prelu,
    .prelu_backward = prelu_backward,
    .clip_backward = clip_backward,
    .elu_backward = elu_backward,
    .softplus_backward = softplus_backward,
    .copy = copy,
    .scale = scale,
    .add = sum_of_two,
    .mul = mul,
    .add_sixteen = add_sixteen,
    .mul_sixteen = mul_sixteen,
    .copy_sixteen = copy_sixteen,
    .sum_sixteens = sum_sixteens,
    .sum_each = sum_each,
    .fill = fill,
    .take_every = take_every,
    .add_every = add_every,
    .sum = sum,
};
