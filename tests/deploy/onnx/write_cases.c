/*
 * Writes ONNX files with inputs and outputs, for check.cjs and check.py.
 *     write_cases FOLDER                  each operation, with random shapes and attributes
 *     write_cases FOLDER MODEL SIZE ...   nets of the zoo with random weights
 * FOLDER gets NAME.onnx, NAME.in and NAME.out (float, row-major) and cases.txt, whose lines are
 * "NAME DIM,DIM,...": the shape of the input.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/op_cases.h"

static FILE *list;

static void write_floats(const char *folder, const char *name, const char *suffix, const lathe_real *numbers,
    size_t count)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix);
    FILE *file = fopen(path, "wb");
    if (!file) exit(1);
    for (size_t i = 0; i < count; i++) {
        float number = (float)numbers[i];
        if (fwrite(&number, sizeof number, 1, file) != 1) exit(1);
    }
    fclose(file);
}

/* One file, and what it must compute. */
static void write_case(const char *folder, const char *name, lathe_layer *net, lathe_shape image, int batch,
    const lathe_export_opts *opts)
{
    char path[1024];
    size_t numbers = (size_t)batch * lathe_shape_count(&image), results;
    lathe_real *in = malloc(numbers * sizeof *in);
    fill_normal(in, numbers, lathe_rng_stream(name));
    for (size_t i = 0; i < numbers; i++) in[i] = (lathe_real)(float)(2 * in[i]);
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    if (lathe_export_net(net, image, "onnx", path, opts)) {
        fprintf(stderr, "%s: %s\n", name, lathe_error_message());
        exit(1);
    }
    lathe_real *out = op_case_run(net, image, batch, in, &results);
    write_floats(folder, name, "in", in, numbers);
    write_floats(folder, name, "out", out, results);
    fprintf(list, "%s %d", name, batch);
    for (int i = 0; i < image.rank; i++) fprintf(list, ",%d", image.dim[i]);
    fprintf(list, "\n");
    free(in);
    free(out);
}

/* Each operation for one image, and for any number of them. */
static void write_operations(const char *folder)
{
    const op_case *kind;
    for (int i = 0; (kind = op_case_at(i)); i++)
        for (int variant = 0; variant < op_case_variants(kind); variant++) {
            lathe_model *model;
            lathe_shape image;
            char name[128];
            lathe_layer *net = op_case_net(kind, variant, &model, &image);
            snprintf(name, sizeof name, "%s.%d", op_case_name(kind), variant);
            write_case(folder, name, net, image, 1, NULL);
            snprintf(name, sizeof name, "%s.%d.batch", op_case_name(kind), variant);
            if (strcmp(op_case_name(kind), "sum") != 0)
                write_case(folder, name, net, image, 3, &(lathe_export_opts){ .dynamic_batch = true });
            lathe_model_free(model);
        }
}

/* Statistics and norms as after some training, with which numbers keep their size from layer to layer. */
static void randomise(lathe_layer *net)
{
    int count;
    lathe_tensor *const *state = lathe_nn_state(net, &count);
    for (int i = 0; i < count; i++) {
        const char *name = strrchr(state[i]->name, '.');
        const bool mean = name && !strcmp(name, ".running_mean"),
                   variance = name && !strcmp(name, ".running_var");
        lathe_real *data = state[i]->data;
        for (size_t j = 0; j < state[i]->stored && state[i]->shape.rank == 1; j++) {
            lathe_rng rng = lathe_rng_at(2, (uint64_t)i, j);
            double z = lathe_rng_uniform(&rng) - 0.5;
            data[j] = (lathe_real)((mean ? 0 : variance ? 1 : (double)data[j]) + (variance ? 1 : 0.2) * z);
        }
    }
}

static void write_net(const char *folder, const char *name, int size)
{
    const lathe_model_type *type = lathe_model_find(name);
    if (!type) {
        fprintf(stderr, "%s\n", lathe_error_message());
        exit(1);
    }
    const lathe_model_spec spec = { type->native.channels, size, size, 10, NULL };
    const lathe_shape image = { 3, { spec.channels, size, size } };
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, name, &spec);
    if (!net || lathe_nn_init(net, 1)) {
        fprintf(stderr, "%s: %s\n", name, lathe_error_message());
        exit(1);
    }
    randomise(net);
    if (strstr(name, "fbnetv3_")) fit_norms(net, image, 2); /* as write_case has the pictures */
    char file[256];
    snprintf(file, sizeof file, "%s", name);
    for (char *c = file; *c; c++)
        if (*c == ':' || *c == '=') *c = '_';
    write_case(folder, file, net, image, 1, NULL);
    strncat(file, ".plain", sizeof file - strlen(file) - 1);
    write_case(folder, file, net, image, 2, &(lathe_export_opts){ .no_fold = true, .dynamic_batch = true });
    lathe_model_free(model);
}

int main(int argc, char **argv)
{
    char path[1024];
    if (argc < 2 || argc % 2) return 2;
    snprintf(path, sizeof path, "%s/cases.txt", argv[1]);
    if (!(list = fopen(path, "w"))) return 1;
    if (argc == 2) write_operations(argv[1]);
    for (int i = 2; i < argc; i += 2) write_net(argv[1], argv[i], atoi(argv[i + 1]));
    return fclose(list) != 0;
}
