#include "element.h"

#include "lanes.h"

static void relu(size_t count, const real *x, real *y)
{
    lanes zero = { 0 };
    for (size_t i = 0; i < count; i += LANES) {
        lanes v = load(x + i);
        store(y + i, choose(v > zero, v, zero));
    }
}

static void relu_backward(size_t count, const real *y, const real *gy, real *gx, int add)
{
    lanes zero = { 0 };
    for (size_t i = 0; i < count; i += LANES) {
        lanes g = choose(load(y + i) > zero, load(gy + i), zero);
        store(gx + i, add ? load(gx + i) + g : g);
    }
}

extern const lathe_element_kernels KERNEL(lathe_element_kernels);
const lathe_element_kernels KERNEL(lathe_element_kernels) = {
    .relu = relu,
    .relu_backward = relu_backward,
};
