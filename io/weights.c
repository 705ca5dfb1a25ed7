#include "weights.h"

#include "pytorch_impl.h"
#include "safetensors_impl.h"
#include "shards_impl.h"

lathe_safetensors *lathe_weights_read(const char *path)
{
    if (!path) return lathe_fail_null("lathe_weights_read", "path"), NULL;
    size_t size;
    lathe_safetensors *file = lathe_safetensors_open(path, &size);
    if (!file) return NULL;
    const lathe_status status = lathe_pytorch_is(file->bytes, size) ? lathe_pytorch_parse(file, size) :
        lathe_shards_is(file->bytes, size)                          ? lathe_shards_read(file, size) :
                                                                      lathe_safetensors_check(file, size);
    if (!status) return file;
    lathe_safetensors_free(file);
    return NULL;
}
