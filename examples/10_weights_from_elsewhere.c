/*
 * A classifier of one's own photographs from somebody else's net: the weights of all layers but the last come
 * from a file and stay as they are, and the last layer, which is new, is trained.
 *
 *     10_weights_from_elsewhere MODEL WEIGHTS FOLDER [EPOCHS]
 *     such as 10_weights_from_elsewhere mobilenet_v1:blocks=12 mobilenet.safetensors photos 5
 */
#include <lathe/lathe.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 16 };

/* The layer of the last named tensor. */
static lathe_layer *head_of(lathe_layer *net)
{
    int count;
    char path[256];
    lathe_tensor *const *tensor = lathe_nn_state(net, &count);
    snprintf(path, sizeof path, "%s", tensor[count - 1]->name);
    *strrchr(path, '.') = '\0';
    return lathe_nn_find_layer(net, path);
}

/* Pictures as the weights were made for: their size, the part of them that is used, their normalisation. */
static lathe_loader *load(const char *folder, lathe_split split, const lathe_model_input *input,
    lathe_dataset **data)
{
    char name[1024];
    snprintf(name, sizeof name, "folder:%s", folder);
    *data = lathe_data_open(name,
        split,
        &(lathe_data_opts){ .size = input->size, .crop_ratio = input->crop, .skip_bad = true });
    return lathe_loader_new(*data,
        &(lathe_loader_opts){ .batch_size = BATCH,
            .shuffle = split == LATHE_SPLIT_TRAIN,
            .seed = 1,
            .mean = input->mean,
            .std = input->std });
}

static double accuracy(lathe_layer *net, lathe_tape *tape, lathe_loader *loader, int classes)
{
    lathe_metric *metric = lathe_metric_accuracy(classes, NULL);
    lathe_real *scores = malloc((size_t)BATCH * (size_t)classes * sizeof *scores);
    for (lathe_batch batch; lathe_loader_next(loader, &batch);) {
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *output = lathe_nn_forward(net, lathe_input(tape, &batch));
        lathe_tensor_read(output, scores, (size_t)batch.size * (size_t)classes);
        lathe_metric_update(metric, scores, batch.labels, (size_t)batch.size);
    }
    double value = lathe_metric_compute(metric);
    lathe_metric_free(metric);
    free(scores);
    return value;
}

int main(int argc, char **argv)
{
    lathe_on_error(lathe_die);
    if (argc < 4) return printf("usage: 10_weights_from_elsewhere MODEL WEIGHTS FOLDER [EPOCHS]\n"), 2;
    const lathe_model_input *input = &lathe_model_find(argv[1])->input;
    const int epochs = argc > 4 ? atoi(argv[4]) : 5;
    lathe_dataset *pictures, *others;
    lathe_loader *train = load(argv[3], LATHE_SPLIT_TRAIN, input, &pictures);
    lathe_loader *test = load(argv[3], LATHE_SPLIT_TEST, input, &others);

    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model,
        argv[1],
        &(lathe_model_spec){ 3, input->size, input->size, pictures->classes });
    lathe_nn_init(net, 42);
    int count;
    lathe_tensor *const *tensors = lathe_nn_state(net, &count);
    lathe_safetensors *file = lathe_weights_read(argv[2]);
    lathe_weights_load(file, tensors, count, &(lathe_weights_opts){ .new_head = true, .spare = true });
    lathe_safetensors_free(file);
    lathe_nn_freeze(net, true);
    lathe_nn_freeze_norm(net, true);
    lathe_nn_freeze(head_of(net), false);

    lathe_optim *optimizer = lathe_optim_adamw(lathe_nn_params(net), &(lathe_adamw_opts){ .lr = 3e-3 });
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int epoch = 0; epoch < epochs; epoch++) {
        double sum = 0;
        int steps = 0;
        for (lathe_batch batch; lathe_loader_next(train, &batch); steps++) {
            lathe_tape_begin(tape, LATHE_TRAIN);
            lathe_optim_zero_grad(optimizer);
            lathe_tensor *output = lathe_nn_forward(net, lathe_input(tape, &batch));
            lathe_tensor *loss = lathe_cross_entropy(output, batch.labels, NULL);
            lathe_backward(loss);
            lathe_optim_step(optimizer);
            sum += lathe_item(loss);
        }
        printf("epoch %d  loss %.3f  right %.1f %%\n",
            epoch + 1,
            sum / steps,
            100 * accuracy(net, tape, test, pictures->classes));
    }
    lathe_tape_free(tape);
    lathe_optim_free(optimizer);
    lathe_model_free(model);
    lathe_loader_free(train);
    lathe_loader_free(test);
    lathe_data_free(pictures);
    lathe_data_free(others);
    return lathe_error() != LATHE_OK;
}
