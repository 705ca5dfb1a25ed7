/*
 * Private: safetensors in several files, with an index.
 *
 *     {"metadata": {...}, "weight_map": {"3.weight": "model-00001-of-00002.safetensors", ...}}
 *
 * The files lie in the folder of the index.
 *
 * Source: https://huggingface.co/docs/safetensors, "sharded" models of transformers.
 */
#ifndef LATHE_IO_SHARDS_IMPL_H
#define LATHE_IO_SHARDS_IMPL_H

#include <stdbool.h>

#include "safetensors.h"

/** The most files of one index. */
#define LATHE_SHARDS_MOST 1000

/** Whether bytes are the beginning of a text that may be an index, and no safetensors file. */
bool lathe_shards_is(const char *bytes, size_t size);

/**
 * Read the files that the index in file->bytes [size] names, and fill file->tensor. The names of files must
 * end in ".safetensors" and may not leave the folder. Each tensor must be in the file that the index says.
 * The files may have no others.
 * Errors   LATHE_EFORMAT, LATHE_EIO, LATHE_ENOMEM
 */
lathe_status lathe_shards_read(lathe_safetensors *file, size_t size);

#endif
