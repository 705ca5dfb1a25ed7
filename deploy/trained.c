#include "trained_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/arena.h"
#include "../core/checksum.h"
#include "../core/field.h"
#include "../core/rng.h"
#include "../data/formats/picture_files.h"
#include "../data/pictures/picture.h"
#include "../data/pictures/resize.h"
#include "../io/file.h"
#include "../io/ini.h"
#include "../io/lines.h"
#include "../io/safetensors.h"
#include "../nn/models/models.h"

static const char suffix[] = ".safetensors";

static bool is_file(const char *path)
{
    size_t length = strlen(path), end = sizeof suffix - 1;
    return length > end && !strcmp(path + length - end, suffix);
}

/* The path of the weights. */
static lathe_status find_weights(const char *run, const char *weights, char path[LATHE_TRAINED_PATH])
{
    char name[32];
    bool given = weights != NULL;
    if (is_file(run) || (given && strcmp(weights, "best") && strcmp(weights, "last"))) {
        if (snprintf(path, LATHE_TRAINED_PATH, "%s", given ? weights : run) < LATHE_TRAINED_PATH)
            return LATHE_OK;
        return lathe_fail(LATHE_EARG, "lathe_trained_open: the path of the weights is longer than %d bytes",
            LATHE_TRAINED_PATH - 1);
    }
    snprintf(name, sizeof name, "%s%s", given ? weights : "best", suffix);
    lathe_status status = lathe_file_join(run, name, path, LATHE_TRAINED_PATH);
    if (status || given || lathe_file_exists(path)) return status;
    status = lathe_file_join(run, "last.safetensors", path, LATHE_TRAINED_PATH);
    if (status || lathe_file_exists(path)) return status;
    return lathe_fail(LATHE_EIO, "%s: not a run folder: it has neither best.safetensors nor last.safetensors",
        run);
}

/* The text of a required key. Errors: LATHE_EFORMAT: NULL. */
static const char *text_of(const lathe_safetensors *file, const char *key)
{
    const char *text = lathe_safetensors_text(file, key);
    if (!text)
        lathe_fail(LATHE_EFORMAT, "%s: has no %s: not a checkpoint of lathe, but perhaps weights", file->path,
            key);
    return text;
}

/* Read `count` numbers of a key. */
static lathe_status numbers_of(const lathe_safetensors *file, const char *key, double *numbers, int count)
{
    const char *text = text_of(file, key), *end = text;
    if (!text) return LATHE_EFORMAT;
    if (lathe_numbers_read(&end, numbers, count) && !*end) return LATHE_OK;
    return lathe_fail(LATHE_EFORMAT, "%s: %s is '%.60s', expected %d numbers", file->path, key, text, count);
}

/* How picture files are scaled. Both settings are missing in older files. */
static lathe_status take_scaling(lathe_trained *trained, const lathe_ini_line *line)
{
    if (!strcmp(line->key, "crop_ratio") &&
        (!lathe_parse_double(line->value, &trained->crop_ratio) ||
            !(trained->crop_ratio >= 0 && trained->crop_ratio <= 1)))
        return lathe_fail(LATHE_EFORMAT, "%s: crop_ratio is '%.40s', expected 0 to 1", trained->path,
            line->value);
    if (strcmp(line->key, "interpolation") != 0) return LATHE_OK;
    for (int i = 0; lathe_filter_names[i]; i++)
        if (!strcmp(line->value, lathe_filter_names[i]))
            return trained->interpolation = (lathe_filter)i, LATHE_OK;
    return lathe_fail(LATHE_EFORMAT, "%s: interpolation is '%.40s', which this version does not know",
        trained->path, line->value);
}

/* Keep what a use of the model needs of the run's settings. */
static lathe_status take_setting(void *context, const lathe_ini_line *line)
{
    lathe_trained *trained = context;
    const struct {
        const char *key;
        char **text;
    } kept[] = { { "model", &trained->model_name }, { "augment", &trained->augment },
        { "background", &trained->background }, { "data", &trained->data.name } };
    for (size_t i = 0; line->key && i < sizeof kept / sizeof kept[0]; i++) {
        if (strcmp(line->key, kept[i].key)) continue;
        *kept[i].text = lathe_arena_strdup(trained->arena, line->value);
        if (!*kept[i].text) return lathe_error();
    }
    return line->key ? take_scaling(trained, line) : LATHE_OK;
}

