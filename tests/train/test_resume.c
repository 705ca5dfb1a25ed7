/* A run that is stopped and goes on ends in the same bits as one that is not. */
#include "support/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Go on with the run of `settings` from its folder. */
static lathe_settings resumed(const lathe_settings *settings)
{
    lathe_settings on = *settings;
    snprintf(on.resume, sizeof on.resume, "%s", settings->out);
    return on;
}

/*
 * ---- kinds of the program --------------------------------------------------------------------------------
 */

typedef struct own_opts {
    double lr;
    uint64_t teeth;
} own_opts;

static const lathe_field own_fields[] = { { .name = "lr", .preset = { 0.01 }, .max = 1 },
    { .name = "teeth",
        .kind = LATHE_FIELD_STEPS,
        .offset = offsetof(own_opts, teeth),
        .preset = { 7 },
        .max = 1e9 },
    { .name = NULL } };

static int own_slots(const void *opts) { return ((const own_opts *)opts)->lr > 0; }

static void own_update(const lathe_update *u)
{
    const lathe_real lr = (lathe_real)((const own_opts *)u->opts)->lr;
    for (size_t i = 0; i < u->count; i++) {
        u->slot[0][i] = (lathe_real)0.5 * (u->slot[0][i] + u->g[i]);
        u->p[i] -= lr * u->slot[0][i];
    }
}

static lathe_rates own_rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const own_opts *o = opts;
    return (lathe_rates){ .lr = base->lr * (1 - 0.9 * (double)(t % o->teeth) / (double)o->teeth) };
}

static lathe_status own_apply(const void *opts, lathe_rng *rng, const lathe_image *in, lathe_image *out)
{
    (void)opts;
    const uint8_t flip = (uint8_t)lathe_rng_below(rng, 256);
    for (int i = 0; i < in->channels * in->height * in->width; i++) out->pixels[i] = in->pixels[i] ^ flip;
    return LATHE_OK;
}

static const lathe_optim_type own_optim = { .name = "own",
    .opts_size = sizeof(own_opts),
    .fields = own_fields,
    .slot_names = { "mean" },
    .slots = own_slots,
    .update = own_update };
static const lathe_sched_type own_sched = { .name = "own_teeth",
    .opts_size = sizeof(own_opts),
    .fields = own_fields + 1,
    .rates = own_rates };
static const lathe_transform_type own_transform = { .name = "own_flip",
    .opts_size = sizeof(own_opts),
    .fields = own_fields + 2,
    .p = 0.5,
    .pixels_only = true,
    .apply = own_apply };

/* ---- every optimizer with every schedule --------------------------------------------------------------- */

/* What each schedule is tried with; a line for one that needs options. */
typedef struct schedule {
    const char *name;
    tiny_pair pairs[6];
} schedule;

static const schedule schedules[] = { { "constant", { { NULL, NULL } } },
    { "cooldown", { { "total_iters", "150" } } }, { "cosine", { { "t_max", "60" } } },
    { "cyclic",
        { { "base_lr", "1e-3" }, { "max_lr", "0.02" }, { "step_size_up", "13" },
            { "mode", "triangular2" } } },
    { "exponential", { { "sched.gamma", "0.995" } } }, { "linear", { { "total_iters", "120" } } },
    { "multi_step", { { "milestones", "33,77,150" } } }, { "one_cycle", { { "max_lr", "0.02" } } },
    { "plateau", { { "sched.patience", "-1" }, { "factor", "0.7" } } },
    { "warmup:2ep,plateau", { { "sched.patience", "-1" }, { "factor", "0.7" } } },
    { "polynomial", { { "total_iters", "220" } } },
    { "step", { { "step_size", "3" }, { "sched.gamma", "0.8" }, { "by", "epoch" } } },
    { "table", { { "file", NULL } } }, { "warm_restarts", { { "t_0", "1.7ep" }, { "t_mult", "2" } } },
    { "warmup", { { "total_iters", "50" } } }, { "wsd", { { "warmup", "20" } } },
    { "warmup:2ep,cyclic:60it,cooldown:4ep,cosine",
        { { "base_lr", "1e-3" }, { "max_lr", "0.02" }, { "step_size_up", "13" }, { "cyclic.gamma", "0.99" },
            { "t_max", "80" } } } };

enum { SCHEDULES = sizeof schedules / sizeof schedules[0], STEPS = 200 };

