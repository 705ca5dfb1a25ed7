/*
 * Every allocation of a run fails once, alone or with all that follow: the run says so and goes away in
 * order, the checkpoint that was there is there, and the run goes on from it. Memory that zlib, the picture
 * decoders and BLAS ask for themselves is not counted.
 */
#include "support/tiny.h"

#include <stdlib.h>
#include <string.h>

static size_t tried; /* allocations that were refused, and for each loop the one that was not */

/* A run of twelve steps and one epoch's end: of its 12 the first 9 are made beforehand where it goes on. */
static lathe_settings settings_of(const char *out)
{
    return tiny_settings(out,
        (const tiny_pair[]){ { "max_steps", "12" }, { "save_every", "11" }, { "log", "tensorboard" },
            { "sched", "plateau" }, { "clip_norm", "1" }, { NULL, NULL } });
}

/* Open, train, evaluate, save. */
static lathe_status session(const lathe_settings *settings)
{
    lathe_run *run = lathe_run_new(settings, NULL);
    lathe_status status = run ? lathe_run_train(run) : lathe_error();
    lathe_run_free(run);
    return status;
}

/* Data, model, two steps, evaluation and a save from C, without a run around it. */
static lathe_status by_hand(void)
{
    lathe_status status = LATHE_ENOMEM;
    lathe_settings settings = settings_of(NULL);
    lathe_dataset *data = lathe_data_open(settings.data, LATHE_SPLIT_TRAIN, NULL);
    lathe_loader *loader = data ?
        lathe_loader_new(data, &(lathe_loader_opts){ .batch_size = 4, .shuffle = true, .workers = 1 }) :
        NULL;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = model ? lathe_model_build(model, "tiny", &(lathe_model_spec){ 1, 6, 6, 10 }) : NULL;
    bool ready = net && !lathe_nn_init(net, 1);
    lathe_optim *optim = ready ? lathe_optim_adamw(lathe_nn_params(net), NULL) : NULL;
    lathe_sched *sched = optim ?
        lathe_sched_cyclic(optim,
            &(lathe_cyclic_opts){ .base_lr = 1e-4, .max_lr = 1e-3, .step_size_up = 4 }) :
        NULL;
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int step = 0; step < 3 && loader && sched && tape; step++) {
        lathe_batch batch;
        status = lathe_loader_next(loader, &batch) ? LATHE_OK : LATHE_ENOMEM;
        if (status) break;
        lathe_tape_begin(tape, step < 2 ? LATHE_TRAIN : LATHE_EVAL);
        lathe_optim_zero_grad(optim);
        lathe_tensor *loss =
            lathe_cross_entropy(lathe_nn_forward(net, lathe_input(tape, &batch)), batch.labels, NULL);
        if (!loss) status = lathe_tape_status(tape);
        if (!status && step < 2) status = lathe_backward(loss);
        if (!status && step < 2) status = lathe_optim_step(optim);
        lathe_sched_step(sched);
        if (status) break;
    }
    lathe_tape_free(tape);
    lathe_sched_free(sched);
    lathe_optim_free(optim);
    lathe_model_free(model);
    lathe_loader_free(loader);
    lathe_data_free(data);
    return status;
}

static void data_model_and_steps(void **state)
{
    (void)state;
    lathe_settings settings = settings_of(NULL); /* writes the pictures */
    (void)settings;
    size_t points = 0;
    for (int persistent = 0; persistent < 2; persistent++) {
        lathe_status status = LATHE_ENOMEM;
        for (size_t n = 1; status; n++, points++) {
            lathe_alloc_fail_at(n, persistent);
            status = by_hand();
            lathe_alloc_fail_at(0, false);
            if (status && status != LATHE_ENOMEM) fail_msg("allocation %zu: %s", n, lathe_error_message());
            lathe_error_clear();
        }
    }
    tried += points;
}

static void a_new_run(void **state)
{
    (void)state;
    size_t points = 0;
    lathe_settings whole = settings_of("whole"), work = settings_of("work");
    lathe_run_free(tiny_train(&whole));
    for (int persistent = 0; persistent < 2; persistent++) {
        lathe_status status = LATHE_ENOMEM;
        for (size_t n = 1; status; n++, points++) {
            lathe_alloc_fail_at(n, persistent);
            status = session(&work);
            lathe_alloc_fail_at(0, false);
            if (status && status != LATHE_ENOMEM) fail_msg("allocation %zu: %s", n, lathe_error_message());
            lathe_error_clear();
        }
        tiny_assert_same_runs("new", "whole", "work");
    }
    tried += points;
}

