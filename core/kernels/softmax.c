#include "softmax.h"

#include "lane_math.h"
#include "lanes.h"

static lanes largest_of(int classes, size_t stride, const real *x)
{
    lanes largest = load(x);
    for (int k = 1; k < classes; k++) largest = lane_max(largest, load(x + (size_t)k * stride));
    return largest;
}

static lanes sum_of_exp(int classes, size_t stride, const real *x, lanes largest)
{
    lanes sum = { 0 };
    for (int k = 0; k < classes; k++) sum += lane_exp(load(x + (size_t)k * stride) - largest);
    return sum;
}

static void softmax(int classes, size_t stride, const real *x, real *y)
{
    lanes largest = largest_of(classes, stride, x), sum = { 0 };
    for (int k = 0; k < classes; k++) {
        lanes e = lane_exp(load(x + (size_t)k * stride) - largest);
        store(y + (size_t)k * stride, e);
        sum += e;
    }
    for (int k = 0; k < classes; k++) store(y + (size_t)k * stride, load(y + (size_t)k * stride) / sum);
}

static void softmax_backward(int classes, size_t stride, const real *y, const real *gy, real *gx, int add)
{
    lanes inner = { 0 };
    for (int k = 0; k < classes; k++) inner += load(gy + (size_t)k * stride) * load(y + (size_t)k * stride);
    for (int k = 0; k < classes; k++) {
        size_t at = (size_t)k * stride;
        store_some(gx + at, LANES, load(y + at) * (load(gy + at) - inner), add);
    }
}

static void log_softmax(int classes, size_t stride, const real *x, real *y)
{
    lanes largest = largest_of(classes, stride, x);
    lanes log_sum = lane_log(sum_of_exp(classes, stride, x, largest));
    for (int k = 0; k < classes; k++) store(y + (size_t)k * stride, load(x + (size_t)k * stride) - largest - log_sum);
}

static void log_softmax_backward(int classes, size_t stride, const real *y, const real *gy, real *gx, int add)
{
    lanes sum = { 0 };
    for (int k = 0; k < classes; k++) sum += load(gy + (size_t)k * stride);
    for (int k = 0; k < classes; k++) {
        size_t at = (size_t)k * stride;
        store_some(gx + at, LANES, load(gy + at) - lane_exp(load(y + at)) * sum, add);
    }
}

static void cross_entropy(int classes, const real *x, const real *targets, real *loss, real *largest_out, real *log_sum_out)
{
    lanes largest = largest_of(classes, LANES, x), total = { 0 };
    lanes log_sum = lane_log(sum_of_exp(classes, LANES, x, largest));
    for (int k = 0; k < classes; k++) {
        lanes target = load(targets + k * LANES);
        lanes term = target * (log_sum + (largest - load(x + k * LANES)));
        total += choose(target == 0, splat(0), term);
    }
    store(loss, total);
    store(largest_out, largest);
    store(log_sum_out, log_sum);
}

static void cross_entropy_backward(int classes, const real *x, const real *targets, const real *largest, const real *log_sum,
    const real *gloss, real *gx, int add)
{
    lanes weight = { 0 }, m = load(largest), s = load(log_sum), g = load(gloss);
    for (int k = 0; k < classes; k++) weight += load(targets + k * LANES);
    for (int k = 0; k < classes; k++) {
        lanes probability = lane_exp(load(x + k * LANES) - m - s);
        lanes gradient = g * (probability * weight - load(targets + k * LANES));
        store_some(gx + k * LANES, LANES, choose(weight == 0, splat(0), gradient), add); /* 0 even where x is NaN */
    }
}

extern const lathe_softmax_kernels KERNEL(lathe_softmax_kernels);
const lathe_softmax_kernels KERNEL(lathe_softmax_kernels) = {
    .softmax = softmax,
    .softmax_backward = softmax_backward,
    .log_softmax = log_softmax,
    .log_softmax_backward = log_softmax_backward,
    .cross_entropy = cross_entropy,
    .cross_entropy_backward = cross_entropy_backward,
};
