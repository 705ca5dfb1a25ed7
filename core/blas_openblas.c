/*
 * OpenBLAS is opened at the first product, not when the program starts. While it is loaded, OpenBLAS starts
 * a thread for each processor unless the environment says otherwise. lathe needs none of these threads.
 * Where they cannot be had, OpenBLAS waits for ever, or raises SIGINT.
 */
#include "blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "alloc.h"
#include "threads_impl.h"

/* What lathe calls of OpenBLAS. The last two are exported by builds with several core types, undeclared. */
typedef struct openblas {
    void (*sgemm)(CBLAS_ORDER order, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha,
        const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
    void (*dgemm)(CBLAS_ORDER order, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k,
        double alpha, const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc);
    void (*set_num_threads)(int threads);
    int (*get_parallel)(void);
    char *(*get_corename)(void);
    void (*dynamic_quit)(void); /* with dynamic_init: choose the kernels again, by OPENBLAS_CORETYPE */
    void (*dynamic_init)(void);
} openblas;

static struct {
    openblas call;
    lathe_mutex mutex; /* of the start, and of each product if `alone` */
    bool opened, alone;
    atomic_bool ready;
} blas = { .mutex = LATHE_MUTEX };

/* ---- the library --------------------------------------------------------------------------------------- */

#ifdef LATHE_BLAS_LINKED
extern void gotoblas_dynamic_quit(void) __attribute__((weak));
extern void gotoblas_dynamic_init(void) __attribute__((weak));

static lathe_status open_library(void)
{
    blas.call = (openblas){ cblas_sgemm, cblas_dgemm, openblas_set_num_threads, openblas_get_parallel,
        openblas_get_corename, gotoblas_dynamic_quit, gotoblas_dynamic_init };
    return LATHE_OK;
}
#else
/* The library that the build has found, or else the one that the system has under this name. */
static void *open_file(void)
{
    void *library = dlopen(LATHE_OPENBLAS, RTLD_NOW | RTLD_LOCAL);
    return library ? library : dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
}

/* Give the environment variable a value, or with NULL none. */
static void put_variable(const char *name, const char *value)
{
    if (value) setenv(name, value, 1);
    else unsetenv(name);
}

static lathe_status open_library(void)
{
    static const char variable[] = "OPENBLAS_NUM_THREADS";
    static const char *const names[] = { "cblas_sgemm", "cblas_dgemm", "openblas_set_num_threads",
        "openblas_get_parallel", "openblas_get_corename", "gotoblas_dynamic_quit", "gotoblas_dynamic_init" };
    enum { NEEDED = 5, NAMES = sizeof names / sizeof names[0] };
    const char *own = getenv(variable);
    char *kept = own ? lathe_strdup(own) : NULL;
    if (own && !kept) return LATHE_ENOMEM;
    put_variable(variable, "1");
    void *library = open_file(), *found[NAMES];
    put_variable(variable, kept);
    lathe_free(kept);
    if (!library)
        return lathe_fail(LATHE_ESTATE,
            "lathe_blas_start: OpenBLAS cannot be opened: %s; install it (Debian: libopenblas0-pthread), or "
            "build with -DLATHE_BLAS=plain",
            dlerror());
    for (int i = 0; i < NAMES; i++) {
        found[i] = dlsym(library, names[i]);
        if (!found[i] && i < NEEDED)
            return lathe_fail(LATHE_ESTATE, "lathe_blas_start: this OpenBLAS has no %s", names[i]);
    }
    _Static_assert(sizeof found == sizeof blas.call, "a pointer for each name");
    memcpy(&blas.call, found, sizeof found);
    return LATHE_OK;
}
#endif

/* ---- its kernels --------------------------------------------------------------------------------------- */

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

/*
 * A user's own choice stays; otherwise a core type below the processor's is replaced by one that cpuid
 * confirms.
 */
static void mend_core_type(void)
{
    int level = processor_level();
    if (getenv("OPENBLAS_CORETYPE") || core_level(blas.call.get_corename()) >= level) return;
    if (!blas.call.dynamic_quit || !blas.call.dynamic_init) return;
    setenv("OPENBLAS_CORETYPE", level == AVX512 ? "SkylakeX" : "Haswell", 1);
    blas.call.dynamic_quit();
    blas.call.dynamic_init();
    unsetenv("OPENBLAS_CORETYPE");
}

/* ---- products ------------------------------------------------------------------------------------------ */

static void product(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float *a, int lda,
    const float *b, int ldb, float beta, float *c, int ldc)
{
    blas.call.sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

static void product_double(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double *a,
    int lda, const double *b, int ldb, double beta, double *c, int ldc)
{
    blas.call.dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

static void multiply(bool transpose_a, bool transpose_b, int m, int n, int k, const lathe_real *a, int lda,
    const lathe_real *b, int ldb, lathe_real beta, lathe_real *c, int ldc)
{
    _Generic((lathe_real)0, float
             : product, double
             : product_double)(transpose_a ? CblasTrans : CblasNoTrans,
        transpose_b ? CblasTrans : CblasNoTrans, m, n, k, a, lda, b, ldb, beta, c, ldc);
}

/*
 * OpenBLAS maps a buffer for each product that runs at the same time, and tries for ever if the system
 * refuses. Under a limit of the address space products run one after the other. Their only buffer is mapped
 * here, once there is room for it.
 */
static lathe_status reserve_buffer(void)
{
    enum { BUFFER = 192 << 20, SIDE = 256, SQUARE = SIDE * SIDE };
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY) return LATHE_OK;
    lathe_real *room = lathe_alloc(2 * SQUARE, sizeof *room);
    if (!room) return LATHE_ENOMEM;
    void *probe = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (probe != MAP_FAILED) {
        munmap(probe, BUFFER);
        multiply(false, false, SIDE, SIDE, SIDE, room, SIDE, room, SIDE, 0, room + SQUARE, SIDE);
    }
    lathe_free(room);
    blas.alone = true;
    return probe != MAP_FAILED ?
        LATHE_OK :
        lathe_fail(LATHE_ENOMEM,
            "lathe_blas_start: OpenBLAS needs %d MiB of address space, more than the limit leaves "
            "(ulimit -v)",
            BUFFER >> 20);
}

static lathe_status start(void)
{
    lathe_status status = blas.opened ? LATHE_OK : open_library();
    if (status) return status;
    if (!blas.opened) mend_core_type();
    if (!blas.opened) blas.call.set_num_threads(1);
    blas.opened = true;
    if (blas.call.get_parallel() == OPENBLAS_SEQUENTIAL)
        return lathe_fail(LATHE_ESTATE,
            "lathe_blas_start: this OpenBLAS is the serial build, which gives wrong results from two"
            " threads at once; install the pthread build (Debian: libopenblas0-pthread)");
    return reserve_buffer();
}

lathe_status lathe_blas_start(void)
{
    if (atomic_load(&blas.ready)) return LATHE_OK;
    lathe_mutex_lock(&blas.mutex);
    lathe_status status = atomic_load(&blas.ready) ? LATHE_OK : start();
    if (!status) atomic_store(&blas.ready, true);
    lathe_mutex_unlock(&blas.mutex);
    return status;
}

const char *lathe_blas_core(void) { return atomic_load(&blas.ready) ? blas.call.get_corename() : "none"; }

/* The OpenMP build asks OpenMP, which counts for each thread, how many threads to use. */
static void use_one_thread(void)
{
    static _Thread_local bool told;
    if (!told && blas.call.get_parallel() == OPENBLAS_OPENMP) blas.call.set_num_threads(1);
    told = true;
}

void lathe_gemm(bool transpose_a, bool transpose_b, int m, int n, int k, const lathe_real *a, int lda,
    const lathe_real *b, int ldb, lathe_real beta, lathe_real *c, int ldc)
{
    if (lathe_blas_start()) return;
    use_one_thread();
    if (blas.alone) lathe_mutex_lock(&blas.mutex);
    multiply(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc);
    if (blas.alone) lathe_mutex_unlock(&blas.mutex);
}
