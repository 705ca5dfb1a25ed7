/* A checkpoint: its header, its metadata and its numbers. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_read_tensors(lathe_safetensors_read(fuzz_file("file.safetensors", data, size)), size);
    return 0;
}