static lathe_settings settings_of(const lathe_optim_type *optim, const schedule *s, const char *out)
{
    lathe_settings settings = tiny_settings(out, NULL);
    tiny_set(&settings, "optim", optim->name);
    tiny_set(&settings, "sched", s->name);
    for (const tiny_pair *pair = s->pairs; pair->key; pair++) {
        if (!strcmp(pair->key, "cyclic.gamma")) tiny_set(&settings, "cyclic.mode", "exp_range");
        tiny_set(&settings, pair->key, pair->text ? pair->text : test_path("rates.csv"));
    }
    if (!strcmp(optim->name, "sgd")) tiny_set(&settings, "optim.momentum", "0.9");
    return settings;
}

/* Stop and go on at the given steps, each time with other numbers of workers and threads. */
static void in_parts(lathe_settings settings, const uint64_t *stops, int count)
{
    static const char *const workers[] = { "0", "1", "2", "4" }, *const threads[] = { "1", "2" };
    for (int i = 0; i <= count; i++) {
        lathe_settings part = i ? resumed(&settings) : settings;
        tiny_set(&part, "workers", workers[(stops[0] + (uint64_t)i) % 4]);
        tiny_set(&part, "threads", threads[i % 2]);
        if (i < count) tiny_train_until(&part, stops[i]);
        else lathe_run_free(tiny_train(&part));
    }
}

/* A sample of the steps 1 ... 199 that moves on with `number`, so that all pairs together have every step; in
 * the long ring all of them. */
static int stops_of(int number, uint64_t stops[STEPS])
{
    int count = tiny_long() ? STEPS - 1 : 2;
    for (int i = 0; i < count; i++)
        stops[i] = tiny_long() ? (uint64_t)i + 1 : (uint64_t)(1 + number % (STEPS / 2) + i * (STEPS / 2 - 1));
    return count;
}

static void every_optimizer_and_schedule(void **state)
{
    (void)state;
    int points = 0, good = 0, number = 0;
    bool hit[STEPS] = { false };
    static const char rates[] = "step,lr\n0,0.01\n40,0.02\n90,0.005\n";
    test_write(test_path("rates.csv"), rates, sizeof rates - 1);
    for (int o = 0; lathe_optim_at(o); o++)
        for (int s = 0; s < SCHEDULES; s++) {
            char what[128];
            uint64_t stops[STEPS];
            const lathe_optim_type *optim = lathe_optim_at(o);
            int count = stops_of(number++, stops);
            snprintf(what, sizeof what, "%s, %s", optim->name, schedules[s].name);
            lathe_settings whole = settings_of(optim, &schedules[s], "whole"),
                           parts = settings_of(optim, &schedules[s], "parts");
            lathe_run_free(tiny_train(&whole));
            points += count;
            in_parts(parts, stops, count);
            tiny_assert_same_runs(what, "whole", "parts");
            good += count;
            for (int i = 0; i < count; i++) hit[stops[i]] = true;
        }
    for (int i = 1; i < STEPS; i++)
        if (!hit[i]) fail_msg("step %d was not tried", i);
    print_message("resume points %d/%d\n", good, points);
}

/* A schedule of the registry that this test forgets would be one that nobody resumes. */
static void no_schedule_is_forgotten(void **state)
{
    (void)state;
    for (int i = 0; lathe_sched_at(i); i++) {
        bool found = !strcmp(lathe_sched_at(i)->name, "sequence") || /* the last line */
            lathe_sched_at(i) == &own_sched;                         /* among the extras */
        for (int s = 0; s < SCHEDULES; s++)
            found = found || !strcmp(schedules[s].name, lathe_sched_at(i)->name);
        if (!found) fail_msg("the table lacks %s", lathe_sched_at(i)->name);
    }
}

/* ---- what else a step can have ------------------------------------------------------------------------- */

