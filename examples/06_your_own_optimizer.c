/*
 * Your own optimizer: a name, options, and a pure update on flat arrays. Groups, state and schedulers come
 * with the base. Here signSGD with momentum (Bernstein et al. 2018):  m = beta m + (1 - beta) g;  p = p - lr
 * sign(m).
 */
#include <lathe/lathe.h>

#include <math.h>
#include <stdio.h>

typedef struct sign_sgd_opts {
    double lr;       /* 0 means 0.001 */
    double momentum; /* beta, in [0, 1); 0 means 0.9 */
} sign_sgd_opts;

static const lathe_field sign_sgd_fields[] = { { .name = "lr",
                                                   .kind = LATHE_FIELD_DOUBLE,
                                                   .offset = offsetof(sign_sgd_opts, lr),
                                                   .preset = { 0.001 },
                                                   .max = HUGE_VAL,
                                                   .help = "learning rate" },
    { .name = "momentum",
        .kind = LATHE_FIELD_DOUBLE,
        .offset = offsetof(sign_sgd_opts, momentum),
        .preset = { 0.9 },
        .max = 1,
        .below_max = true,
        .help = "weight of the past in the mean gradient" },
    { .name = NULL } };

static void sign_sgd_update(const lathe_update *u)
{
    const sign_sgd_opts *opts = u->opts;
    lathe_real beta = (lathe_real)opts->momentum, lr = (lathe_real)opts->lr, *m = u->slot[0];
    for (size_t i = 0; i < u->count; i++) {
        m[i] = beta * m[i] + (1 - beta) * u->g[i];
        u->p[i] -= m[i] > 0 ? lr : m[i] < 0 ? -lr : 0;
    }
}

static const lathe_optim_type sign_sgd = {
    .name = "sign_sgd",
    .summary = "the sign of the mean gradient",
    .opts_size = sizeof(sign_sgd_opts),
    .fields = sign_sgd_fields,
    .slot_names = { "momentum_buffer" },
    .update = sign_sgd_update,
};

int main(void)
{
    lathe_on_error(lathe_die);
    lathe_dataset *data = lathe_data_open("shapes", LATHE_SPLIT_TRAIN, NULL);
    lathe_loader *loader =
        lathe_loader_new(data, &(lathe_loader_opts){ .batch_size = 64, .shuffle = true, .seed = 3 });
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_model_build(model, "lenet5", NULL);
    lathe_nn_init(net, 1);

    lathe_optim *optimizer = lathe_optim_new(&sign_sgd, lathe_nn_params(net), &(sign_sgd_opts){ .lr = 1e-3 });
    lathe_sched *scheduler = lathe_sched_cyclic(optimizer,
        &(lathe_cyclic_opts){ .base_lr = 1e-4, .max_lr = 1e-3, .step_size_up = 50 });
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_batch batch;
    for (int step = 0; step < 100 && lathe_loader_next(loader, &batch); step++) {
        lathe_tape_begin(tape, LATHE_TRAIN);
        lathe_optim_zero_grad(optimizer);
        lathe_tensor *loss =
            lathe_cross_entropy(lathe_nn_forward(net, lathe_input(tape, &batch)), batch.labels, NULL);
        lathe_backward(loss);
        if (step % 20 == 0)
            printf("step %3d  lr %.3e  loss %.4f\n", step, lathe_optim_lr(optimizer, 0), lathe_item(loss));
        lathe_optim_step(optimizer);
        lathe_sched_step(scheduler);
    }
    lathe_tape_free(tape);
    lathe_sched_free(scheduler);
    lathe_optim_free(optimizer);
    lathe_model_free(model);
    lathe_loader_free(loader);
    lathe_data_free(data);
    return lathe_error() != LATHE_OK;
}
