#include "support/program.h"
#include "support/support.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#define SHORT_RUN \
    "train --data shapes --model lenet5 --sched cyclic --base-lr 1e-4 --max-lr 3e-3 --step-size-up 4 " \
    "--seed 1"

/* `lathe SHORT_RUN MORE --out FOLDER/NAME` */
static void train(program *p, const char *more, const char *name)
{
    char arguments[1024];
    snprintf(arguments, sizeof arguments, SHORT_RUN " %s --out %s/%s", more, folder, name);
    program_run(p, LATHE_PROGRAM, arguments);
}

static char *file_of(const char *run, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s/%s", folder, run, name);
    return read_text(path);
}

static void writes_the_run_folder(void **state)
{
    (void)state;
    static const char *const files[] = { "config.ini", "steps.csv", "epochs.csv", "last.safetensors",
        "best.safetensors", "report.html" };
    program p;
    train(&p, "--max-steps 8", "whole");
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    assert_non_null(strstr(p.out, "test accuracy "));
    assert_non_null(strstr(p.out, "/whole\n"));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[256];
        struct stat info;
        snprintf(path, sizeof path, "%s/whole/%s", folder, files[i]);
        if (stat(path, &info) || info.st_size == 0) fail_msg("%s is missing", files[i]);
    }
    char *steps = file_of("whole", "steps.csv");
    int lines = 0;
    for (char *c = steps; *c; c++) lines += *c == '\n';
    assert_ptr_equal(strstr(steps, "step,epoch,lr,momentum,loss\n0,0,0.0001,"), steps);
    assert_int_equal(lines, 9);
    free(steps);
    program_free(&p);
}

static void json_has_all_fields(void **state)
{
    (void)state;
    static const char *const numbers[] = { "epochs", "steps", "train_loss", "test_loss", "test_accuracy",
        "seconds", "seconds_to_first_step", "images_per_second", "peak_rss_mib", "threads" };
    static const char *const texts[] = { "model", "data", "blas_core", "run" };
    program p;
    train(&p, "--max-steps 4 --json", "json");
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    assert_ptr_equal(strchr(p.out, '\n'), p.out + strlen(p.out) - 1);
    cJSON *object = cJSON_Parse(p.out);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (!cJSON_IsNumber(cJSON_GetObjectItem(object, numbers[i]))) fail_msg("%s is no number", numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!cJSON_IsString(cJSON_GetObjectItem(object, texts[i]))) fail_msg("%s is no text", texts[i]);
    assert_non_null(cJSON_GetObjectItem(object, "val_accuracy"));
    assert_int_equal(cJSON_GetObjectItem(object, "steps")->valueint, 4);
    cJSON_Delete(object);
    program_free(&p);
}

static void same_bytes(const char *a, const char *b, const char *name)
{
    char paths[2][256];
    FILE *files[2];
    const char *runs[] = { a, b };
    for (int i = 0; i < 2; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s/%s", folder, runs[i], name);
        files[i] = fopen(paths[i], "rb");
        assert_non_null(files[i]);
    }
    int x, y;
    long place = 0;
    do {
        x = getc(files[0]), y = getc(files[1]), place++;
        if (x != y) fail_msg("%s of %s and %s differ at byte %ld", name, a, b, place);
    } while (x != EOF);
    assert_true(place > 100);
    for (int i = 0; i < 2; i++) fclose(files[i]);
}

static void same_bytes_for_any_number_of_threads(void **state)
{
    (void)state;
    program p;
    train(&p, "--max-steps 8 --threads 1", "one");
    program_free(&p);
    train(&p, "--max-steps 8 --threads 2", "two");
    program_free(&p);
    train(&p, "--max-steps 8 --threads 2", "again");
    program_free(&p);
    same_bytes("one", "two", "steps.csv");
    same_bytes("one", "two", "last.safetensors");
    same_bytes("two", "again", "steps.csv");
    same_bytes("two", "again", "last.safetensors");
}

