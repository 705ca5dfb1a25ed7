#include "params.h"

static size_t padded(int size) { return ((size_t)size + 15) / 16 * 16; }

lathe_params *params_new(const int *sizes, int count)
{
    lathe_params *params = lathe_alloc(1, sizeof *params);
    for (int i = 0; i < count; i++) params->size += padded(sizes[i]);
    params->count = count;
    params->tensor = lathe_alloc((size_t)count, sizeof *params->tensor);
    params->data = lathe_alloc(params->size, sizeof *params->data);
    params->grad = lathe_alloc(params->size, sizeof *params->grad);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        lathe_tensor *tensor = lathe_alloc(1, sizeof *tensor);
        *tensor = (lathe_tensor){ .shape = { 1, { sizes[i] } },
            .stored = (size_t)sizes[i],
            .data = params->data + at,
            .grad = params->grad + at,
            .needs_grad = true,
            .has_grad = true };
        params->tensor[i] = tensor;
        at += padded(sizes[i]);
    }
    return params;
}

lathe_params *params_of(int size) { return params_new(&size, 1); }

void params_free(lathe_params *params)
{
    if (!params) return;
    for (int i = 0; i < params->count; i++) lathe_free(params->tensor[i]);
    lathe_free(params->tensor);
    lathe_free(params->data);
    lathe_free(params->grad);
    lathe_free(params);
}

void params_have_grad(lathe_params *params)
{
    for (int i = 0; i < params->count; i++) params->tensor[i]->has_grad = true;
}
