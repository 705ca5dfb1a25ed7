/*
 * Contexts: the threads and the kernels that do the work. A tape, an optimizer and a loader have a context;
 * NULL stands for the default one, which is all that most programs need.
 */
#ifndef LATHE_CORE_CONTEXT_H
#define LATHE_CORE_CONTEXT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_context lathe_context;

/** NULL or zeros: one thread a processor, and the best kernels. */
typedef struct lathe_context_opts {
    int threads; /* 1 ... 256, the calling thread included; 0: one a processor that this process may use */
    const char *isa; /* "base", "avx2" or "avx512"; NULL: the environment's LATHE_ISA, or else the best */
} lathe_context_opts;

/**
 * A context of its own threads. Two contexts work side by side, and each gives the bits that it gives alone.
 * Errors   LATHE_EARG for a number of threads out of range; LATHE_ENAME for an instruction set that this
 * processor does not have: the message lists those it has; LATHE_ENOMEM.
 */
lathe_context *lathe_context_new(const lathe_context_opts *opts);

/** Stop its threads and free it. What uses it must be freed before. NULL and the default one are fine. */
void lathe_context_free(lathe_context *context);

/** The process's default context. */
lathe_context *lathe_context_default(void);

/** The instruction set of the context's kernels (NULL: the default context's): "avx512", "avx2" or "base". */
const char *lathe_context_isa(const lathe_context *context);

/** The context's kernels (NULL: the default context's), for operations: core/kernels/kernels.h. */
typedef struct lathe_kernels lathe_kernels;
const lathe_kernels *lathe_context_kernels(const lathe_context *context);

#ifdef __cplusplus
}
#endif
#endif
