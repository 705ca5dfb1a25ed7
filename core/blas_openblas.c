#include "blas.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "threads_impl.h"

/* Chooses the kernels again, by OPENBLAS_CORETYPE; exported by builds with several core types, though not
 * declared. */
extern void gotoblas_dynamic_quit(void) __attribute__((weak));
extern void gotoblas_dynamic_init(void) __attribute__((weak));

enum { OTHER, AVX2, AVX512 };

/* The instructions that processor and operating system support. */
static int processor_level(void)
{
#if defined(__x86_64__) || defined(__i386__)
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512cd");
    return avx512 ? AVX512 : avx2 ? AVX2 : OTHER;
#else
    return OTHER;
#endif
}

/* The instructions of a core type's kernels. */
static int core_level(const char *core)
{
    static const struct {
        const char *name;
        int level;
    } known[] = {
        { "Haswell", AVX2 },
        { "Zen", AVX2 },
        { "Excavator", AVX2 },
        { "SkylakeX", AVX512 },
        { "Cooperlake", AVX512 },
        { "SapphireRapids", AVX512 },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(core, known[i].name)) return known[i].level;
    return OTHER;
}

/* A user's own choice stays; otherwise a core type below the processor's is replaced by one that cpuid
 * confirms. */
static void mend_core_type(void)
{
    int level = processor_level();
    if (getenv("OPENBLAS_CORETYPE") || core_level(openblas_get_corename()) >= level) return;
    if (!gotoblas_dynamic_quit || !gotoblas_dynamic_init) return;
    setenv("OPENBLAS_CORETYPE", level == AVX512 ? "SkylakeX" : "Haswell", 1);
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    unsetenv("OPENBLAS_CORETYPE");
}

static void start(void)
{
    mend_core_type();
    openblas_set_num_threads(1);
}

lathe_status lathe_blas_start(void)
{
    static lathe_mutex mutex = LATHE_MUTEX;
    static bool started;
    lathe_mutex_lock(&mutex);
    if (!started) start();
    started = true;
    lathe_mutex_unlock(&mutex);
    if (openblas_get_parallel() == OPENBLAS_SEQUENTIAL)
        return lathe_fail(LATHE_ESTATE,
            "lathe_blas_start: this OpenBLAS is the serial build, which gives wrong results from two"
            " threads at once; install the pthread build (Debian: libopenblas0-pthread)");
    return LATHE_OK;
}

const char *lathe_blas_core(void)
{
    lathe_blas_start();
    return openblas_get_corename();
}

/* The OpenMP build asks OpenMP, which counts for each thread, how many threads to use. */
static void use_one_thread(void)
{
    static _Thread_local bool told;
    if (!told && openblas_get_parallel() == OPENBLAS_OPENMP) openblas_set_num_threads(1);
    told = true;
}

static void product(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float *a, int lda,
    const float *b, int ldb, float beta, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

static void product_double(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double *a,
    int lda, const double *b, int ldb, double beta, double *c, int ldc)
{
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

void lathe_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const lathe_real *a, int lda,
    const lathe_real *b, int ldb, lathe_real beta, lathe_real *c, int ldc)
{
    use_one_thread();
    _Generic((lathe_real)0, float
             : product, double
             : product_double)(transpose_a ? CblasTrans : CblasNoTrans,
        transpose_b ? CblasTrans : CblasNoTrans, m, n, k, a, lda, b, ldb, beta, c, ldc);
}