static void the_settings_of_a_run_give_the_same_run(void **state)
{
    (void)state;
    char arguments[512];
    program p;
    train(&p, "--max-steps 5 --batch-size 32 --optim sgd --lr 0.05 --momentum 0.8", "first");
    program_free(&p);
    snprintf(arguments, sizeof arguments, "train --config %s/first/config.ini --out %s/second", folder,
        folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    program_free(&p);
    same_bytes("first", "second", "steps.csv");
    same_bytes("first", "second", "last.safetensors");
}

/* The options win over the recipe, and what they leave of it is printed. */
static void a_recipe_may_be_changed(void **state)
{
    (void)state;
    static const char *const lines[] = { "\nfreeze = body\n", "\nunfreeze_after = 1it\n", "\nepochs = 2\n",
        "\nbatch_size = 32\n", "\nsched = constant\n", "\nlayer_decay = 0.75\n", "\nmodel = resnet8\n" };
    char arguments[512];
    program p;
    snprintf(arguments, sizeof arguments,
        "train --recipe finetune --data shapes --model resnet8 --epochs 2 --max-steps 3 --unfreeze-after 1it "
        "--sched constant --out %s/recipe",
        folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    assert_non_null(strstr(p.err,
        "note: recipe finetune: --freeze body --freeze-norm --layer-decay 0.75 --optim adamw "));
    assert_null(strstr(p.err, "--max-lr"));
    program_free(&p);
    char *text = file_of("recipe", "config.ini");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strstr(text, lines[i])) fail_msg("no line%s", lines[i]);
    free(text);
    program_run(&p, LATHE_PROGRAM, "train --recipe slow");
    assert_refused(&p, 2, "unknown recipe 'slow'; known: finetune, head");
    program_free(&p);
    snprintf(arguments, sizeof arguments, "train --resume %s/recipe --recipe finetune", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 2, "leave --recipe out");
    program_free(&p);
}

/* The second run needs --overwrite, which does not go with --resume. */
static void a_run_is_not_overwritten_unasked(void **state)
{
    (void)state;
    char arguments[512];
    program p;
    train(&p, "--max-steps 5", "once");
    program_free(&p);
    char *before = file_of("once", "steps.csv");
    train(&p, "--max-steps 5 --seed 2", "once");
    assert_refused(&p, 1, "once: holds a run; --resume goes on with it, --overwrite replaces it");
    program_free(&p);
    char *after = file_of("once", "steps.csv");
    assert_string_equal(after, before);
    free(after);
    snprintf(arguments, sizeof arguments, "train --resume %s/once --overwrite", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 2, "choose one");
    program_free(&p);
    snprintf(arguments, sizeof arguments, "train --resume %s/once --max-steps 6", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    program_free(&p);
    train(&p, "--max-steps 5 --seed 2 --overwrite", "once");
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    program_free(&p);
    after = file_of("once", "steps.csv");
    assert_string_not_equal(after, before);
    free(after);
    free(before);
}

/* Wait until steps.csv has grown beyond its heading, at most a minute: the machine may be busy. */
static void await_steps(const char *run)
{
    for (int i = 0; i < 6000; i++) {
        char *text = file_of(run, "steps.csv");
        bool begun = text && strlen(text) > 40;
        free(text);
        if (begun) return;
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
    fail_msg("%s did not begin", run);
}

static void a_signal_ends_the_run_with_its_files(void **state)
{
    (void)state;
    static const struct {
        int number, code;
        const char *run;
    } cases[] = { { SIGINT, 130, "int" }, { SIGTERM, 143, "term" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char arguments[512];
        program p;
        snprintf(arguments, sizeof arguments, SHORT_RUN " --epochs 1000 --save-every 1 --keep 1 --out %s/%s",
            folder, cases[i].run);
        program_start(&p, LATHE_PROGRAM, arguments);
        await_steps(cases[i].run);
        kill(p.pid, cases[i].number);
        program_wait(&p);
        if (p.code != cases[i].code) fail_msg("exit %d: %s", p.code, p.err);
        assert_non_null(strstr(p.err, "stopped by a signal after step "));
        char *weights = file_of(cases[i].run, "last.safetensors");
        assert_non_null(weights);
        free(weights);
        program_free(&p);
    }
}

static void a_second_signal_ends_at_once(void **state)
{
    (void)state;
    char arguments[512];
    program p;
    snprintf(arguments, sizeof arguments,
        SHORT_RUN " --model resnet56 --data shapes:colour --batch-size 2048 --epochs 1000 --out %s/twice",
        folder);
    program_start(&p, LATHE_PROGRAM, arguments);
    nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL); /* a step takes far longer than what follows */
    kill(p.pid, SIGTERM);
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    kill(p.pid, SIGINT);
    program_wait(&p);
    assert_int_equal(p.code, 130);
    assert_null(strstr(p.err, "saved in"));
    program_free(&p);
}

/* Whoever reads the output goes away before the first line: the run goes on, and only the exit code tells. */
static void a_closed_pipe_does_not_end_the_run(void **state)
{
    (void)state;
    char script[1024];
    program p;
    snprintf(script, sizeof script,
        "-c (sleep\t0.3;" LATHE_PROGRAM "\ttrain\t--data\tshapes\t--max-steps\t8\t--out\t%s/pipe\t2>&1)|true",
        folder);
    program_run(&p, "/bin/sh", script);
    char *weights = file_of("pipe", "last.safetensors"), *page = file_of("pipe", "report.html");
    assert_non_null(weights);
    assert_non_null(page);
    free(weights);
    free(page);
    program_free(&p);
}

/* A script's words, separated by tabs, with %s for the test's folder; its standard error is the command's. */
static void shell(program *p, const char *format)
{
    char script[2048] = "-c ";
    snprintf(script + 3, sizeof script - 3, format, folder, folder);
    program_run(p, "/bin/sh", script);
}

/* A disk that is full, as a limit on the size of files makes it: settings and tables fit, the weights do not.
 */
static void what_cannot_be_saved_is_told(void **state)
{
    (void)state;
    program p;
    shell(&p,
        "ulimit\t-f\t64;exec\t" LATHE_PROGRAM
        "\ttrain\t--data\tshapes\t--max-steps\t8\t--quiet\t--out\t%s/full");
    assert_refused(&p, 1, "/full/last.safetensors: cannot write: File too large");
    program_free(&p);
    assert_null(file_of("full", "last.safetensors"));
    shell(&p, "ls\t%s/full");
    assert_null(strstr(p.out, ".tmp."));
    program_free(&p);
    /* What was saved before stays as it was, and the run goes on from it. */
    train(&p, "--max-steps 8", "room");
    program_free(&p);
    char *before = file_of("room", "last.safetensors");
    shell(&p, "ulimit\t-f\t64;exec\t" LATHE_PROGRAM "\ttrain\t--resume\t%s/room\t--max-steps\t12\t--quiet");
    assert_refused(&p, 1, "/room/last.safetensors: cannot write: File too large");
    program_free(&p);
    char *after = file_of("room", "last.safetensors");
    assert_non_null(after);
    assert_memory_equal(before, after, 1000); /* the header, with the checksum of all the rest */
    free(before);
    free(after);
    shell(&p, "exec\t" LATHE_PROGRAM "\ttrain\t--resume\t%s/room\t--max-steps\t12\t--quiet");
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    program_free(&p);
    shell(&p, "exec\t" LATHE_PROGRAM "\ttrain\t--resume\t%s/room\t--quiet>/dev/full");
    assert_refused(&p, 1, "cannot write to standard output: No space left on device");
    program_free(&p);
    shell(&p,
        "exec\t" LATHE_PROGRAM "\ttrain\t--data\tshapes\t--max-steps\t2\t--quiet\t--out\t/dev/full/run");
    assert_refused(&p, 1, "/dev/full/run: cannot make the folder: Not a directory");
    program_free(&p);
}

static void a_run_in_use_is_not_touched(void **state)
{
    (void)state;
    char arguments[512], pid[32];
    program p, second;
    snprintf(arguments, sizeof arguments, SHORT_RUN " --epochs 1000 --out %s/used", folder);
    program_start(&p, LATHE_PROGRAM, arguments);
    await_steps("used");
    program_run(&second, LATHE_PROGRAM, arguments);
    snprintf(pid, sizeof pid, "in use by process %d,", p.pid);
    assert_refused(&second, 1, pid);
    program_free(&second);
    kill(p.pid, SIGTERM);
    program_wait(&p);
    assert_int_equal(p.code, 143);
    program_free(&p);
}

/* From the command line: stopped by a signal, gone on with, and longer than was asked for at first. */
static void a_run_goes_on(void **state)
{
    (void)state;
    char arguments[512];
    program p;
    train(&p, "--max-steps 30 --batch-size 500 --no-times", "unbroken");
    program_free(&p);
    snprintf(arguments, sizeof arguments,
        SHORT_RUN " --batch-size 500 --no-times --max-steps 23 --save-every 4 --workers 2 --out %s/broken",
        folder);
    program_start(&p, LATHE_PROGRAM, arguments);
    await_steps("broken");
    kill(p.pid, SIGKILL);
    program_wait(&p);
    program_free(&p);
    snprintf(arguments, sizeof arguments, "train --resume %s/broken --max-steps 30", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    program_free(&p);
    static const char *const files[] = { "steps.csv", "epochs.csv", "last.safetensors" };
    for (size_t i = 0; i < 3; i++) same_bytes("unbroken", "broken", files[i]);
    snprintf(arguments, sizeof arguments, "train --resume %s/broken --max-steps 30 --lr 0.5", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 2, "a run with 'lr = ");
    program_free(&p);
    snprintf(arguments, sizeof arguments, "train --resume %s/nowhere", folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 1, "/nowhere/config.ini: cannot open: No such file");
    program_free(&p);
}

/* Weights of another run are the first ones of this; those that do not fit are listed. */
static void first_weights_may_be_given(void **state)
{
    (void)state;
    char more[512];
    program p;
    train(&p, "--max-steps 3", "giver");
    program_free(&p);
    snprintf(more, sizeof more,
        "--max-steps 1 --lr 1e-30 --val-split 0 --init-weights %s/giver/last.safetensors", folder);
    train(&p, more, "taker");
    if (p.code) fail_msg("exit %d: %s", p.code, p.err);
    program_free(&p);
    snprintf(more, sizeof more, "--max-steps 1 --model mlp --init-weights %s/giver/last.safetensors", folder);
    train(&p, more, "other");
    assert_refused(&p, 2,
        "does not fit the model in 12 places: 1.weight is missing; 1.bias is missing; 3.weight is [");
    program_free(&p);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int code;
        const char *fragment;
    } cases[] = {
        { "train --data shapes --model lenet6", 2, "unknown model 'lenet6'; did you mean lenet5?" },
        { "train --data shapes --sched cyclic --base-lr 0.1 --max-lr 0.01 --step-size-up 4", 2, "base_lr" },
        { "train --data shaped", 2, "did you mean shapes?" },
        { "train --data mnist:/nowhere/at/all", 1, "/nowhere/at/all" },
        { "train --data shapes --optim adamx", 2, "did you mean adam?" },
        { "train --data shapes --batch-size 0", 2, "batch_size" },
        { "train --data shapes --epochs -1", 2, "epochs" },
        { "train --data shapes --threads 100000", 2, "threads" },
        { "train --data shapes --lr nan", 2, "lr" },
        { "train --config /nowhere/config.ini", 1, "/nowhere/config.ini" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        program p;
        char arguments[512];
        snprintf(arguments, sizeof arguments, "%s --max-steps 2 --out %s/refused", cases[i].arguments,
            folder);
        program_run(&p, LATHE_PROGRAM, arguments);
        assert_refused(&p, cases[i].code, cases[i].fragment);
        program_free(&p);
    }
}

/* The first 40 bytes of a gzip stream: a good heading, and no end. */
static void a_truncated_archive_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz" };
    static const unsigned char bytes[40] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x63, 0x60, 0x60 };
    char arguments[512], path[256];
    program p;
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
        fclose(file);
    }
    snprintf(arguments, sizeof arguments, "train --data mnist:%s --max-steps 2 --out %s/refused", folder,
        folder);
    program_run(&p, LATHE_PROGRAM, arguments);
    assert_refused(&p, 1, "-ubyte.gz");
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_run_folder),
        cmocka_unit_test(json_has_all_fields),
        cmocka_unit_test(same_bytes_for_any_number_of_threads),
        cmocka_unit_test(the_settings_of_a_run_give_the_same_run),
        cmocka_unit_test(a_recipe_may_be_changed),
        cmocka_unit_test(a_run_is_not_overwritten_unasked),
        cmocka_unit_test(a_signal_ends_the_run_with_its_files),
        cmocka_unit_test(a_second_signal_ends_at_once),
        cmocka_unit_test(a_closed_pipe_does_not_end_the_run),
        cmocka_unit_test(what_cannot_be_saved_is_told),
        cmocka_unit_test(a_run_in_use_is_not_touched),
        cmocka_unit_test(a_run_goes_on),
        cmocka_unit_test(first_weights_may_be_given),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(a_truncated_archive_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
