/*
 * A multi-layer perceptron in your own loop: three linear layers learn generated shapes with plain SGD
 * and momentum.
 */
#include <lathe/lathe.h>

#include <stdio.h>

int main(void)
{
    lathe_on_error(lathe_die);

    lathe_dataset *data = lathe_data_open("shapes", LATHE_SPLIT_TRAIN, NULL);
    lathe_loader *loader =
        lathe_loader_new(data, &(lathe_loader_opts){ .batch_size = 100, .shuffle = true, .seed = 1 });
    int features = data->channels * data->height * data->width;

    /* A model owns its layers and their parameters; sizes are checked when the first picture passes. */
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_nn_sequential(model,
        lathe_nn_flatten(model),
        lathe_nn_linear(model, features, 128, NULL),
        lathe_nn_relu(model),
        lathe_nn_dropout(model, 0.1),
        lathe_nn_linear(model, 128, 64, NULL),
        lathe_nn_relu(model),
        lathe_nn_linear(model, 64, data->classes, NULL),
        NULL);
    lathe_nn_init(net, 1);

    lathe_optim *optimizer =
        lathe_optim_sgd(lathe_nn_params(net), &(lathe_sgd_opts){ .lr = 0.05, .momentum = 0.9 });
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int epoch = 0; epoch < 3; epoch++) {
        double sum = 0;
        int count = 0;
        for (lathe_batch batch; lathe_loader_next(loader, &batch) && count < 10000; count += batch.size) {
            lathe_tape_begin(tape, LATHE_TRAIN);
            lathe_optim_zero_grad(optimizer);
            lathe_tensor *loss =
                lathe_cross_entropy(lathe_nn_forward(net, lathe_input(tape, &batch)), batch.labels, NULL);
            lathe_backward(loss);
            lathe_optim_clip_norm(optimizer, 5.0);
            lathe_optim_step(optimizer);
            sum += lathe_item(loss) * batch.size;
        }
        printf("epoch %d  loss %.4f\n", epoch + 1, sum / count);
    }

    lathe_tape_free(tape);
    lathe_optim_free(optimizer);
    lathe_model_free(model);
    lathe_loader_free(loader);
    lathe_data_free(data);
    return lathe_error() != LATHE_OK;
}
