#include "softmax.h"

#include "../lanes.h"
#include "vector_math.h"

/* Each kernel works on one part of the sixteen images after the other, a column of classes at a time. */

static inline part largest_of(int classes, size_t stride, const real *x)
{
    part largest = load_part(x);
    for (int k = 1; k < classes; k++) largest = part_max(largest, load_part(x + (size_t)k * stride));
    return largest;
}

static inline part sum_of_exp(int classes, size_t stride, const real *x, part largest)
{
    part sum = { 0 };
    for (int k = 0; k < classes; k++) sum += part_exp(load_part(x + (size_t)k * stride) - largest);
    return sum;
}

static void softmax(int classes, size_t stride, const real *x, real *y)
{
    for (int h = 0; h < LANES; h += PART, x += PART, y += PART) {
        part largest = largest_of(classes, stride, x), sum = { 0 };
        for (int k = 0; k < classes; k++) {
            part e = part_exp(load_part(x + (size_t)k * stride) - largest);
            store_part(y + (size_t)k * stride, e);
            sum += e;
        }
        for (int k = 0; k < classes; k++)
            store_part(y + (size_t)k * stride, load_part(y + (size_t)k * stride) / sum);
    }
}

static void softmax_backward(int classes, size_t stride, const real *y, const real *gy, real *gx, int add)
{
    for (int h = 0; h < LANES; h += PART, y += PART, gy += PART, gx += PART) {
        part inner = { 0 };
        for (int k = 0; k < classes; k++)
            inner += load_part(gy + (size_t)k * stride) * load_part(y + (size_t)k * stride);
        for (int k = 0; k < classes; k++) {
            size_t at = (size_t)k * stride;
            store_some(gx + at, PART, load_part(y + at) * (load_part(gy + at) - inner), add);
        }
    }
}

static void log_softmax(int classes, size_t stride, const real *x, real *y)
{
    for (int h = 0; h < LANES; h += PART, x += PART, y += PART) {
        part largest = largest_of(classes, stride, x);
        part log_sum = part_log(sum_of_exp(classes, stride, x, largest));
        for (int k = 0; k < classes; k++)
            store_part(y + (size_t)k * stride, load_part(x + (size_t)k * stride) - largest - log_sum);
    }
}

static void log_softmax_backward(int classes, size_t stride, const real *y, const real *gy, real *gx, int add)
{
    for (int h = 0; h < LANES; h += PART, y += PART, gy += PART, gx += PART) {
        part sum = { 0 };
        for (int k = 0; k < classes; k++) sum += load_part(gy + (size_t)k * stride);
        for (int k = 0; k < classes; k++) {
            size_t at = (size_t)k * stride;
            store_some(gx + at, PART, load_part(gy + at) - part_exp(load_part(y + at)) * sum, add);
        }
    }
}

static void cross_entropy(int classes, size_t stride, const real *x, const real *targets, real *loss,
    real *largest_out, real *log_sum_out)
{
    for (int h = 0; h < LANES; h += PART, x += PART, targets += PART) {
        part largest = largest_of(classes, stride, x), total = { 0 };
        part log_sum = part_log(sum_of_exp(classes, stride, x, largest));
        for (int k = 0; k < classes; k++) {
            part target = load_part(targets + (size_t)k * stride);
            part term = target * (log_sum + (largest - load_part(x + (size_t)k * stride)));
            total += choose_part(target == 0, splat_part(0), term);
        }
        store_part(loss + h, total);
        store_part(largest_out + h, largest);
        store_part(log_sum_out + h, log_sum);
    }
}

static void cross_entropy_backward(int classes, size_t stride, const real *x, const real *targets,
    const real *largest, const real *log_sum, const real *gloss, real *gx, int add)
{
    for (int h = 0; h < LANES; h += PART, x += PART, targets += PART, gx += PART) {
        part weight = { 0 }, m = load_part(largest + h), s = load_part(log_sum + h), g = load_part(gloss + h);
        for (int k = 0; k < classes; k++) weight += load_part(targets + (size_t)k * stride);
        for (int k = 0; k < classes; k++) {
            part probability = part_exp(load_part(x + (size_t)k * stride) - m - s);
            part gradient = g * (probability * weight - load_part(targets + (size_t)k * stride));
            gradient = choose_part(weight == 0, splat_part(0), gradient); /* 0 even where x is NaN */
            store_some(gx + (size_t)k * stride, PART, gradient, add);
        }
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