static const schedule extras[] = { { "ema", { { "ema", "0.9" }, { "ema_warmup", "on" } } },
    { "ema without validation", { { "ema", "0.9" }, { "val_split", "0" } } },
    { "swa", { { "swa_start", "25" }, { "swa_every", "3" } } },
    { "swa by epoch",
        { { "swa_start", "4ep" }, { "swa_every", "2ep" }, { "early_stop", "val_loss" }, { "patience", "3" },
            { "min_delta_mode", "rel" } } },
    { "accumulate",
        { { "accumulate", "3" }, { "epochs", "30" }, { "sched", "cosine" }, { "t_max", "1.5ep" } } },
    { "accumulate more than there is", { { "accumulate", "30" }, { "epochs", "80" }, { "ema", "0.8" } } },
    { "own", { { "optim", "own" }, { "sched", "own_teeth" }, { "augment", "own_flip" }, { "lr", "0.02" } } },
    { "frozen", { { "freeze", "body" }, { "freeze_norm", "on" }, { "augment", "" } } },
    { "frozen at first",
        { { "freeze", "0.*,1.*" }, { "unfreeze_after", "4.5ep" }, { "layer_decay", "0.5" },
            { "sched", "cosine" }, { "t_max", "20ep" } } },
    { "frozen norms",
        { { "freeze_norm", "on" }, { "layer_decay", "0.9" }, { "ema", "0.9" }, { "freeze", "0.*" },
            { "unfreeze_after", "31" } } },
    { "clipping", { { "clip_agc", "0.01" }, { "clip_norm", "1" }, { "clip_value", "0.1" } } } };

static void every_extra(void **state)
{
    (void)state;
    for (size_t e = 0; e < sizeof extras / sizeof extras[0]; e++) {
        lathe_settings whole = tiny_settings("whole", extras[e].pairs),
                       parts = tiny_settings("parts", extras[e].pairs);
        lathe_run *run = tiny_train(&whole);
        uint64_t steps = run->learner->step;
        lathe_score score = run->test_score;
        lathe_run_free(run);
        for (uint64_t shift = 0; shift < 4; shift++) {
            const uint64_t stops[] = { 1 + shift, steps / 3 + shift, steps / 2 + 3 * shift,
                steps - 1 - shift };
            in_parts(parts, stops, 4);
            tiny_assert_same_runs(extras[e].name, "whole", "parts");
        }
        parts = resumed(&parts);
        run = tiny_train(&parts); /* over: only the test is done again */
        assert_true(run->test_score.loss == score.loss);
        lathe_run_free(run);
    }
}

/* ---- lengths ------------------------------------------------------------------------------------------- */

/* A run that ended within an epoch, or at the end of one, is told to go on further. */
static void more_may_be_asked_for(void **state)
{
    (void)state;
    static const char *const lengths[] = { "13", "20", "1", "29", "7" };
    lathe_settings whole = tiny_settings("whole",
        (const tiny_pair[]){ { "epochs", "4" }, { "sched", "plateau" }, { "sched.patience", "-1" },
            { "early_stop", "val_loss" }, { "patience", "3" }, { NULL, NULL } });
    lathe_run_free(tiny_train(&whole));
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        lathe_settings part = whole;
        tiny_set(&part, "out", test_path("longer"));
        tiny_set(&part, "max_steps", lengths[i]);
        lathe_run_free(tiny_train(&part));
        part = resumed(&part);
        lathe_run_free(tiny_train(&part)); /* there is nothing to do but the test */
        tiny_set(&part, "max_steps", "0");
        lathe_run *run = tiny_train(&part);
        assert_int_equal(run->test_score.count, 4);
        lathe_run_free(run);
        tiny_assert_same(lengths[i], "whole", "longer", "steps.csv");
        tiny_assert_same(lengths[i], "whole", "longer", "epochs.csv");
        tiny_assert_same(lengths[i], "whole", "longer", "log.jsonl");
        tiny_assert_same(lengths[i], "whole", "longer", "last.safetensors");
    }
}

/* A run that is read back when it is over measures the same again, also within an epoch. */
static void a_finished_run_stays_as_it_is(void **state)
{
    (void)state;
    static const char *const lengths[] = { "13", "20" };
    for (size_t i = 0; i < 2; i++) {
        lathe_settings once = tiny_settings("once",
                           (const tiny_pair[]){ { "max_steps", lengths[i] }, { NULL, NULL } }),
                       twice = once;
        tiny_set(&twice, "out", test_path("twice"));
        lathe_run_free(tiny_train(&once));
        lathe_run *run = tiny_train(&twice);
        lathe_score score = run->test_score;
        lathe_run_free(run);
        twice = resumed(&twice);
        run = tiny_train(&twice);
        assert_true(run->test_score.loss == score.loss && run->end == LATHE_RUN_COMPLETE);
        assert_int_equal(run->learner->images, 0);
        lathe_run_free(run);
        tiny_assert_same_runs(lengths[i], "once", "twice");
    }
}

