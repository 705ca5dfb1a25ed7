/* A file of torch.save: an archive or the older form, its pickles and its tensors. */
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lathe_safetensors *file = lathe_weights_read(fuzz_file("file.pth", data, size));
    fuzz_check(file || *lathe_error_message(), "refused without a message");
    for (size_t i = 0; file && i < file->tensors; i++) {
        size_t count = file->tensor[i].count;
        fuzz_check(count <= size, "a tensor of more numbers than the file has bytes");
        lathe_real *values = malloc((count + 1) * sizeof *values);
        fuzz_check(values != NULL, "out of memory");
        if (lathe_safetensors_get(file, &file->tensor[i], values, count)) lathe_error_clear();
        free(values);
    }
    lathe_safetensors_free(file);
    lathe_error_clear();
    return 0;
}
