/*
 * Safetensors: a file of named tensors, which PyTorch and other programs can read.
 *
 *     8 bytes   N, the length of the header, lowest byte first
 *     N bytes   the header, a JSON object, padded with blanks: {"__metadata__": {"key": "text", ...},
 *               "3.weight": {"dtype": "F32", "shape": [120, 256], "data_offsets": [0, 122880]}, ...}
 *     the rest  the tensors' numbers, row-major, lowest byte first, without gaps
 *
 * Source: https://github.com/huggingface/safetensors (format). lathe adds two checksums to the metadata.
 */
#ifndef LATHE_IO_SAFETENSORS_H
#define LATHE_IO_SAFETENSORS_H

#include <stdint.h>

#include "../core/arena.h"
#include "../core/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Limits: the largest rank, the longest name in bytes, the longest header in bytes (that of the format's own
 * reader), the most tensors, and the most texts.
 */
#define LATHE_SAFETENSORS_RANK 8
#define LATHE_SAFETENSORS_NAME 255
#define LATHE_SAFETENSORS_HEADER 100000000
#define LATHE_SAFETENSORS_ENTRIES (1 << 16)

/** A tensor in a file. */
typedef struct lathe_safetensor {
    const char *name;
    const char *dtype; /* "F32", "F64", "F16", "BF16", "I64", ... */
    int rank;
    uint64_t dim[LATHE_SAFETENSORS_RANK];
    const void *data; /* little-endian, not aligned */
    size_t count;     /* of numbers; 0 if a dimension is 0 */
    size_t bytes;
} lathe_safetensor;

/** A string of the metadata. */
typedef struct lathe_metadata {
    const char *key, *text;
} lathe_metadata;

/** The contents of a file. */
typedef struct lathe_safetensors {
    lathe_safetensor *tensor; /* sorted by name */
    size_t tensors;
    lathe_metadata *metadata; /* sorted by key */
    size_t metadata_count;
    char *path;
    char *bytes;        /* the file's bytes: the names, texts and numbers above point into them */
    lathe_arena *arena; /* private: of a file of PyTorch; else NULL */
    /** Private: the files of an index, which have the tensors' bytes; else NULL. */
    struct lathe_safetensors **shard;
    size_t shards;
} lathe_safetensors;

/**
 * Read a file and check it strictly: the header's length and form; names (unique, UTF-8, no control
 * characters); known types; ranges of bytes without gap or overlap; shape times size of the type equal to the
 * range; the file's exact length; and lathe's checksums if they are there. Numbers may be non-finite.
 * Memory   the file and a table of its tensors. No size that the file claims is allocated.
 * Errors   LATHE_EIO, LATHE_ENOMEM, LATHE_EFORMAT naming the file and the reason: returns NULL.
 */
lathe_safetensors *lathe_safetensors_read(const char *path);

/**
 * As lathe_safetensors_read, of the bytes of such a file, which are copied. `name` is its name in messages.
 * Errors: LATHE_ENOMEM, LATHE_EFORMAT: returns NULL.
 */
lathe_safetensors *lathe_safetensors_of(const char *name, const void *bytes, size_t size);

void lathe_safetensors_free(lathe_safetensors *file);

/** The tensor of this name; the text of this key. NULL if the file does not have it. */
const lathe_safetensor *lathe_safetensors_find(const lathe_safetensors *file, const char *name);
const char *lathe_safetensors_text(const lathe_safetensors *file, const char *key);

/**
 * Convert the numbers of a tensor to `count` reals. F64, F32, F16, BF16, booleans, signed integers and U8 are
 * accepted.
 * Errors   LATHE_EFORMAT (another count, or a type that cannot be converted), naming the tensor.
 */
lathe_status lathe_safetensors_get(const lathe_safetensors *file, const lathe_safetensor *tensor,
    lathe_real *values, size_t count);

/**
 * Compare tensors with the file's by name and shape, without reading numbers. The name in the file is
 * `prefix` ("" for weights) and the tensor's name. Without a prefix, the tensor's alias will do too. A shape
 * may have dimensions of 1 more at its end, such as a linear layer that the net computes as a convolution.
 * strict   a tensor of the file that was not asked for is an error too. Exceptions: PyTorch's counters
 *          "num_batches_tracked", and lathe's tensors "optimizer. ...".
 * Errors   LATHE_ESHAPE listing by name the tensors that are missing, of another shape, or unknown.
 */
lathe_status lathe_safetensors_fit(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const char *prefix, bool strict);

/**
 * Fill tensors of plain layout that fit the file as lathe_safetensors_fit says. Either all tensors are filled
 * or, after a failure, no tensor is changed.
 * Errors   those of lathe_safetensors_fit
 */
lathe_status lathe_safetensors_load(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const char *prefix, bool strict);

/* ---- writing ------------------------------------------------------------------------------------------- */

/** A tensor to be written, with numbers of type lathe_real, row-major. */
typedef struct lathe_saved {
    const char *prefix, *name; /* the name in the file is prefix + name; prefix may be NULL */
    lathe_shape shape;
    const lathe_real *values;
} lathe_saved;

/**
 * Write tensors and metadata atomically, the tensors in the given order. The same arguments give the same
 * bytes. Keys that begin with "lathe." are reserved. The function adds "lathe.data_crc32" and
 * "lathe.header_crc32".
 * Errors   LATHE_EARG (a name that reading would refuse), LATHE_EFORMAT (a name given twice), LATHE_ENOMEM,
 *          LATHE_EIO.
 */
lathe_status lathe_safetensors_write(const char *path, const lathe_saved *tensors, int count,
    const lathe_metadata *metadata, int metadata_count);

/**
 * The bytes of the file that lathe_safetensors_write would write, for lathe_free. Errors: as there, without
 * LATHE_EIO: returns NULL.
 */
char *lathe_safetensors_bytes(const lathe_saved *tensors, int count, const lathe_metadata *metadata,
    int metadata_count, size_t *size);

/**
 * Check that lathe_safetensors_write takes such tensors and texts: names, and the length of the header. There
 * must be room for as much again and 1 MiB, because texts grow during a training. No number is read, so the
 * values may be NULL.
 * Errors   as lathe_safetensors_write; LATHE_EARG for a header that is too long
 */
lathe_status lathe_safetensors_writable(const lathe_saved *tensors, int count, const lathe_metadata *metadata,
    int metadata_count);

#ifdef __cplusplus
}
#endif
#endif