static bool has_weights_of(const lathe_run *run, const char *name)
{
    lathe_safetensors *file = lathe_safetensors_read(test_path(name));
    const lathe_params *params = lathe_optim_params(run->learner->optim);
    bool same = true;
    assert_non_null(file);
    for (int i = 0; i < params->count; i++)
        same = same &&
            tiny_holds(file, params->tensor[i]->name, params->tensor[i]->data,
                lathe_shape_count(&params->tensor[i]->shape));
    lathe_safetensors_free(file);
    return same;
}

static void an_early_stop_stays_one(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("early",
        (const tiny_pair[]){ { "early_stop", "val_loss" }, { "patience", "2" }, { "min_delta", "100" },
            { NULL, NULL } });
    lathe_run *run = tiny_train(&settings);
    assert_int_equal(run->end, LATHE_RUN_EARLY_STOP);
    uint64_t steps = run->learner->step;
    lathe_run_free(run);
    settings = resumed(&settings);
    run = tiny_train(&settings);
    assert_int_equal(run->end, LATHE_RUN_EARLY_STOP);
    assert_int_equal(run->learner->step, steps);
    assert_int_equal(run->test_score.count, 4);
    lathe_run_free(run);
    tiny_set(&settings, "patience", "4"); /* more of it, and the run goes on */
    run = tiny_train(&settings);
    assert_int_equal(run->learner->step, steps + 20);
    lathe_run_free(run);
}

/* With such a rate the loss soon rises. */
static void after_an_early_stop_the_net_is_the_best_one(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("risen",
        (const tiny_pair[]){ { "early_stop", "val_loss" }, { "patience", "3" }, { "lr", "0.3" },
            { NULL, NULL } });
    lathe_run *run = tiny_train(&settings);
    assert_int_equal(run->end, LATHE_RUN_EARLY_STOP);
    assert_true(has_weights_of(run, "risen/best.safetensors"));
    assert_false(has_weights_of(run, "risen/last.safetensors"));
    lathe_run_free(run);
}

/* ---- what is in the folder ----------------------------------------------------------------------------- */