static void write_hash(char hash[9], uint32_t checksum)
{
    snprintf(hash, 9, "%08lx", (unsigned long)checksum);
}

static lathe_status read_settings(lathe_trained *trained, const lathe_safetensors *file)
{
    const char *text = text_of(file, "lathe.settings");
    char *copy = text ? lathe_strdup(text) : NULL;
    lathe_status status = copy ? lathe_ini_read(copy, file->path, take_setting, trained) : lathe_error();
    lathe_free(copy);
    if (text) write_hash(trained->settings_hash, lathe_crc32(0, text, strlen(text)));
    if (status || (trained->model_name && trained->augment && trained->data.name)) return status;
    return lathe_fail(LATHE_EFORMAT, "%s: lathe.settings lacks model, augment or data", file->path);
}

lathe_status lathe_trained_check_normals(const lathe_trained *trained, lathe_status otherwise)
{
    for (int c = 0; c < trained->data.channels; c++) {
        const double mean = trained->data.mean[c], std = trained->data.std[c];
        const float factor = (float)(1 / (255 * std)), offset = (float)(-mean / std);
        if (!(factor > 0) || !isfinite(factor) || !isfinite(offset))
            return lathe_fail(otherwise, "%s: mean %g and std %g of channel %d do not normalise pixels",
                trained->path, mean, std, c);
    }
    return LATHE_OK;
}

/* Read the pictures' sizes and normalisation. */
static lathe_status read_pictures(lathe_trained *trained, const lathe_safetensors *file)
{
    double input[3];
    lathe_status status = numbers_of(file, "lathe.input", input, 3);
    if (status) return status;
    for (int i = 0; i < 3; i++)
        if (!(input[i] >= 1 && input[i] <= (i ? 16384 : 4)) || input[i] != (int)input[i])
            return lathe_fail(LATHE_EFORMAT, "%s: pictures of %g x %g x %g", file->path, input[0], input[1],
                input[2]);
    lathe_dataset *data = &trained->data;
    data->channels = (int)input[0];
    data->height = (int)input[1];
    data->width = (int)input[2];
    status = numbers_of(file, "lathe.mean", data->mean, data->channels);
    if (!status) status = numbers_of(file, "lathe.std", data->std, data->channels);
    if (!status) status = lathe_trained_check_normals(trained, LATHE_EFORMAT);
    trained->transforms = status ? NULL : lathe_transforms_parse(trained->augment);
    return trained->transforms ? LATHE_OK : lathe_error();
}

/* "3 colour" a line; of one kind of class the text is empty. */
static lathe_status read_heads(lathe_trained *trained, const lathe_safetensors *file)
{
    const char *text = lathe_safetensors_text(file, "lathe.heads"), *const * line;
    lathe_dataset *data = &trained->data;
    if (!text || !*text) return LATHE_OK;
    lathe_status status = lathe_names_read(trained->arena, text, &line, &data->heads);
    lathe_head *head = status ? NULL : lathe_arena_zeroed(trained->arena, (size_t)data->heads, sizeof *head);
    if (!head) return lathe_error();
    int first = 0;
    for (int i = 0; i < data->heads; i++) {
        const char *blank = strchr(line[i], ' ');
        head[i].first = first;
        if (!blank || sscanf(line[i], "%6d", &head[i].classes) != 1 || head[i].classes < 1 ||
            head[i].classes > data->classes - first)
            return lathe_fail(LATHE_EFORMAT, "%s: lathe.heads has a line '%.60s'", file->path, line[i]);
        head[i].name = blank + 1;
        first += head[i].classes;
    }
    if (first != data->classes)
        return lathe_fail(LATHE_EFORMAT, "%s: heads of %d classes in all, but %d names", file->path, first,
            data->classes);
    data->head = head;
    data->targets_each = data->heads;
    return LATHE_OK;
}

