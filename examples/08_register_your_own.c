/*
 * Your own kinds by name: an optimizer, a schedule and a transform, registered in the program. Settings then
 * find them, as they find the library's: in texts, in lists, in settings files and when a run is resumed.
 * Trains on generated pictures into a run folder: 08_register_your_own [FOLDER].
 */
#include <lathe/lathe.h>

#include <math.h>
#include <stdio.h>

/* ---- an optimizer: p = p - lr * sign(g) ---- */

typedef struct sign_opts {
    double lr;
} sign_opts;

static const lathe_field sign_fields[] = { { .name = "lr",
                                               .offset = offsetof(sign_opts, lr),
                                               .preset = { 0.001 },
                                               .max = HUGE_VAL,
                                               .help = "learning rate" },
    { .name = NULL } };

static void sign_update(const lathe_update *u)
{
    const lathe_real lr = (lathe_real)((const sign_opts *)u->opts)->lr;
    for (size_t i = 0; i < u->count; i++) u->p[i] -= u->g[i] > 0 ? lr : u->g[i] < 0 ? -lr : 0;
}

static const lathe_optim_type sign_optim = { .name = "sign",
    .summary = "the sign of the gradient alone",
    .opts_size = sizeof(sign_opts),
    .fields = sign_fields,
    .update = sign_update };

/* ---- a schedule: from the optimizer's rate down to 0, again and again ---- */

typedef struct sawtooth_opts {
    uint64_t teeth;
} sawtooth_opts;

static const lathe_field sawtooth_fields[] = { { .name = "teeth",
                                                   .kind = LATHE_FIELD_STEPS,
                                                   .offset = offsetof(sawtooth_opts, teeth),
                                                   .preset = { 100 },
                                                   .min = 1,
                                                   .max = 1e15,
                                                   .help = "steps from one rise to the next" },
    { .name = NULL } };

static lathe_rates sawtooth_rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const uint64_t teeth = ((const sawtooth_opts *)opts)->teeth;
    return (lathe_rates){ .lr = base->lr * (1 - (double)(t % teeth) / (double)teeth) };
}

static const lathe_sched_type sawtooth_sched = { .name = "sawtooth",
    .summary = "falls to 0 in a line, again and again",
    .opts_size = sizeof(sawtooth_opts),
    .fields = sawtooth_fields,
    .rates = sawtooth_rates };

/* ---- a transform: the picture's negative ---- */

typedef struct negative_opts {
    int least;
} negative_opts;

static const lathe_field negative_fields[] = { { .name = "least",
                                                   .kind = LATHE_FIELD_INT,
                                                   .offset = offsetof(negative_opts, least),
                                                   .max = 255,
                                                   .help = "brightness from which a pixel is inverted" },
    { .name = NULL } };

static lathe_status negative_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    (void)rng; /* nothing is random but whether it is done */
    const int least = ((const negative_opts *)opts)->least;
    const size_t count = (size_t)in->channels * (size_t)in->height * (size_t)in->width;
    for (size_t i = 0; i < count; i++)
        out->pixels[i] = in->pixels[i] < least ? in->pixels[i] : (uint8_t)(255 - in->pixels[i]);
    return LATHE_OK;
}

static const lathe_transform_type negative_transform = { .name = "negative",
    .help = "dark for bright",
    .opts_size = sizeof(negative_opts),
    .fields = negative_fields,
    .p = 0.5,
    .pixels_only = true,
    .apply = negative_apply };

/* ---- a run that names them ---- */

static void print_message(void *context, const char *line)
{
    (void)context;
    printf("%s\n", line);
}

int main(int argc, char **argv)
{
    lathe_on_error(lathe_die); /* a mistake prints itself and stops */
    static const char *const texts[][2] = { { "data", "shapes" },
        { "model", "lenet5" },
        { "epochs", "4" },
        { "augment", "negative:p=0.1" },
        { "optim", "sign" },
        { "lr", "1e-3" },
        { "sched", "sawtooth" },
        { "teeth", "1ep" } };
    lathe_optim_register(&sign_optim);
    lathe_sched_register(&sawtooth_sched);
    lathe_transform_register(&negative_transform);

    lathe_settings settings = lathe_settings_default();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        lathe_settings_set(&settings, texts[i][0], texts[i][1]);
    if (argc > 1) lathe_settings_set(&settings, "out", argv[1]);

    lathe_run *run = lathe_run_new(&settings, &(lathe_run_hooks){ .on_message = print_message });
    lathe_run_train(run);
    printf("%s with %s, %s: test accuracy %.0f %%\n",
        lathe_optim_type_of(run->learner->optim)->name,
        lathe_sched_type_of(run->learner->sched)->name,
        settings.augment,
        100 * run->test_score.metric[0]);
    lathe_run_free(run);
    return lathe_error() != LATHE_OK;
}