static void append(const char *name, const char *text)
{
    FILE *file = fopen(test_path(name), "ab");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

/* Whole rows, half a row and rubbish behind what the checkpoint knows of are cut off. */
static void rows_behind_the_checkpoint_go(void **state)
{
    (void)state;
    lathe_settings whole = tiny_settings("whole", NULL), parts = tiny_settings("rows", NULL);
    lathe_run_free(tiny_train(&whole));
    tiny_train_until(&parts, 57);
    append("rows/steps.csv", "57,5,0.01,0.9,1.5\n58,5,0.01,0.9,1.25\n59,5,0.0");
    append("rows/epochs.csv", "5,60,1,1,1,1,,\n\xff\n");
    parts = resumed(&parts);
    lathe_run_free(tiny_train(&parts));
    tiny_assert_same_runs("rows", "whole", "rows");
}

static void rows_that_are_missing_are_told(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("short", NULL);
    tiny_train_until(&settings, 25);
    settings = resumed(&settings);
    static const char header[] =
        "epoch,step,train_loss,train_accuracy,val_loss,val_accuracy,seconds,images_per_second\n";
    test_write(test_path("short/epochs.csv"), header, sizeof header - 1);
    assert_null(lathe_run_new(&settings, NULL));
    assert_failed(LATHE_EFORMAT, "epochs.csv: has 0 rows, the checkpoint knows of 2");
    test_write(test_path("short/steps.csv"), "step", 4);
    assert_null(lathe_run_new(&settings, NULL));
    assert_failed(LATHE_EFORMAT, "steps.csv:1: expected step,epoch,lr,momentum,loss");
}

/* From an older save than the last; what came after is made again. */
static void older_saves_may_be_chosen(void **state)
{
    (void)state;
    const tiny_pair pairs[] = { { "save_every", "20" }, { "keep", "4" }, { NULL, NULL } };
    lathe_settings whole = tiny_settings("whole", pairs), back = tiny_settings("back", pairs);
    lathe_run_free(tiny_train(&whole));
    tiny_train_until(&back, 131);
    tiny_set(&back, "resume", test_path("back/step-00000080.safetensors"));
    tiny_train_until(&back, 105);
    assert_false(
        lathe_file_exists(test_path("back/step-00000120.safetensors"))); /* of a future that was given up */
    back = resumed(&back);
    lathe_run_free(tiny_train(&back));
    /* Not log.jsonl: the best of the epochs to come counts. */
    static const char *const files[] = { "steps.csv", "epochs.csv", "last.safetensors", "best.safetensors" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        tiny_assert_same("back", "whole", "back", files[i]);
    assert_true(lathe_file_exists(test_path("back/step-00000140.safetensors")));
    assert_false(lathe_file_exists(test_path("back/step-00000120.safetensors")));
}

static void a_damaged_checkpoint_has_older_ones(void **state)
{
    (void)state;
    lathe_settings settings =
        tiny_settings("damaged", (const tiny_pair[]){ { "save_every", "15" }, { NULL, NULL } });
    tiny_train_until(&settings, 44);
    append("damaged/last.safetensors", "x");
    settings = resumed(&settings);
    assert_null(lathe_run_new(&settings, NULL));
    assert_failed(LATHE_EFORMAT, "damaged/step-00000030.safetensors");
}

/* Killed before its first save. */
static void a_run_that_was_never_saved_begins_anew(void **state)
{
    (void)state;
    lathe_settings whole = tiny_settings("whole", NULL), anew = tiny_settings("anew", NULL);
    lathe_run_free(tiny_train(&whole));
    lathe_run_free(lathe_run_new(&anew, NULL));
    anew = resumed(&anew);
    lathe_run_free(tiny_train(&anew));
    tiny_assert_same_runs("anew", "whole", "anew");
    tiny_set(&anew, "resume", test_path("nothing"));
    anew.out[0] = '\0';
    assert_null(lathe_run_new(&anew, NULL));
    assert_failed(LATHE_EIO, "nothing/config.ini: no run folder");
    tiny_set(&anew, "out", test_path("elsewhere"));
    assert_null(lathe_run_new(&anew, NULL));
    assert_failed(LATHE_EARG, "but a run resumes in its own folder");
}

/* The best weights are tested in the end, also when their epoch was before the break; and missing ones are
 * told. */
static void the_best_weights_are_remembered(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("best", (const tiny_pair[]){ { "epochs", "6" }, { NULL, NULL } });
    lathe_run *run = tiny_train(&settings);
    lathe_score whole = run->test_score;
    lathe_run_free(run);
    for (uint64_t stop = 1; stop < 60; stop++) {
        tiny_train_until(&settings, stop);
        lathe_settings on = resumed(&settings);
        run = tiny_train(&on);
        if (run->test_score.loss != whole.loss)
            fail_msg("after step %d: %g, not %g", (int)stop, run->test_score.loss, whole.loss);
        lathe_run_free(run);
    }
    tiny_train_until(&settings, 57);
    assert_int_equal(unlink(test_path("best/best.safetensors")), 0);
    settings = resumed(&settings);
    lathe_run_free(tiny_train(&settings));
    assert_true(lathe_file_exists(test_path("best/best.safetensors")));
}

static void other_settings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text, *message;
    } cases[] = {
        { "batch_size", "5", "a run with 'batch_size = 4', the settings say 'batch_size = 5'" },
        { "optim", "sgd", "'optim = adamw'" },
        { "lr", "0.02", "a run with 'lr = 0.01', the settings say 'lr = 0.02'" },
        { "seed", "2", "seed" },
        { "augment", "", "augment" },
        { "sched", "cosine:50it", "sched" },
        { "data", "shapes", "made with other data: input is '1,6,6' there, '1,28,28' here" },
    };
    lathe_settings settings = tiny_settings("other", NULL);
    tiny_train_until(&settings, 25);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings other = resumed(&settings);
        tiny_set(&other, cases[i].key, cases[i].text);
        if (!strcmp(cases[i].key, "sched")) tiny_set(&other, "t_max", "50");
        if (!strcmp(cases[i].key, "data")) tiny_set(&other, "size", "0");
        assert_null(lathe_run_new(&other, NULL));
        assert_failed(lathe_error(), cases[i].message);
    }
    lathe_settings same = resumed(&settings);
    tiny_set(&same, "lr", "0.01");           /* said again, and in another place of the list */
    tiny_set(&same, "weight_decay", "0.01"); /* a default said aloud */
    tiny_set(&same, "keep", "9");
    lathe_run_free(tiny_train(&same));
}

