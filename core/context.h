/*
 * Contexts: the threads and the kernels that do the work. A tape, an optimizer and a loader have a context.
 * NULL means the default context, which suits most programs.
 */
#ifndef LATHE_CORE_CONTEXT_H
#define LATHE_CORE_CONTEXT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_context lathe_context;

/**
 * How convolutions are computed. They are sums of products, and some shapes take fewer multiplications by
 * Winograd's tiles, which round otherwise, by about as much (docs/performance.md).
 */
typedef enum lathe_conv_choice {
    LATHE_CONV_AUTO,  /* by a fixed rule of their shapes */
    LATHE_CONV_DIRECT /* as the sums that they are */
} lathe_conv_choice;

/** NULL or zeros: one thread for each processor, and the best kernels. */
typedef struct lathe_context_opts {
    int threads;     /* 1 to 256, with the calling thread; 0: one for each processor of this process */
    const char *isa; /* "base", "avx2" or "avx512"; NULL: LATHE_ISA from the environment, or else the best */
    lathe_conv_choice conv;
} lathe_context_opts;

/**
 * Make a context with its own threads. Two contexts may work at the same time, and each gives the same bits
 * as alone.
 * Errors   LATHE_EARG for a number of threads or a `conv` out of range; LATHE_ENAME for an instruction set
 *          that the processor does not have, listing those it has; LATHE_ENOMEM.
 */
lathe_context *lathe_context_new(const lathe_context_opts *opts);

/**
 * Stop the threads and free the context, after everything that uses it. NULL and the default one are fine.
 */
void lathe_context_free(lathe_context *context);

/** The process's default context. */
lathe_context *lathe_context_default(void);

/** The instruction set of the context's kernels (NULL: the default context's): "avx512", "avx2" or "base". */
const char *lathe_context_isa(const lathe_context *context);

/** How the context (NULL: the default one) computes convolutions. */
lathe_conv_choice lathe_context_conv(const lathe_context *context);

/**
 * Set how the context (NULL: the default one) computes convolutions. Not to be called between a forward and
 * its backward; plans (nn/plan.h) that were made before are not to be used after.
 */
void lathe_context_set_conv(lathe_context *context, lathe_conv_choice conv);

/** The context's kernels (NULL: the default context's), for operations: core/kernels/kernels.h. */
typedef struct lathe_kernels lathe_kernels;
const lathe_kernels *lathe_context_kernels(const lathe_context *context);

#ifdef __cplusplus
}
#endif
#endif