static lathe_status read_counts(lathe_trained *trained, const lathe_safetensors *file)
{
    if (!lathe_safetensors_text(file, "lathe.class_counts")) return LATHE_OK;
    double *numbers = lathe_arena_alloc(trained->arena, (size_t)trained->data.classes, sizeof *numbers);
    uint64_t *counts = lathe_arena_alloc(trained->arena, (size_t)trained->data.classes, sizeof *counts);
    if (!numbers || !counts) return LATHE_ENOMEM;
    lathe_status status = numbers_of(file, "lathe.class_counts", numbers, trained->data.classes);
    for (int i = 0; i < trained->data.classes && !status; i++) {
        if (!(numbers[i] >= 0 && numbers[i] < 9e15))
            return lathe_fail(LATHE_EFORMAT, "%s: a class of %g samples", file->path, numbers[i]);
        counts[i] = (uint64_t)numbers[i];
    }
    trained->class_counts = status ? NULL : counts;
    return status;
}

/* The classes, and the task that has them; a file of before there were several tasks has no word for it. */
static lathe_status read_classes(lathe_trained *trained, const lathe_safetensors *file)
{
    const char *names = text_of(file, "lathe.class_names"),
               *word = lathe_safetensors_text(file, "lathe.task");
    const lathe_task_type *type = lathe_task_find(word ? word : "classify");
    lathe_dataset *data = &trained->data;
    if (!names) return LATHE_EFORMAT;
    if (!type)
        return lathe_fail(LATHE_EFORMAT, "%s: lathe.task is '%.40s', which this version does not know",
            file->path, word);
    data->task = type->name;
    data->masks = type->mask;
    lathe_status status = lathe_names_read(trained->arena, names, &data->class_names, &data->classes);
    if (!status) status = read_heads(trained, file);
    if (!status) status = read_counts(trained, file);
    if (status) return status;
    trained->task = lathe_task_new(&(lathe_task_opts){ .data = data, .transforms = trained->transforms });
    return trained->task ? LATHE_OK : lathe_error();
}

/* The checksum of all numbers as floats, in the order of lathe_nn_state. */
static void hash_weights(lathe_trained *trained, lathe_tensor *const *tensor, int count)
{
    enum { BLOCK = 1024 };
    float block[BLOCK];
    uint32_t checksum = 0;
    for (int i = 0; i < count; i++)
        for (size_t left = lathe_shape_count(&tensor[i]->shape), from = 0, n; left; left -= n, from += n) {
            n = left < BLOCK ? left : BLOCK;
            for (size_t k = 0; k < n; k++) block[k] = (float)tensor[i]->data[from + k];
            checksum = lathe_crc32(checksum, block, n * sizeof *block);
        }
    write_hash(trained->weights_hash, checksum);
}

lathe_status lathe_trained_build(lathe_trained *trained, const lathe_safetensors *file)
{
    int count;
    const lathe_model_spec spec = { trained->data.channels, trained->task->height, trained->task->width,
        trained->data.classes };
    trained->model = lathe_model_new();
    trained->net = trained->model ? lathe_model_build(trained->model, trained->model_name, &spec) : NULL;
    lathe_tensor *const *tensors = trained->net ? lathe_nn_plan(trained->net, &count) : NULL;
    lathe_status status = tensors ? lathe_safetensors_fit(file, tensors, count, "", true) : lathe_error();
    if (!status) status = lathe_model_check_input(trained->net, &spec);
    if (!status) status = lathe_nn_init(trained->net, 0);
    if (!status) status = lathe_safetensors_load(file, tensors, count, "", true);
    if (!status) hash_weights(trained, tensors, count);
    if (!status && !(trained->plan = lathe_plan_new(trained->net))) status = lathe_error();
    return status;
}

static lathe_status read_all(lathe_trained *trained, const lathe_safetensors *file)
{
    double step;
    lathe_status status = read_settings(trained, file);
    if (!status) status = numbers_of(file, "lathe.step", &step, 1);
    if (!status) status = read_pictures(trained, file);
    if (!status) status = read_classes(trained, file);
    if (!status) status = lathe_trained_build(trained, file);
    if (!status) trained->step = step > 0 && step < 9e15 ? (uint64_t)step : 0;
    return status;
}