/* A number in the metadata changed, with the checksums made anew: refused by name. */
static void other_formats_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text, *message;
    } cases[] = {
        { "lathe.format", "2", "a checkpoint of format 2, this version reads format 1" },
        { "lathe.format", NULL, "no checkpoint of lathe's, only weights at best; --init-weights" },
        { "lathe.step", "-1", "lathe.step is '-1': not a checkpoint that a run can resume from" },
        { "lathe.step", "many", "lathe.step is 'many'" },
        { "lathe.best", "", "lathe.best is ''" },
        { "lathe.clocks", "1,2", "lathe.clocks" },
        { "lathe.sched_state", "0,0,0", "lathe.sched_state" },
        { "lathe.epoch_rows", NULL, "lathe.epoch_rows is missing" },
        { "lathe.settings", "[model]\nmodel = tiny\n",
            "a run with 'val_split = 0.1', the settings say 'val_split = 0.2'" },
        { "lathe.settings", "nonsense", "changed.safetensors:1: 'nonsense' is neither" },
        { "lathe.mean", "0.5", "made with other data: mean is '0.5' there" },
    };
    lathe_settings settings = tiny_settings("formats", NULL);
    tiny_train_until(&settings, 25);
    char path[256];
    snprintf(path, sizeof path, "%s", test_path("formats/last.safetensors"));
    lathe_settings on = resumed(&settings);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        lathe_safetensors *file = lathe_safetensors_read(path);
        assert_non_null(file);
        lathe_metadata items[64];
        lathe_saved tensors[64];
        lathe_real numbers[4096];
        int count = 0;
        size_t used = 0;
        for (size_t i = 0; i < file->metadata_count; i++) {
            bool changed = !strcmp(file->metadata[i].key, cases[c].key),
                 sum = strstr(file->metadata[i].key, "_crc32");
            if (!sum && (!changed || cases[c].text)) items[count++] = file->metadata[i];
            if (changed && cases[c].text) items[count - 1].text = cases[c].text;
        }
        for (size_t i = 0; i < file->tensors; i++) {
            const lathe_safetensor *from = &file->tensor[i];
            tensors[i] = (lathe_saved){ NULL, from->name, { from->rank, { 0 } }, numbers + used };
            for (int d = 0; d < from->rank; d++) tensors[i].shape.dim[d] = (int)from->dim[d];
            assert_int_equal(lathe_safetensors_get(file, from, numbers + used, from->count), LATHE_OK);
            used += from->count;
        }
        assert_int_equal(lathe_safetensors_write(test_path("formats/changed.safetensors"), tensors,
                             (int)file->tensors, items, count),
            LATHE_OK);
        lathe_safetensors_free(file);
        tiny_set(&on, "resume", test_path("formats/changed.safetensors"));
        assert_null(lathe_run_new(&on, NULL));
        assert_failed(lathe_error(), cases[c].message);
    }
}

/* Weights of another run, by name: as that run left them, but for the step made on them; a run that goes on
 * needs the file no more. */
static void first_weights_may_be_given(void **state)
{
    (void)state;
    lathe_settings giver = tiny_settings("giver", NULL), taker = tiny_settings("taker", NULL);
    lathe_run *from = tiny_train(&giver);
    tiny_set(&taker, "init_weights", test_path("giver/last.safetensors"));
    lathe_run *to = lathe_run_new(&taker, NULL);
    assert_non_null(to);
    int count;
    lathe_tensor *const *a = lathe_nn_state(from->learner->net, &count),
                        *const *b = lathe_nn_state(to->learner->net, &count);
    for (int i = 0; i < count; i++)
        assert_memory_equal(a[i]->data, b[i]->data, a[i]->stored * sizeof(lathe_real));
    lathe_run_free(from);
    lathe_run_free(to);
    tiny_train_until(&taker, 30);
    assert_int_equal(unlink(test_path("giver/last.safetensors")), 0);
    taker = resumed(&taker);
    lathe_run_free(tiny_train(&taker));
}

/* ---- one run a folder ---------------------------------------------------------------------------------- */

