#define _GNU_SOURCE
#include "support/support.h"

#include <dirent.h>
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lathe/core/blas.h>

/* Rows are longer than the matrix, and what lies between must stay as it is. */
enum { SPARE = 3 };

static void check_product(bool transpose_a, bool transpose_b, int m, int n, int k, lathe_real beta,
    uint64_t seed)
{
    int lda = (transpose_a ? m : k) + SPARE, ldb = (transpose_b ? k : n) + SPARE, ldc = n + SPARE;
    size_t a_count = (size_t)(lda * (transpose_a ? k : m)), b_count = (size_t)(ldb * (transpose_b ? n : k));
    size_t c_count = (size_t)(ldc * m);
    lathe_real *a = malloc(a_count * sizeof *a), *b = malloc(b_count * sizeof *b),
               *c = malloc(c_count * sizeof *c);
    double *want = malloc(c_count * sizeof *want);
    fill_normal(a, a_count, seed);
    fill_normal(b, b_count, seed + 1);
    fill_normal(c, c_count, seed + 2);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < ldc; j++) {
            size_t at = (size_t)(i * ldc + j);
            want[at] = (double)c[at];
            if (j >= n) continue;
            want[at] = beta == 0 ? 0 : (double)beta * want[at];
            for (int l = 0; l < k; l++)
                want[at] += (double)(transpose_a ? a[l * lda + i] : a[i * lda + l]) *
                    (double)(transpose_b ? b[j * ldb + l] : b[l * ldb + j]);
            if (beta == 0) c[at] = (lathe_real)NAN; /* must not be read */
        }
    lathe_gemm(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, beta, c, ldc);
    double relative = sizeof(lathe_real) == 8 ? 1e-13 : 1e-5;
    assert_close("C", c, want, c_count, relative, relative * sqrt(k));
    free(a), free(b), free(c), free(want);
}

static void products_agree_with_the_formula(void **state)
{
    (void)state;
    assert_int_equal(lathe_blas_start(), LATHE_OK);
    for (uint64_t i = 0; i < 160; i++)
        check_product(i & 1, i & 2, random_int(i, 0, 1, 90), random_int(i, 1, 1, 90),
            random_int(i, 2, 1, 150),
            i % 5 == 0     ? 0 :
                i % 5 == 1 ? 1 :
                             (lathe_real)0.5,
            i * 3);
    check_product(false, false, 1, 1, 1, 0, 1);
    check_product(true, true, 200, 65, 129, 1, 2);
}

typedef struct job {
    const lathe_real *a, *b;
    lathe_real *c;
} job;

enum { SIZE = 70, PRODUCTS = 200 };

static void one_product(void *context, int task)
{
    const job *j = context;
    lathe_gemm(false, true, SIZE, SIZE, SIZE, j->a, SIZE, j->b, SIZE, 0, j->c + task * SIZE * SIZE, SIZE);
}

/* A library that is not made for it gives wrong results here. */
static void products_on_several_threads_at_once_are_right(void **state)
{
    (void)state;
    size_t one = SIZE * SIZE;
    job j = { .c = malloc(PRODUCTS * one * sizeof(lathe_real)) };
    lathe_real *a = malloc(one * sizeof *a), *b = malloc(one * sizeof *b);
    fill_normal(a, one, 1);
    fill_normal(b, one, 2);
    j.a = a;
    j.b = b;
    lathe_threads_set(NULL, 4);
    lathe_parallel(NULL, PRODUCTS, one_product, &j);
    lathe_threads_set(NULL, 0);
    for (int i = 1; i < PRODUCTS; i++) assert_memory_equal(j.c + (size_t)i * one, j.c, one * sizeof *j.c);
    free(a), free(b), free(j.c);
}

#ifdef LATHE_TEST_OPENBLAS
/* The OpenBLAS of the build, opened on its slowest kernels, as when it does not know the processor. */
static void *slow_library(void)
{
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    setenv("OPENBLAS_CORETYPE", "Prescott", 1);
    void *library = dlopen(LATHE_TEST_OPENBLAS, RTLD_NOW | RTLD_LOCAL);
    unsetenv("OPENBLAS_CORETYPE");
    unsetenv("OPENBLAS_NUM_THREADS");
    return library;
}

static int threads_of_process(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));) count += entry->d_name[0] != '.';
    if (tasks) closedir(tasks);
    return count;
}

/* OpenBLAS would start one for each processor: they are of no use to lathe, and cannot always be had. */
static void blas_starts_no_thread(void **state)
{
    (void)state;
    const int before = threads_of_process();
    if (!before) skip();
    assert_int_equal(lathe_blas_start(), LATHE_OK);
    assert_int_equal(threads_of_process(), before);
    assert_null(getenv("OPENBLAS_NUM_THREADS"));
}

static void slow_kernels_are_mended(void **state)
{
    (void)state;
#if defined(__x86_64__)
    void *library = __builtin_cpu_supports("avx2") && !getenv("OPENBLAS_CORETYPE") ? slow_library() : NULL;
    char *(*core)(void) = NULL;
    void *symbol = library ? dlsym(library, "openblas_get_corename") : NULL;
    if (!symbol || !dlsym(library, "gotoblas_dynamic_init")) skip();
    memcpy(&core, &symbol, sizeof core);
    assert_string_equal(core(), "Prescott");
    assert_string_equal(lathe_blas_core(), "none");
    assert_int_equal(lathe_blas_start(), LATHE_OK);
    assert_string_equal(lathe_blas_core(), core());
    assert_string_equal(lathe_blas_core(), __builtin_cpu_supports("avx512vl") ? "SkylakeX" : "Haswell");
    assert_null(getenv("OPENBLAS_CORETYPE"));
    dlclose(library);
#else
    skip();
#endif
}
#endif

static void the_core_has_a_name(void **state)
{
    (void)state;
    assert_true(strlen(lathe_blas_core()) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef LATHE_TEST_OPENBLAS
        cmocka_unit_test(slow_kernels_are_mended), /* first: before the library starts BLAS */
        cmocka_unit_test(blas_starts_no_thread),
#endif
        cmocka_unit_test(the_core_has_a_name),
        cmocka_unit_test(products_agree_with_the_formula),
        cmocka_unit_test(products_on_several_threads_at_once_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
