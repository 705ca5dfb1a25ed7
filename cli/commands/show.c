#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../drawing/contact.h"
#include "../json.h"
#include "../settings.h"
#include "../text.h"

/* ---- which pictures ------------------------------------------------------------------------------------ */

/* Outline a box in the picture: white, in colour yellow. Its line runs along the pixels inside the box. */
static void draw_box(const lathe_image *image, const lathe_object *object)
{
    int left = (int)floorf(object->x0), right = (int)ceilf(object->x1) - 1;
    int top = (int)floorf(object->y0), bottom = (int)ceilf(object->y1) - 1;
    for (int c = 0; c < image->channels; c++)
        for (int y = top; y <= bottom; y++)
            for (int x = left; x <= right; x += y == top || y == bottom || x == right ? 1 : right - left)
                image->pixels[(c * image->height + y) * image->width + x] = c == 2 ? 0 : 255;
}

/* One sample as the model will see it, also mixed with others. */
static void draw_batch(cli_sheet *sheet, const lathe_batch *batch, const lathe_dataset *data, uint8_t *pixels)
{
    char name[64], both[160];
    size_t count = (size_t)batch->channels * (size_t)batch->height * (size_t)batch->width;
    for (size_t i = 0; i < count; i++)
        pixels[i] = (uint8_t)lround(255 * (double)batch->images[i * LATHE_LANES]);
    const lathe_objects *objects = &batch->objects;
    bool empty = objects->first && !objects->first[1];
    const char *label = empty || data->masks ? "" : data->class_names[data->labels[batch->index]];
    if (batch->share && batch->share[0] < 1) {
        snprintf(both, sizeof both, "%.70s+%.70s", label, data->class_names[batch->other_labels[0]]);
        label = both;
    }
    const lathe_image image = { batch->channels, batch->height, batch->width, pixels, false };
    for (size_t i = 0; objects->first && i < objects->first[1]; i++) draw_box(&image, &objects->object[i]);
    cli_sheet_add(sheet, &image, cli_printable(label, name, sizeof name));
}

/* Sample number n of the sheet: those in a random order, or with --sample the same one again, each time as in
 * another epoch. */