static void a_folder_has_one_run_at_a_time(void **state)
{
    (void)state;
    char pid[32];
    lathe_settings settings = tiny_settings("locked", NULL);
    lathe_run *run = lathe_run_new(&settings, NULL);
    assert_non_null(run);
    assert_null(lathe_run_new(&settings, NULL));
    snprintf(pid, sizeof pid, "process %ld,", (long)getpid());
    assert_failed(LATHE_ESTATE, pid);
    lathe_settings on = resumed(&settings);
    assert_null(lathe_run_new(&on, NULL));
    assert_failed(LATHE_ESTATE, "in use by process");
    assert_int_equal(lathe_run_train(run), LATHE_OK);
    lathe_run_free(run);
    assert_false(lathe_file_exists(test_path("locked/lock")));
    lathe_run_free(tiny_train(&on));
}

/* A comparison's folder, and one with a page, are not written into unasked. */
static void other_pages_are_not_overwritten(void **state)
{
    (void)state;
    static const char *const what[][2] = { { "compare.json", "holds a comparison" },
        { "report.html", "holds a page of curves" } };
    lathe_settings settings = tiny_settings("pages", NULL);
    assert_int_equal(lathe_file_make_folder(settings.out), LATHE_OK);
    for (int i = 0; i < 2; i++) {
        char path[LATHE_SETTING_LONG + 64];
        snprintf(path, sizeof path, "%s/%s", settings.out, what[i][0]);
        assert_int_equal(lathe_file_write_text(path, "x"), LATHE_OK);
        settings.overwrite = false;
        assert_null(lathe_run_new(&settings, NULL));
        assert_failed(LATHE_ESTATE, what[i][1]);
        settings.overwrite = true;
        lathe_run *run = lathe_run_new(&settings, NULL);
        assert_non_null(run);
        lathe_run_free(run);
        assert_int_equal(lathe_file_remove(path), LATHE_OK);
    }
}

/* A new run in the folder of an old one: nothing of the old is left to be mistaken for its own. */
static void a_new_run_replaces_an_old_one(void **state)
{
    (void)state;
    lathe_settings old =
        tiny_settings("replaced", (const tiny_pair[]){ { "save_every", "7" }, { NULL, NULL } });
    tiny_train_until(&old, 40);
    lathe_settings fresh =
        tiny_settings("replaced", (const tiny_pair[]){ { "optim", "sgd" }, { NULL, NULL } });
    fresh.overwrite = false;
    assert_null(lathe_run_new(&fresh, NULL));
    assert_failed(LATHE_ESTATE, "holds a run");
    assert_true(lathe_file_exists(test_path("replaced/last.safetensors")));
    fresh.overwrite = true;
    lathe_run_free(lathe_run_new(&fresh, NULL));
    static const char *const gone[] = { "last.safetensors", "best.safetensors", "step-00000035.safetensors",
        "lock" };
    for (size_t i = 0; i < 4; i++) {
        char path[64];
        snprintf(path, sizeof path, "replaced/%s", gone[i]);
        if (lathe_file_exists(test_path(path))) fail_msg("%s", path);
    }
}

/* What happens to a table while a run writes it, and how often that was told. */
typedef struct loss {
    const char *table;
    enum { REMOVED, REPLACED, SHORTENED } how;
    int told;
} loss;

static bool spoil_table(void *context, const lathe_run *run, const lathe_step_row *row)
{
    const loss *l = context;
    (void)run;
    if (row->step != 13) return true; /* the first epoch is on the disk */
    if (l->how == SHORTENED) assert_int_equal(truncate(test_path(l->table), 0), 0);
    else assert_int_equal(unlink(test_path(l->table)), 0);
    if (l->how == REPLACED) test_write(test_path(l->table), "as long as it may be", 20);
    return true;
}

static void count_warning(void *context, const char *line)
{
    loss *l = context;
    if (strstr(line, l->table) && strstr(line, "was removed or replaced while the run wrote it")) l->told++;
}

