#include <stdio.h>
#include <string.h>

#include "../command.h"
#include "../text.h"

#include <lathe/lathe.h>

/* The page's pictures: so many of Fashion-MNIST's training pictures, each class in proportion. */
enum { TRAIN = 5000, VAL = 2000, SEED = 24 };

/* ---- the pictures as IDX files ------------------------------------------------------------------------- */

static void put_number(uint8_t *at, size_t number)
{
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(number >> (24 - 8 * i));
}

/* Write a file of `size` bytes for each of `count` samples, after a head of 1 + `sizes` numbers. */
static lathe_status write_idx(const char *folder, const char *name, size_t count, const size_t *side,
    int sizes, const uint8_t *bytes, size_t size)
{
    char path[LATHE_SETTING_LONG];
    uint8_t head[16] = { 0, 0, 8, (uint8_t)(1 + sizes) };
    put_number(head + 4, count);
    for (int i = 0; i < sizes; i++) put_number(head + 8 + 4 * i, side[i]);
    const lathe_bytes parts[] = { { head, (size_t)(8 + 4 * sizes) }, { bytes, count * size } };
    lathe_status status = lathe_file_join(folder, name, path, sizeof path);
    return status ? status : lathe_file_write(path, parts, 2);
}

/* Read all pictures and labels of a set. */
static lathe_status read_all(const lathe_dataset *data, uint8_t *pixels, uint8_t *labels)
{
    const size_t size = (size_t)data->height * (size_t)data->width;
    void *scratch = lathe_alloc(1, lathe_data_scratch(data) + 1);
    lathe_status status = scratch ? LATHE_OK : lathe_error();
    for (size_t i = 0; i < data->count && !status; i++) {
        lathe_sample sample;
        status = lathe_data_read(data, i, scratch, &sample);
        if (!status) memcpy(pixels + i * size, sample.pixels, size);
        labels[i] = (uint8_t)data->labels[i];
    }
    lathe_free(scratch);
    return status;
}

/* Write a set as "SET-images-idx3-ubyte" and "SET-labels-idx1-ubyte". */
static lathe_status write_set(const char *folder, const char *set, const lathe_dataset *data)
{
    char images[64], labels_name[64];
    const size_t side[] = { (size_t)data->height, (size_t)data->width }, size = lathe_times(side[0], side[1]);
    uint8_t *pixels = lathe_alloc(data->count, size), *labels = lathe_alloc(data->count, 1);
    snprintf(images, sizeof images, "%s-images-idx3-ubyte", set);
    snprintf(labels_name, sizeof labels_name, "%s-labels-idx1-ubyte", set);
    lathe_status status = pixels && labels ? read_all(data, pixels, labels) : lathe_error();
    if (!status) status = write_idx(folder, images, data->count, side, 2, pixels, size);
    if (!status) status = write_idx(folder, labels_name, data->count, NULL, 0, labels, 1);
    lathe_free(pixels);
    lathe_free(labels);
    return status;
}

/* Choose the pictures, always the same ones: those to train on, and others as the test set. */
static lathe_status choose(const lathe_dataset *all, const char *folder)
{
    lathe_dataset *some = lathe_feed_choose(all, TRAIN + VAL, SEED), *train = NULL, *val = NULL;
    const lathe_split_opts part = { .fraction = (double)VAL / (TRAIN + VAL), .seed = SEED };
    lathe_status status = some ? lathe_data_split(some, &part, &train, &val) : lathe_error();
    if (!status) status = lathe_file_make_folder(folder);
    if (!status) status = write_set(folder, "train", train);
    if (!status) status = write_set(folder, "t10k", val);
    lathe_data_free(train);
    lathe_data_free(val);
    lathe_data_free(some);
    return status;
}

static int write_pictures(const char *folder)
{
    lathe_dataset *all = lathe_data_fashion_mnist(NULL, LATHE_SPLIT_TRAIN);
    if (!all || choose(all, folder)) {
        lathe_data_free(all);
        return cli_library_failed();
    }
    lathe_data_free(all);
    cli_say(stdout,
        "%s: %d pictures to train on and %d for validation: --data fashion-mnist:%s --val-split 0", folder,
        TRAIN, VAL, folder);
    return CLI_DONE;
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int run(const cli_line *line)
{
    const char *pictures = cli_text(line, "pictures");
    if (pictures) return write_pictures(pictures);
    return cli_fail(CLI_FAILED, "playground: not here yet");
}

static const cli_option options[] = {
    { .name = "port", .value = "N", .preset = "8025", .help = "port on 127.0.0.1; 0: one that is free" },
    { .name = "page",
        .value = "FILE",
        .help = "the page [playground/index.html beside the command, or share/lathe/playground/index.html]" },
    { .name = "pictures",
        .value = "DIR",
        .help = "serve nothing: write the page's pictures into DIR, so that `lathe train` can use them" },
    { .name = NULL },
};

extern const cli_command lathe_playground_command;
const cli_command lathe_playground_command = {
    .name = "playground",
    .summary = "serve the page that trains in the browser",
    .arguments = "",
    .about = "Serves a page on this machine alone, in which a network learns while its schedule is drawn:\n"
             "the same library, in WebAssembly. tools/playground builds the page.",
    .example = "lathe playground --port 8025",
    .options = options,
    .run = run,
};
