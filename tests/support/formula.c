#include "formula.h"

#include <math.h>

double formula_number(uint64_t stream, uint64_t index)
{
    uint64_t z = (index + (stream << 32)) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-52 - 1;
}

void formula_weights(lathe_layer *net)
{
    const lathe_params *params = lathe_nn_params(net);
    for (int p = 0; p < params->count; p++) {
        lathe_tensor *tensor = params->tensor[p];
        double fan_in = (double)tensor->stored / tensor->shape.dim[0],
               scale = tensor->shape.rank > 1 ? sqrt(3 / fan_in) : 0.1;
        double base =
            (double)tensor->data[0] == 1 ? 1 : 0; /* a norm's weight, which is 1 after lathe_nn_init */
        for (size_t i = 0; i < tensor->stored; i++)
            tensor->data[i] = (lathe_real)(base + scale * formula_number((uint64_t)p, i));
    }
}
