/* Weights and pictures by a formula that tests/golden/make_training.py computes too: nothing is stored. */
#ifndef LATHE_TESTS_FORMULA_H
#define LATHE_TESTS_FORMULA_H

#include "support.h"

/** Number `index` of stream `stream`, uniform on [-1, 1) (splitmix64: Steele, Lea, Flood 2014). */
double formula_number(uint64_t stream, uint64_t index);

/**
 * Set the parameters of a net after lathe_nn_init. Parameter p takes the numbers of stream p: weights uniform
 * on +-sqrt(3 / fan_in), biases on +-0.1, the weights of norms 1 + that.
 */
void formula_weights(lathe_layer *net);

#endif
