#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double worst_error(const double *got, const double *want, size_t count, double relative, double absolute,
    size_t *worst)
{
    double worst_excess = -1;
    *worst = 0;
    for (size_t i = 0; i < count; i++) {
        double excess = fabs(got[i] - want[i]) / (absolute + relative * fabs(want[i]));
        if (isnan(got[i]) != isnan(want[i])) excess = HUGE_VAL;
        else if (got[i] == want[i] || isnan(want[i])) excess = 0;
        if (excess > worst_excess) worst_excess = excess, *worst = i;
    }
    return worst_excess;
}

void assert_close_double(const char *what, const double *got, const double *want, size_t count,
    double relative, double absolute)
{
    size_t worst;
    double worst_excess = worst_error(got, want, count, relative, absolute, &worst);
    if (worst_excess > 1)
        fail_msg("%s: [%zu of %zu] is %.9g, expected %.9g: %.3g times the tolerance", what, worst, count,
            got[worst], want[worst], worst_excess);
}

void assert_close(const char *what, const lathe_real *got, const double *want, size_t count, double relative,
    double absolute)
{
    double *wide = malloc((count + 1) * sizeof *wide);
    assert_non_null(wide);
    for (size_t i = 0; i < count; i++) wide[i] = (double)got[i];
    assert_close_double(what, wide, want, count, relative, absolute);
    free(wide);
}

void fill_normal(lathe_real *values, size_t count, uint64_t seed)
{
    lathe_rng rng = lathe_rng_at(seed, lathe_rng_stream("tests/fill"), 0);
    for (size_t i = 0; i < count; i++) values[i] = (lathe_real)lathe_rng_normal(&rng);
}

int random_int(uint64_t seed, uint64_t index, int low, int high)
{
    lathe_rng rng = lathe_rng_at(seed, lathe_rng_stream("tests/int"), index);
    return low + (int)lathe_rng_below(&rng, (uint64_t)(high - low + 1));
}

void assert_failed(lathe_status status, const char *fragment)
{
    if (lathe_error() != status || !strstr(lathe_error_message(), fragment))
        fail_msg("expected %s with '%s', got %s: '%s'", lathe_status_name(status), fragment,
            lathe_status_name(lathe_error()), lathe_error_message());
    lathe_error_clear();
}

bool model_is_tried(const lathe_model_type *type, lathe_layer *net)
{
    static const char *const families[] = { "efficientnet_b", "tf_efficientnet_b", "fbnetv3_b", "fbnetv3_d",
        "fbnetv3_g", "mv_fbnetv3_d", "mv_fbnetv3_g" };
    int count;
    size_t numbers = 0;
    lathe_tensor *const *tensor = lathe_nn_plan(net, &count);
    if (!tensor) fail_msg("%s", lathe_error_message());
    for (int i = 0; i < count; i++) numbers += tensor[i]->stored;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (!strncmp(type->name, families[i], strlen(families[i])) && !strchr(type->name, '0')) return false;
#if defined __SANITIZE_ADDRESS__
    return numbers <= 6000000;
#else
    return numbers <= (sizeof(lathe_real) == 8 ? 6000000 : 30000000);
#endif
}

static int tried, agreed;

void golden_tried(void) { tried++; }

void golden_agreed(void) { agreed++; }

int golden_counts(const char *kind)
{
    print_message("golden %s: %d/%d cases\n", kind, agreed, tried);
    return tried == 0 || agreed != tried;
}

double *golden(const char *file, const char *name, size_t *count)
{
    char path[1024], word[256];
    snprintf(path, sizeof path, "%s/tests/golden/%s", LATHE_TEST_SOURCE, file);
    FILE *in = fopen(path, "r");
    if (!in) fail_msg("golden file %s cannot be opened", path);
    while (fscanf(in, "%255s %zu", word, count) == 2) {
        bool wanted = !strcmp(word, name);
        double *values = malloc((*count + 1) * sizeof *values);
        assert_non_null(values);
        for (size_t i = 0; i < *count; i++)
            if (fscanf(in, "%lf", &values[i]) != 1) fail_msg("golden file %s: %s is cut short", path, word);
        if (wanted) {
            fclose(in);
            return values;
        }
        free(values);
    }
    fclose(in);
    fail_msg("golden file %s has no '%s'", path, name);
    return NULL;
}

void init_odd(lathe_layer *net, uint64_t seed)
{
    assert_int_equal(lathe_nn_init(net, seed), LATHE_OK);
    int count;
    lathe_tensor *const *state = lathe_nn_state(net, &count);
    for (int i = 0; i < count; i++) {
        lathe_tensor *t = state[i];
        if (t->shape.rank != 1) continue;
        size_t n = lathe_shape_count(&t->shape);
        lathe_real *values = malloc(n * sizeof *values);
        fill_normal(values, n, seed + (uint64_t)i);
        bool variance = strstr(t->name, "running_var"), scale = strstr(t->name, "weight");
        for (size_t k = 0; k < n; k++)
            values[k] = variance ? (lathe_real)exp(0.5 * (double)values[k]) :
                scale            ? 1 + values[k] / 4 :
                                   values[k] / 4;
        lathe_tensor_write(t, values, n);
        free(values);
    }
}

void fit_norms(lathe_layer *net, lathe_shape image, double scale)
{
    const lathe_shape shape = { 4, { 32, image.dim[0], image.dim[1], image.dim[2] } };
    const size_t count = lathe_shape_count(&shape);
    lathe_real *pictures = malloc(count * sizeof *pictures);
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int i = 1; i <= 16; i++) {
        fill_normal(pictures, count, (uint64_t)i);
        for (size_t j = 0; j < count; j++) pictures[j] = (lathe_real)(scale * (double)pictures[j]);
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_tape_statistics(tape, 1.0 / i);
        assert_non_null(lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, pictures)));
    }
    lathe_tape_free(tape);
    free(pictures);
}
