#include "params.h"

void lathe_params_swap(const lathe_params *params, lathe_real *numbers)
{
    for (size_t i = 0; params && numbers && i < params->size; i++) {
        lathe_real number = params->data[i];
        params->data[i] = numbers[i];
        numbers[i] = number;
    }
}
