/*
 * A net of the zoo with weights from a file, for tools/check-zoo: its scores, and one training step.
 *     zoo_step MODEL WEIGHTS PICTURES BATCH SIZE CLASSES OUT
 * PICTURES are BATCH x 3 x SIZE x SIZE floats, of the labels 0, 1, ... OUT gets doubles, and stdout what they
 * are, a line each: NAME COUNT.
 */
#include <stdio.h>
#include <stdlib.h>

#include <lathe/lathe.h>

static void put(FILE *out, const char *name, const lathe_real *values, size_t count)
{
    printf("%s %zu\n", name, count);
    for (size_t i = 0; i < count; i++) {
        double number = (double)values[i];
        if (fwrite(&number, sizeof number, 1, out) != 1) exit(1);
    }
}

static void put_tensor(FILE *out, const char *name, const lathe_tensor *tensor)
{
    size_t count = lathe_shape_count(&tensor->shape);
    lathe_real *values = malloc(count * sizeof *values);
    lathe_tensor_read(tensor, values, count);
    put(out, name, values, count);
    free(values);
}

static lathe_real *read_pictures(const char *path, size_t count)
{
    FILE *in = fopen(path, "rb");
    float *numbers = malloc(count * sizeof *numbers);
    lathe_real *values = malloc(count * sizeof *values);
    if (!in || fread(numbers, sizeof *numbers, count, in) != count) exit(1);
    for (size_t i = 0; i < count; i++) values[i] = (lathe_real)numbers[i];
    fclose(in);
    free(numbers);
    return values;
}

int main(int argc, char **argv)
{
    if (argc != 8) return 2;
    lathe_on_error(lathe_die);
    int batch = atoi(argv[4]), size = atoi(argv[5]), classes = atoi(argv[6]), states;
    lathe_shape shape = { 4, { batch, 3, size, size } };
    lathe_real *pictures = read_pictures(argv[3], lathe_shape_count(&shape));
    int *labels = malloc((size_t)batch * sizeof *labels);
    for (int i = 0; i < batch; i++) labels[i] = i;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, argv[1], &(lathe_model_spec){ 3, size, size, classes, NULL });
    lathe_nn_init(net, 1);
    lathe_safetensors *weights = lathe_weights_read(argv[2]);
    lathe_tensor *const *state = lathe_nn_state(net, &states);
    lathe_weights_load(weights, state, states, NULL);
    lathe_safetensors_free(weights);

    FILE *out = fopen(argv[7], "wb");
    if (!out) return 1;
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    put_tensor(out, "evaluated",
        lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, pictures)));
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *scores = lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, pictures));
    put_tensor(out, "scores", scores);
    lathe_backward(lathe_cross_entropy(scores, labels, NULL));
    const lathe_params *params = lathe_nn_params(net);
    for (int p = 0; p < params->count; p++) {
        const lathe_tensor *tensor = params->tensor[p];
        put(out, tensor->alias ? tensor->alias : tensor->name, tensor->grad, tensor->stored);
    }
    free(pictures), free(labels);
    lathe_tape_free(tape);
    lathe_model_free(model);
    return fclose(out) ? 1 : 0;
}