static void a_table_that_is_lost_is_told(void **state)
{
    (void)state;
    loss cases[] = { { "removed/steps.csv", REMOVED, 0 }, { "removed/epochs.csv", REMOVED, 0 },
        { "removed/steps.csv", REPLACED, 0 }, { "removed/epochs.csv", REPLACED, 0 },
        { "removed/epochs.csv", SHORTENED, 0 } };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        loss *l = &cases[i / 2];
        lathe_settings settings =
            tiny_settings("removed", (const tiny_pair[]){ { "epochs", "2" }, { NULL, NULL } });
        lathe_run_hooks hooks = { .context = l, .on_step = spoil_table };
        if (i % 2) hooks.on_message = count_warning;
        else hooks.on_warning = count_warning;
        settings.overwrite = true;
        lathe_run *run = lathe_run_new(&settings, &hooks);
        assert_non_null(run);
        assert_int_equal(lathe_run_train(run), LATHE_OK);
        lathe_run_free(run);
        if (l->told != 1 + (int)(i % 2)) fail_msg("%s, %d: told %d times", l->table, l->how, l->told);
    }
}

/* A hard link under a table's name is another file too: a resumed run does not write it. */
static void a_resumed_run_changes_no_other_file(void **state)
{
    (void)state;
    static const char *const tables[] = { "steps.csv", "epochs.csv", "log.jsonl" };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        lathe_settings settings =
            tiny_settings("hard", (const tiny_pair[]){ { "epochs", "2" }, { NULL, NULL } });
        char path[64], other[512];
        size_t size, after;
        settings.overwrite = true;
        tiny_train_until(&settings, 13);
        snprintf(path, sizeof path, "hard/%s", tables[i]);
        snprintf(other, sizeof other, "%s", test_path("precious"));
        assert_int_equal(link(test_path(path), other), 0);
        char *before = test_bytes(other, &size);
        snprintf(settings.resume, sizeof settings.resume, "%s", settings.out);
        settings.overwrite = false;
        assert_null(lathe_run_new(&settings, NULL));
        assert_failed(LATHE_EIO, "hard link");
        char *now = test_bytes(other, &after);
        assert_int_equal(after, size);
        assert_memory_equal(now, before, size);
        free(before);
        free(now);
        assert_int_equal(unlink(other), 0);
    }
}

/* A step takes longer than a microsecond, so each is saved. */
static void saves_may_be_by_time(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("time",
        (const tiny_pair[]){ { "save_every", "0.000001s" }, { "keep", "1000000" }, { "epochs", "3" },
            { NULL, NULL } });
    lathe_run_free(tiny_train(&settings));
    size_t count;
    uint64_t *steps = lathe_file_numbers(settings.out, "step-", ".safetensors", &count);
    assert_non_null(steps);
    assert_int_equal(count, 30);
    lathe_free(steps);
    tiny_set(&settings, "save_every", "5min");
    assert_int_equal(lathe_settings_check(&settings), LATHE_OK);
    tiny_set(&settings, "save_every", "5 minutes");
    assert_int_equal(lathe_settings_check(&settings), LATHE_EARG);
    assert_failed(LATHE_EARG, "save_every = '5 minutes'");
}

static int set_up(void **state)
{
    (void)state;
    test_folder_in_memory();
    return lathe_optim_register(&own_optim) || lathe_sched_register(&own_sched) ||
        lathe_transform_register(&own_transform);
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_optimizer_and_schedule),
        cmocka_unit_test(every_extra),
        cmocka_unit_test(no_schedule_is_forgotten),
        cmocka_unit_test(more_may_be_asked_for),
        cmocka_unit_test(a_finished_run_stays_as_it_is),
        cmocka_unit_test(an_early_stop_stays_one),
        cmocka_unit_test(after_an_early_stop_the_net_is_the_best_one),
        cmocka_unit_test(rows_behind_the_checkpoint_go),
        cmocka_unit_test(rows_that_are_missing_are_told),
        cmocka_unit_test(older_saves_may_be_chosen),
        cmocka_unit_test(a_damaged_checkpoint_has_older_ones),
        cmocka_unit_test(a_run_that_was_never_saved_begins_anew),
        cmocka_unit_test(the_best_weights_are_remembered),
        cmocka_unit_test(other_settings_are_refused),
        cmocka_unit_test(other_formats_are_refused),
        cmocka_unit_test(first_weights_may_be_given),
        cmocka_unit_test(a_folder_has_one_run_at_a_time),
        cmocka_unit_test(other_pages_are_not_overwritten),
        cmocka_unit_test(a_new_run_replaces_an_old_one),
        cmocka_unit_test(a_table_that_is_lost_is_told),
        cmocka_unit_test(a_resumed_run_changes_no_other_file),
        cmocka_unit_test(saves_may_be_by_time),
    };
    return cmocka_run_group_tests(tests, set_up, clean);
}
