/*
 * Your own layer: a name, a size and a forward. Here a "squeeze and excitation" gate (Hu, Shen, Sun 2018) in
 * its simplest form: y = x * sigmoid(conv1x1(x)), a gate for every pixel. It is made of operations, so it
 * needs no backward, and its parameters belong to the model, so it needs no destructor.
 */
#include <lathe/lathe.h>

#include <stdio.h>

typedef struct gate {
    lathe_layer layer; /* every layer begins with one */
    lathe_tensor *weight, *bias;
} gate;

static lathe_tensor *gate_forward(lathe_layer *layer, lathe_tensor *x)
{
    gate *self = (gate *)layer;
    return lathe_mul(x, lathe_sigmoid(lathe_conv2d(x, self->weight, self->bias, NULL)));
}

static const lathe_layer_type gate_type = { .name = "gate", .size = sizeof(gate), .forward = gate_forward };

static lathe_layer *gate_new(lathe_model *model, int channels)
{
    gate *self = lathe_layer_new(model, &gate_type);
    if (!self) return NULL;
    self->weight = lathe_layer_param(&self->layer,
        "weight",
        (lathe_shape){ 4, { channels, channels, 1, 1 } },
        (lathe_init){ LATHE_INIT_XAVIER_UNIFORM, 1 });
    self->bias = lathe_layer_param(&self->layer,
        "bias",
        (lathe_shape){ 1, { channels } },
        (lathe_init){ LATHE_INIT_CONSTANT, 0 });
    return &self->layer;
}

int main(void)
{
    lathe_on_error(lathe_die);
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model,
        lathe_nn_conv2d(model, 1, 8, 3, &(lathe_nn_conv2d_opts){ .padding = 1 }),
        gate_new(model, 8),
        lathe_nn_global_avg_pool(model),
        lathe_nn_linear(model, 8, 10, NULL),
        NULL);
    lathe_nn_init(net, 7);

    /* One step on sixteen pictures of noise, to see that gradients arrive. */
    static lathe_real noise[16 * 28 * 28];
    int labels[16];
    lathe_rng rng = lathe_rng_at(1, lathe_rng_stream("noise"), 0);
    for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++) noise[i] = (lathe_real)lathe_rng_normal(&rng);
    for (int i = 0; i < 16; i++) labels[i] = i % 10;

    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 4, { 16, 1, 28, 28 } }, noise);
    lathe_tensor *loss = lathe_cross_entropy(lathe_nn_forward(net, x), labels, NULL);
    lathe_backward(loss);
    printf("loss %.4f\n", lathe_item(loss));

    const lathe_params *params = lathe_nn_params(net);
    for (int i = 0; i < params->count; i++) {
        const lathe_tensor *p = params->tensor[i];
        double squares = 0;
        for (size_t j = 0; j < p->stored; j++) squares += (double)p->grad[j] * (double)p->grad[j];
        printf("%-12s %4zu numbers, gradient squared %.3e\n", p->name, p->stored, squares);
    }
    lathe_tape_free(tape);
    lathe_model_free(model);
    return lathe_error() != LATHE_OK;
}
