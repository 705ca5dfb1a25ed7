/* Nets that are written as C files, compiled as one program and compared with what lathe computes. */
#ifndef LATHE_TESTS_C_FILES_H
#define LATHE_TESTS_C_FILES_H

#include "support.h"

typedef struct c_case {
    const char *name; /* for messages */
    lathe_layer *net;
    lathe_shape image; /* [C, H, W] */
    bool split;        /* its weights are a file of their own */
    bool plain;        /* batch norms stay */
    bool binary;       /* split, and the weights are linked as they are, not compiled: for large nets */
} c_case;

/** Write the files of all cases into a folder, with a program that runs them all. */
void c_files_write(const char *into, const c_case *cases, int count);

/**
 * Compile the program by a compiler with its flags, run it (by `emulator`, "" for none), and fail unless each
 * case's outputs differ from lathe's by `most` of their spread at most, or by four times what lathe's own
 * change if the image has rounding errors. Returns the largest difference.
 */
double c_files_try(const char *into, const c_case *cases, int count, const char *compiler,
    const char *emulator, double most);

/** The flag for all that this processor can do, where compilers have it: vectors of another width. */
#ifdef __x86_64__
#define C_FILES_NATIVE "-march=native "
#else
#define C_FILES_NATIVE ""
#endif

/** Whether a program of this name can be run; a test of it says so and is skipped otherwise. */
bool c_files_have(const char *program);

#endif