lathe_trained *lathe_trained_new(void)
{
    lathe_trained *trained = lathe_alloc(1, sizeof *trained);
    if (trained && (trained->arena = lathe_arena_new())) return trained;
    lathe_trained_free(trained);
    return NULL;
}

lathe_trained *lathe_trained_open(const char *run, const char *weights)
{
    if (!run) return lathe_fail_null("lathe_trained_open", "run"), NULL;
    lathe_trained *trained = lathe_trained_new();
    if (!trained) return NULL;
    lathe_status status = find_weights(run, weights, trained->path);
    lathe_safetensors *file = status ? NULL : lathe_safetensors_read(trained->path);
    if (file && !read_all(trained, file)) {
        lathe_safetensors_free(file);
        return trained;
    }
    lathe_safetensors_free(file);
    lathe_trained_free(trained);
    return NULL;
}

void lathe_trained_free(lathe_trained *trained)
{
    if (!trained) return;
    lathe_plan_free(trained->plan);
    lathe_model_free(trained->model);
    lathe_task_free(trained->task);
    lathe_transforms_free(trained->transforms);
    lathe_arena_free(trained->arena);
    lathe_free(trained);
}

lathe_dataset *lathe_trained_files(const lathe_trained *trained, const char *const *files, size_t count,
    bool skip_bad, size_t max_pixels)
{
    int background;
    if (!trained) return lathe_fail_null("lathe_trained_files", "trained"), NULL;
    if (lathe_colour_parse(trained->background, &background)) return NULL;
    const lathe_dataset *data = &trained->data;
    return lathe_data_files(files, count,
        &(lathe_files_opts){ .height = data->height,
            .width = data->width,
            .channels = data->channels,
            .skip_bad = skip_bad,
            .max_pixels = max_pixels,
            .background = background,
            .crop_ratio = trained->crop_ratio,
            .interpolation = trained->interpolation,
            .classes = data->classes,
            .class_names = data->class_names,
            .mean = data->mean,
            .std = data->std });
}

lathe_loader *lathe_trained_loader(const lathe_trained *trained, const lathe_dataset *data, int batch_size,
    int workers)
{
    if (!trained || !data) return lathe_fail_null("lathe_trained_loader", trained ? "data" : "trained"), NULL;
    const lathe_dataset *own = &trained->data;
    if (data->channels != own->channels || data->height != own->height || data->width != own->width)
        return lathe_fail(LATHE_ESHAPE,
                   "lathe_trained_loader: %s has pictures of %d x %d x %d, the model was trained on %d x %d "
                   "x %d",
                   data->name, data->channels, data->height, data->width, own->channels, own->height,
                   own->width),
               NULL;
    return lathe_loader_new(data,
        &(lathe_loader_opts){ .batch_size = batch_size,
            .workers = workers,
            .transforms = trained->transforms,
            .still = true,
            .mean = own->mean,
            .std = own->std });
}

/* A picture of noise: do the transforms change it? */
lathe_status lathe_trained_changes(const lathe_trained *trained, bool *change)
{
    if (!trained || !change) return lathe_fail_null("lathe_trained_changes", trained ? "change" : "trained");
    const lathe_dataset *data = &trained->data;
    size_t count =
               lathe_times(lathe_times((size_t)data->height, (size_t)data->width), (size_t)data->channels),
           room = lathe_transforms_scratch(trained->transforms, data->channels, data->height, data->width);
    uint8_t *pixels = lathe_alloc(count, 1), *scratch = lathe_alloc(lathe_plus(room, 1), 1);
    lathe_status status = pixels && scratch ? LATHE_OK : lathe_error();
    if (!status) {
        lathe_rng rng = lathe_rng_at(1, lathe_rng_stream("deploy/trained"), 0);
        for (size_t i = 0; i < count; i++) pixels[i] = (uint8_t)lathe_rng_below(&rng, 256);
        lathe_image in = { data->channels, data->height, data->width, pixels, LATHE_NO_MASK }, out;
        status = lathe_transforms_still(trained->transforms, &in, scratch, &out);
        *change = !status &&
            (out.height != in.height || out.width != in.width || memcmp(out.pixels, pixels, count) != 0);
    }
    lathe_free(pixels);
    lathe_free(scratch);
    return status;
}
