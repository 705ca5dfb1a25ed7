#include "weights.h"

#include "pytorch_impl.h"
#include "safetensors_impl.h"

lathe_safetensors *lathe_weights_read(const char *path)
{
    if (!path) return lathe_fail_null("lathe_weights_read", "path"), NULL;
    size_t size;
    lathe_safetensors *file = lathe_safetensors_open(path, &size);
    if (!file) return NULL;
    const bool is_pytorch = lathe_pytorch_is(file->bytes, size);
    if (!(is_pytorch ? lathe_pytorch_parse(file, size) : lathe_safetensors_check(file, size))) return file;
    lathe_safetensors_free(file);
    return NULL;
}
