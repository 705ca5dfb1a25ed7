/* Two IDX files: the first two bytes say how many of the others are the labels'. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    size_t labels = (size_t)data[0] << 8 | data[1];
    data += 2, size -= 2;
    if (labels > size) labels = size;
    const char *label_file = fuzz_file("labels", data, labels);
    const char *picture_file = fuzz_file("pictures", data + labels, size - labels);
    fuzz_read_all(lathe_data_idx(picture_file, label_file, NULL));
    lathe_error_clear();
    return 0;
}
