/*
 * The training loop on several machines. Each process computes its part of every batch. Two calls and two
 * options are new; the numbers are those of one process, to the last bit. With a lathe built with
 * -DLATHE_MPI=ON:
 *
 *     mpirun -np 4 12_machines [EPOCHS [DATA]]      such as 12_machines 2 shapes
 */
#include <lathe/lathe.h>

#include <stdio.h>
#include <stdlib.h>

/* For pictures [1, 28, 28]. The statistics of the batch norm are those of the whole batch. */
static lathe_layer *net_new(lathe_model *model)
{
    return lathe_nn_sequential(model,
        lathe_nn_conv2d(model, 1, 8, 3, &(lathe_nn_conv2d_opts){ .stride = 2, .padding = 1 }),
        lathe_nn_batch_norm(model, 8, NULL),
        lathe_nn_relu(model),
        lathe_nn_flatten(model), /* [B, 8 * 14 * 14] */
        lathe_nn_dropout(model, 0.2),
        lathe_nn_linear(model, 8 * 14 * 14, 10, NULL),
        NULL);
}

int main(int argc, char **argv)
{
    lathe_on_error(lathe_die);
    lathe_dist_init(&argc, &argv); /* without a launcher: rank 0 of 1 */
    const int rank = lathe_dist_rank(), ranks = lathe_dist_size();
    int epochs = argc > 1 ? atoi(argv[1]) : 5;
    lathe_dataset *data = lathe_data_open(argc > 2 ? argv[2] : "fashion-mnist", LATHE_SPLIT_TRAIN, NULL);
    lathe_loader *loader = lathe_loader_new(data,
        &(lathe_loader_opts){ .batch_size = 128, /* of all processes together */
            .ranks = ranks,
            .rank = rank, /* read this process's pictures alone */
            .shuffle = true,
            .seed = 1 });
    lathe_model *model = lathe_model_new();
    lathe_layer *net = net_new(model);
    lathe_nn_init(net, 42); /* the same weights in each process */
    lathe_optim *optimizer = lathe_optim_adamw(lathe_nn_params(net), &(lathe_adamw_opts){ .lr = 3e-3 });
    lathe_tape *tape = lathe_tape_new(NULL);

    for (int epoch = 0; epoch < epochs; epoch++) {
        double sum = 0;
        for (lathe_batch batch; lathe_loader_next(loader, &batch);) {
            lathe_tape_begin(tape, LATHE_TRAIN);
            lathe_optim_zero_grad(optimizer);
            lathe_tensor *output = lathe_nn_forward(net, lathe_input(tape, &batch));
            lathe_tensor *loss = lathe_cross_entropy(output, batch.labels, NULL);
            lathe_backward(loss);
            lathe_dist_reduce(lathe_nn_params(net)); /* now the gradients are the whole batch's */
            lathe_optim_step(optimizer);
            sum += lathe_item(loss) / (double)lathe_loader_batches(loader); /* the whole batch's, too */
        }
        if (!rank) printf("epoch %d  loss %.4f\n", epoch + 1, sum);
    }
    const lathe_params *params = lathe_nn_params(net);
    if (!rank) printf("weights %08x\n", lathe_crc32(0, params->data, params->size * sizeof *params->data));

    lathe_tape_free(tape);
    lathe_optim_free(optimizer);
    lathe_model_free(model);
    lathe_loader_free(loader);
    lathe_data_free(data);
    lathe_dist_finalize();
    return lathe_error() != LATHE_OK;
}
