/* A file, gzipped or not, read in pieces to its end. */
#include "fuzz.h"

#include <lathe/data/files/byte_file_impl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lathe_data_file file = LATHE_DATA_NO_FILE;
    if (lathe_data_file_open(&file, fuzz_file("file", data, size))) {
        lathe_error_clear();
        return 0;
    }
    uint64_t length = 0, got = 0;
    uint8_t piece[509];
    if (!lathe_data_file_size(&file, &length) && length < 1 << 22) {
        lathe_status status = LATHE_OK;
        for (; got < length && !status; got += sizeof piece < length - got ? sizeof piece : length - got)
            status = lathe_data_file_read(&file, piece,
                (size_t)(sizeof piece < length - got ? sizeof piece : length - got));
        if (!status) status = lathe_data_file_end(&file);
        if (!status) status = lathe_data_file_restart(&file, length < 3 ? 0 : 3);
        fuzz_check(!status || *lathe_error_message(), "refused without a message");
    }
    lathe_data_file_close(&file);
    lathe_error_clear();
    return 0;
}