/* What is in the folder before a session can be gone on from after it. */
static void a_run_that_goes_on(void **state)
{
    (void)state;
    size_t points = 0;
    lathe_settings work = settings_of("work"), on = work;
    snprintf(on.resume, sizeof on.resume, "%s", work.out);
    for (int persistent = 0; persistent < 2; persistent++) {
        lathe_status status = LATHE_ENOMEM;
        for (size_t n = 1; status; n++, points++) {
            if (!lathe_file_exists(test_path("work/last.safetensors")) || n == 1) tiny_train_until(&work, 9);
            lathe_alloc_fail_at(n, persistent);
            status = session(&on);
            lathe_alloc_fail_at(0, false);
            if (status && status != LATHE_ENOMEM) fail_msg("allocation %zu: %s", n, lathe_error_message());
            lathe_error_clear();
            if (session(&on)) fail_msg("after allocation %zu: %s", n, lathe_error_message());
            tiny_assert_same_runs("gone on", "whole", "work");
            tiny_train_until(&work, 9);
        }
    }
    tried += points;
}

/* Once the tape has grown, which it has after the second step, a step asks for no memory at all: over epochs,
 * with and without a worker. */
static void a_step_allocates_nothing(void **state)
{
    (void)state;
    lathe_settings settings = settings_of(NULL);
    lathe_transforms *transforms = lathe_transforms_parse("crop:1,hflip");
    lathe_dataset *data = lathe_data_open(settings.data, LATHE_SPLIT_TRAIN, NULL);
    for (int workers = 0; workers < 2; workers++) {
        lathe_loader *loader = lathe_loader_new(data,
            &(lathe_loader_opts){ .batch_size = 4,
                .shuffle = true,
                .transforms = transforms,
                .workers = workers });
        lathe_model *model = lathe_model_new();
        lathe_layer *net = lathe_model_build(model, "tiny", &(lathe_model_spec){ 1, 6, 6, 10 });
        assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
        lathe_optim *optim = lathe_optim_adamw(lathe_nn_params(net), NULL);
        lathe_sched *sched = lathe_sched_cyclic(optim,
            &(lathe_cyclic_opts){ .base_lr = 1e-4, .max_lr = 1e-3, .step_size_up = 4 });
        lathe_tape *tape = lathe_tape_new(NULL);
        int step = 0;
        while (step < 1000) {
            lathe_batch batch;
            if (step == 2) lathe_alloc_fail_at(0, false);
            if (!lathe_loader_next(loader, &batch)) continue;
            lathe_tape_begin(tape, LATHE_TRAIN);
            lathe_optim_zero_grad(optim);
            lathe_tensor *loss =
                lathe_cross_entropy(lathe_nn_forward(net, lathe_input(tape, &batch)), batch.labels, NULL);
            assert_int_equal(lathe_backward(loss), LATHE_OK);
            assert_true(lathe_optim_clip_norm(optim, 1) >= 0);
            assert_int_equal(lathe_optim_step(optim), LATHE_OK);
            lathe_sched_step(sched);
            step++;
        }
        assert_int_equal(lathe_alloc_fail_at(0, false), 0);
        lathe_tape_free(tape);
        lathe_sched_free(sched);
        lathe_optim_free(optim);
        lathe_model_free(model);
        lathe_loader_free(loader);
    }
    lathe_data_free(data);
    lathe_transforms_free(transforms);
    print_message("allocations in steps 3 to 1000: 0\n");
}

/* All scenarios together. */
static void the_sum(void **state)
{
    (void)state;
    print_message("oom %zu/%zu\n", tried, tried);
}

static int set_up(void **state)
{
    (void)state;
    test_folder_in_memory();
    return 0;
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    lathe_model_register(&tiny_model);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_model_and_steps),
        cmocka_unit_test(a_new_run),
        cmocka_unit_test(a_run_that_goes_on),
        cmocka_unit_test(the_sum),
        cmocka_unit_test(a_step_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, clean);
}
