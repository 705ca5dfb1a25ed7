/*
 * Safetensors: named tensors in a file that PyTorch's world opens as it is.
 *
 *     8 bytes   N, the length of the header, the lowest byte first
 *     N bytes   the header, a JSON object: {"__metadata__": {"key": "text", ...},
 *               "3.weight": {"dtype": "F32", "shape": [120, 256], "data_offsets": [0, 122880]}, ...}, padded
 *                   with blanks
 *     the rest  the tensors' numbers, row-major, the lowest byte first, without gaps
 *
 * Source: https://github.com/huggingface/safetensors (format). What lathe writes carries two checksums in its
 * metadata.
 */
#ifndef LATHE_IO_SAFETENSORS_H
#define LATHE_IO_SAFETENSORS_H

#include <stdint.h>

#include "../core/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most dimensions, longest name in bytes, longest header: more is refused. */
#define LATHE_SAFETENSORS_RANK 8
#define LATHE_SAFETENSORS_NAME 255
#define LATHE_SAFETENSORS_HEADER (1 << 20)

/** A tensor in a file. */
typedef struct lathe_safetensor {
    const char *name;
    const char *dtype; /* "F32", "F64", "F16", "BF16", "I64", ... */
    int rank;
    uint64_t dim[LATHE_SAFETENSORS_RANK];
    const void *data; /* little-endian, not aligned */
    size_t count;     /* numbers; 0 if a dimension is 0 */
    size_t bytes;
} lathe_safetensor;

/** A string of the metadata. */
typedef struct lathe_metadata {
    const char *key, *text;
} lathe_metadata;

/** What a file holds. */
typedef struct lathe_safetensors {
    lathe_safetensor *tensor; /* sorted by name */
    size_t tensors;
    lathe_metadata *metadata; /* sorted by key */
    size_t metadata_count;
    char *path;
    char *bytes; /* the file: names, texts and numbers above lie in it */
} lathe_safetensors;

/**
 * Read a file strictly: the length of the header, its form, names (unique, UTF-8, no control characters),
 * known types, offsets that follow each other without gap or overlap, shape times type equal to the range,
 * the file's exact length, and lathe's checksums if it has them. Whether numbers are finite is not looked at.
 * Memory   the file and a table of its tensors; nothing is allocated by a number that the file claims.
 * Errors   NULL; LATHE_EIO, LATHE_ENOMEM, LATHE_EFORMAT naming the file and the reason.
 */
lathe_safetensors *lathe_safetensors_read(const char *path);

void lathe_safetensors_free(lathe_safetensors *file);

/** The tensor of that name, the text of that key; NULL if there is none. */
const lathe_safetensor *lathe_safetensors_find(const lathe_safetensors *file, const char *name);
const char *lathe_safetensors_text(const lathe_safetensors *file, const char *key);

/**
 * The numbers of a tensor, converted to `count` reals. F64, F32, F16, BF16 and integers up to 64 bits are
 * taken.
 * Errors   LATHE_EFORMAT (another count, or a type that cannot be converted), naming the tensor.
 */
lathe_status lathe_safetensors_get(const lathe_safetensors *file, const lathe_safetensor *tensor,
    lathe_real *values, size_t count);

/**
 * Fill tensors of plain layout by their names. A name is looked up behind `prefix` ("" for weights). Either
 * all are filled or, after a failure, none. With `strict`, a tensor of the file that nobody asked for is a
 * mismatch too; PyTorch's "num_batches_tracked" counters never are, nor is what lathe keeps behind
 * "optimizer.".
 * Errors   LATHE_ESHAPE listing by name what is missing, of another shape, or unknown.
 */
lathe_status lathe_safetensors_load(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const char *prefix, bool strict);

/* ---- writing ------------------------------------------------------------------------------------------- */

/** A tensor to be written: its numbers are of type lathe_real, row-major. */
typedef struct lathe_saved {
    const char *prefix, *name; /* the name in the file is both together; prefix may be NULL */
    lathe_shape shape;
    const lathe_real *values;
} lathe_saved;

/**
 * Write tensors and metadata atomically, the tensors in the given order. The same tensors and texts give the
 * same bytes. Keys beginning with "lathe." are lathe's own; "lathe.data_crc32" and "lathe.header_crc32" are
 * added here.
 * Errors   LATHE_EARG (a name that reading would refuse), LATHE_EFORMAT (one given twice), LATHE_ENOMEM,
 *          LATHE_EIO.
 */
lathe_status lathe_safetensors_write(const char *path, const lathe_saved *tensors, int count,
    const lathe_metadata *metadata, int metadata_count);

#ifdef __cplusplus
}
#endif
#endif
