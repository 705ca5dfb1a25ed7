/* An index of safetensors beside one file with tensors "a.weight" and "z". */
#include "fuzz.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const lathe_real numbers[] = { 1, 2 };
    const lathe_saved saved[] = { { NULL, "a.weight", { 1, { 2 } }, numbers },
        { NULL, "z", { 0, { 0 } }, numbers } };
    const char *shard = fuzz_file("a.safetensors", data, 0);
    fuzz_check(!lathe_safetensors_write(shard, saved, 2, NULL, 0), "a file cannot be written");
    fuzz_read_tensors(lathe_weights_read(fuzz_file("index.json", data, size)), size + 2);
    return 0;
}
