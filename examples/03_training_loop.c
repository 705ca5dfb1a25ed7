/*
 * The training loop that every learner knows, line for line: LeNet-5 on Fashion-MNIST with AdamW and
 * CyclicLR.
 *
 *     03_training_loop [EPOCHS [DATA]]      such as 03_training_loop 1 shapes
 */
#include <lathe/lathe.h>

#include <stdio.h>
#include <stdlib.h>

/* LeCun, Bottou, Bengio, Haffner 1998, with ReLU and max pooling, as taught today. */
static lathe_layer *lenet5(lathe_model *model)
{
    return lathe_nn_sequential(model,
        lathe_nn_conv2d(model, 1, 6, 5, &(lathe_nn_conv2d_opts){ .padding = 2 }), /* [B, 6, 28, 28] */
        lathe_nn_relu(model),
        lathe_nn_max_pool2d(model, 2, NULL),    /* [B, 6, 14, 14] */
        lathe_nn_conv2d(model, 6, 16, 5, NULL), /* [B, 16, 10, 10] */
        lathe_nn_relu(model),
        lathe_nn_max_pool2d(model, 2, NULL), /* [B, 16, 5, 5] */
        lathe_nn_flatten(model),             /* [B, 400] */
        lathe_nn_linear(model, 400, 120, NULL),
        lathe_nn_relu(model),
        lathe_nn_linear(model, 120, 84, NULL),
        lathe_nn_relu(model),
        lathe_nn_linear(model, 84, 10, NULL), /* [B, 10] scores of the classes */
        NULL);
}

/* The share of pictures whose highest score is that of their class. */
static double accuracy(lathe_layer *net, lathe_tape *tape, lathe_loader *loader)
{
    int right = 0, all = 0;
    for (lathe_batch batch; lathe_loader_next(loader, &batch); all += batch.size) {
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_real scores[64 * 10];
        lathe_tensor_read(lathe_nn_forward(net, lathe_input(tape, &batch)), scores, (size_t)batch.size * 10);
        for (int i = 0; i < batch.size; i++) {
            int best = 0;
            for (int k = 1; k < 10; k++) best = scores[i * 10 + k] > scores[i * 10 + best] ? k : best;
            right += best == batch.labels[i];
        }
    }
    return (double)right / all;
}

int main(int argc, char **argv)
{
    lathe_on_error(lathe_die); /* examples: a mistake prints itself and stops */
    int epochs = argc > 1 ? atoi(argv[1]) : 5;
    const char *name = argc > 2 ? argv[2] : "fashion-mnist";

    lathe_dataset *data = lathe_data_open(name, LATHE_SPLIT_TRAIN, NULL);
    lathe_dataset *test = lathe_data_open(name, LATHE_SPLIT_TEST, NULL);
    lathe_loader *loader =
        lathe_loader_new(data, &(lathe_loader_opts){ .batch_size = 64, .shuffle = true, .seed = 1 });
    lathe_loader *tester =
        lathe_loader_new(test, &(lathe_loader_opts){ .mean = data->mean, .std = data->std });

    lathe_model *model = lathe_model_new();
    lathe_layer *net = lenet5(model);
    lathe_nn_init(net, 42);

    lathe_optim *optimizer =
        lathe_optim_adamw(lathe_nn_params(net), &(lathe_adamw_opts){ .lr = 1e-3, .weight_decay = 0.01 });
    lathe_sched *scheduler = lathe_sched_cyclic(optimizer,
        &(lathe_cyclic_opts){ .base_lr = 1e-4,
            .max_lr = 3e-3,
            .step_size_up = 2345,
            .mode = LATHE_TRIANGULAR });
    lathe_tape *tape = lathe_tape_new(NULL);

    for (int epoch = 0; epoch < epochs; epoch++) {
        double sum = 0;
        for (lathe_batch batch; lathe_loader_next(loader, &batch);) {
            lathe_tape_begin(tape, LATHE_TRAIN); /* the last step's tensors are gone */
            lathe_optim_zero_grad(optimizer);
            lathe_tensor *output = lathe_nn_forward(net, lathe_input(tape, &batch));
            lathe_tensor *loss = lathe_cross_entropy(output, batch.labels, NULL);
            lathe_backward(loss);
            lathe_optim_step(optimizer);
            lathe_sched_step(scheduler);
            sum += lathe_item(loss) * batch.size;
        }
        printf("epoch %d  loss %.4f  test accuracy %.2f %%\n",
            epoch + 1,
            sum / (double)data->count,
            100 * accuracy(net, tape, tester));
    }

    lathe_tape_free(tape);
    lathe_sched_free(scheduler);
    lathe_optim_free(optimizer);
    lathe_model_free(model);
    lathe_loader_free(tester);
    lathe_loader_free(loader);
    lathe_data_free(test);
    lathe_data_free(data);
    return lathe_error() != LATHE_OK;
}
