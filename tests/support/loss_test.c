#include "loss_test.h"

#include <stdlib.h>

const char *const reduction_names[3] = { "mean", "sum", "none" };
const double loss_tolerance = sizeof(lathe_real) == 8 ? 1e-12 : 1e-6;

void assert_loss(const char *what, lathe_function *function, void *context, const lathe_leaf *leaves,
    int count, lathe_reduction reduction, const double *each, size_t size, double divisor)
{
    double sum = 0;
    for (size_t i = 0; i < size; i++) sum += each[i];
    double one = reduction == LATHE_REDUCE_MEAN ? sum / divisor : sum;
    bool none = reduction == LATHE_REDUCE_NONE;
    assert_result(what, function, context, leaves, count, LATHE_TRAIN, none ? each : &one, none ? size : 1,
        2 * loss_tolerance, 2 * loss_tolerance);
}

lathe_leaf target_leaf(lathe_shape shape, uint64_t seed)
{
    size_t count = lathe_shape_count(&shape);
    lathe_real *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        int n = random_int(seed, i, 0, 300);
        values[i] = (lathe_real)(n < 50 ? 0 : n < 100 ? 1 : (n - 100) / 200.0);
    }
    return (lathe_leaf){ .layout = LATHE_BATCHED, .shape = shape, .values = values, .constant = true };
}

int *random_labels(size_t count, int classes, int ignored, uint64_t seed)
{
    int *labels = malloc(count * sizeof *labels);
    assert_non_null(labels);
    for (size_t i = 0; i < count; i++)
        labels[i] = random_int(seed, 2 * i, 0, 5) ? random_int(seed, 2 * i + 1, 0, classes - 1) : ignored;
    labels[0] = 0;
    return labels;
}

void assert_golden_loss(const char *name, lathe_function *function, void *context, lathe_shape shape,
    int leaves, bool constant)
{
    lathe_leaf leaf[2];
    for (int i = 0; i < leaves; i++) {
        char part[64];
        snprintf(part, sizeof part, "%s.x%d", name, i);
        leaf[i] = golden_leaf("losses.txt", part, LATHE_BATCHED, shape);
        leaf[i].constant = i && constant;
    }
    assert_golden("losses.txt", name, function, context, leaf, leaves, loss_tolerance, loss_tolerance);
    free_leaves(leaf, leaves);
}

int count_losses(void **state)
{
    (void)state;
    return golden_counts("losses");
}

int *golden_labels(const char *name, size_t count)
{
    size_t found;
    double *numbers = golden("losses.txt", name, &found);
    assert_int_equal(found, count);
    int *labels = malloc(count * sizeof *labels);
    assert_non_null(labels);
    for (size_t i = 0; i < count; i++) labels[i] = (int)numbers[i];
    free(numbers);
    return labels;
}
