/* What the fuzz targets share. A target is one file with libFuzzer's entry; replay.c calls it with the files
 * of its corpus. */
#ifndef LATHE_TESTS_FUZZ_H
#define LATHE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include <lathe/lathe.h>

/** libFuzzer's entry: whatever the bytes, no crash, no leak, nothing slow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Write the bytes into file `name` of a folder in memory that is gone at the program's end; returns its
 * path, valid until the next call but one. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);

/** That folder. */
const char *fuzz_folder(void);

/** A copy of the bytes as text: ended by a zero, without zeros in it, at most `most` long. To be freed. */
char *fuzz_text(const uint8_t *data, size_t size, size_t most);

/** Stop the program unless `fact` holds: a finding. */
void fuzz_check(int fact, const char *what);

/** Read every sample of a data set and free it; NULL is a refusal, which must have said why. */
void fuzz_read_all(lathe_dataset *data);

/** Convert every tensor of a file of `size` bytes; free it. NULL is a refusal, which must have said why. */
void fuzz_read_tensors(lathe_safetensors *file, size_t size);

#endif
