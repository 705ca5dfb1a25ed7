/* What tests share: cmocka, comparing arrays, numbers to fill them, golden values. */
#ifndef LATHE_TESTS_SUPPORT_H
#define LATHE_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <lathe/lathe.h>

/** Fail unless |got[i] - want[i]| <= absolute + relative * |want[i]| for all i; the message has the worst
 * place and both numbers. */
void assert_close(const char *what, const lathe_real *got, const double *want, size_t count, double relative,
    double absolute);

/** The same for doubles. */
void assert_close_double(const char *what, const double *got, const double *want, size_t count,
    double relative, double absolute);

/** The largest |got[i] - want[i]| / (absolute + relative * |want[i]|), and its place; NaN equals NaN alone.
 */
double worst_error(const double *got, const double *want, size_t count, double relative, double absolute,
    size_t *worst);

/** Fill with normal numbers that depend on `seed` alone. */
void fill_normal(lathe_real *values, size_t count, uint64_t seed);

/** A number in [low, high] that depends on (seed, index) alone: shapes for random cases. */
int random_int(uint64_t seed, uint64_t index, int low, int high);

/** Fail unless the last failure has this status and its message holds `fragment`; then forget the failure. */
void assert_failed(lathe_status status, const char *fragment);

/**
 * A named array of a golden file, tests/golden/FILE, whose lines are "name count number number ...". The
 * caller frees it. Fails the test if there is none.
 */
double *golden(const char *file, const char *name, size_t *count);

/**
 * Whether tests of every model of the zoo take this one. Left out are nets of more than 30 million weights (6
 * million in double and under AddressSanitizer), nets that differ from another one in a table alone, and
 * timm's fbnetv3. With statistics that do not fit its blocks, these make a rounding error of the input as
 * large as the scores.
 */
bool model_is_tried(const lathe_model_type *type, lathe_layer *net);

/** Initialise, and give all norms and biases the odd numbers of a trained net. */
void init_odd(lathe_layer *net, uint64_t seed);

/**
 * Give batch norms the statistics of pictures of normal numbers times `scale`. Without such statistics some
 * deep nets, timm's fbnetv3 and efficientnet, make a rounding error of a picture as large as their scores.
 */
void fit_norms(lathe_layer *net, lathe_shape image, double scale);

/** A case is compared with golden values from here on, and has agreed with them. A test that fails never gets
 * to the second. */
void golden_tried(void);
void golden_agreed(void);

/** For the end of a group: print "golden KIND: AGREED/TRIED cases"; not 0 unless there were some and all
 * agreed. */
int golden_counts(const char *kind);

#endif
