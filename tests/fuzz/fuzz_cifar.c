/* A CIFAR file: CIFAR-10's if the first byte is even, otherwise CIFAR-100's. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    bool hundred = data[0] & 1;
    fuzz_file(hundred ? "test.bin" : "test_batch.bin", data + 1, size - 1);
    fuzz_read_all(hundred ? lathe_data_cifar100(fuzz_folder(), LATHE_SPLIT_TEST) :
                            lathe_data_cifar10(fuzz_folder(), LATHE_SPLIT_TEST));
    lathe_error_clear();
    return 0;
}
