/* A table of pictures, beside three pictures that it may name. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t pictures[3][12] = { "P5 1 1 255 a", "P5 1 1 255 b", "P5 1 1 255 c" };
    static const char *const names[] = { "a.pgm", "b.pgm", "c.pgm" };
    static int there;
    for (; there < 3; there++) fuzz_file(names[there], pictures[there], sizeof pictures[there]);
    const char *table = fuzz_file("table.csv", data, size);
    for (int skip = 0; skip < 2; skip++) {
        lathe_folder_opts opts = { .size = 4, .channels = 1, .skip_bad = skip };
        fuzz_read_all(lathe_data_csv(table, skip ? LATHE_SPLIT_TEST : LATHE_SPLIT_TRAIN, &opts));
        lathe_error_clear();
    }
    return 0;
}