static lathe_status draw_all(cli_sheet *sheet, const lathe_run *run, const lathe_dataset *data, int count,
    int64_t only, bool still)
{
    const lathe_loader_opts opts = { .batch_size = 1,
        .no_normalize = true,
        .transforms = run->feed->transforms,
        .still = still,
        .layout = LATHE_BATCHED,
        .seed = run->settings.seed };
    lathe_loader *loader = lathe_loader_new(data, &opts);
    uint8_t *pixels =
        lathe_alloc(lathe_times((size_t)sheet->height, (size_t)sheet->width), (size_t)sheet->channels);
    size_t *order = lathe_alloc(data->count, sizeof *order);
    lathe_status status = loader && pixels && order ? LATHE_OK : lathe_error();
    for (size_t i = 0; i < data->count && !status; i++) order[i] = i;
    lathe_rng rng = lathe_rng_at(run->settings.seed, lathe_rng_stream("cli/show"), 0);
    if (!status) lathe_rng_shuffle(&rng, order, data->count);
    for (int n = 0; n < count && !status && (only >= 0 || (size_t)n < data->count); n++) {
        lathe_batch batch;
        status =
            lathe_loader_seek(loader, only >= 0 ? (uint64_t)n : 0, only >= 0 ? (uint64_t)only : order[n]);
        if (!status && lathe_loader_next(loader, &batch)) draw_batch(sheet, &batch, data, pixels);
        if (!status) status = lathe_loader_status(loader);
    }
    lathe_loader_free(loader);
    lathe_free(pixels);
    lathe_free(order);
    return status;
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int finish(const cli_sheet *sheet, const cli_line *line, const lathe_dataset *data, const char *file)
{
    if (cli_sheet_write(sheet, file)) return cli_library_failed();
    if (line->json) {
        cJSON *object = cli_json_new();
        cJSON_AddStringToObject(object, "png", file);
        cJSON_AddNumberToObject(object, "count", sheet->count);
        cJSON_AddNumberToObject(object, "height", sheet->height);
        cJSON_AddNumberToObject(object, "width", sheet->width);
        return cli_json_print(object);
    }
    const char *colours = getenv("COLORTERM");
    bool can = isatty(STDOUT_FILENO) && colours && (strstr(colours, "truecolor") || strstr(colours, "24bit"));
    if (can || cli_given_option(line, "preview")) cli_sheet_preview(sheet, stdout);
    cli_say(stdout, "%s: %d of %zu pictures of %d x %d, %d classes", file, sheet->count, data->count,
        sheet->height, sheet->width, data->classes);
    return CLI_DONE;
}

static int show(const cli_line *line, const lathe_run *run, int count, int columns, int64_t only)
{
    const bool still = cli_given_option(line, "still");
    const lathe_dataset *data = strcmp(cli_text(line, "split"), "test") ? run->feed->data : run->feed->test;
    int height = data->height, width = data->width;
    if (only >= 0 && (size_t)only >= data->count)
        return cli_fail(CLI_USAGE, "show: --sample %lld of %zu pictures", (long long)only, data->count);
    if (lathe_transforms_size(run->feed->transforms, data->channels, &height, &width))
        return cli_library_failed();
    cli_sheet *sheet = cli_sheet_new(data->channels, height, width, count, columns);
    lathe_status status = sheet ? draw_all(sheet, run, data, count, only, still) : lathe_error();
    int code = status ? cli_library_failed() : finish(sheet, line, data, cli_text(line, "png"));
    cli_sheet_free(sheet);
    return code;
}

static int run(const cli_line *line)
{
    int64_t count, columns, only = -1;
    const char *split = cli_text(line, "split");
    if (!cli_number(line, "count", 1, 400, &count) || !cli_number(line, "columns", 1, 40, &columns))
        return CLI_USAGE;
    if (cli_text(line, "sample") && !cli_number(line, "sample", 0, INT64_MAX, &only)) return CLI_USAGE;
    if (strcmp(split, "train") && strcmp(split, "test"))
        return cli_fail(CLI_USAGE, "show: --split '%s' is neither train nor test", split);
    lathe_settings settings;
    int code = cli_settings(line, &settings);
    if (code) return code;
    settings.out[0] = settings.resume[0] = '\0';
    lathe_run *run = lathe_run_new(&settings, NULL);
    if (!run) return cli_library_failed();
    code = show(line, run, (int)count, (int)columns, only);
    lathe_run_free(run);
    return code;
}

static const cli_option options[] = {
    { .name = "png", .value = "FILE", .preset = "sheet.png", .help = "where the contact sheet goes" },
    { .name = "count", .value = "N", .preset = "24", .help = "pictures" },
    { .name = "columns", .value = "N", .preset = "8", .help = "pictures in a row" },
    { .name = "sample", .value = "N", .help = "this picture alone, in N epochs" },
    { .name = "split", .value = "train|test", .preset = "train", .help = "which part of the data" },
    { .name = "still", .help = "with nothing left to chance, as in validation" },
    { .name = "preview", .help = "also draw it in the terminal, even without 24-bit colours" },
    { .name = NULL },
};

static const char *const presets[] = { "model", "mlp", "val_split", "0", NULL };

extern const cli_command lathe_show_command;
const cli_command lathe_show_command = {
    .name = "show",
    .summary = "contact sheet of a data set as the model will see it",
    .arguments = "",
    .about = "Draws pictures of a data set with their classes into a PNG, cropped, scaled and\n"
             "augmented as in training. On a terminal with 24-bit colours a preview follows.",
    .example =
        "lathe show --data folder:photos --size 96 --augment \"random_resized_crop:96,hflip,jitter:0.2\"",
    .options = options,
    .takes_settings = true,
    .uses = "data seed",
    .presets = presets,
    .run = run,
};
