/* A file of torch.save: an archive or the older form, its pickles and its tensors. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_read_tensors(lathe_weights_read(fuzz_file("file.pth", data, size)), size);
    return 0;
}
