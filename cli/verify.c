#include "verify.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ensemble.h"
#include "signals.h"
#include "text.h"
#include "trained.h"

/* ---- kinds --------------------------------------------------------------------------------------------- */

typedef struct route {
    const char *to;
    double limit;
    int (*run)(const cli_verify *job);
    bool normalises; /* by a function of its own */
} route;

static const route routes[] = {
    { "onnx", 1e-4, cli_verify_onnx, false },
    { "c", 1e-5, cli_verify_c, true },
};

/* ---- pictures ------------------------------------------------------------------------------------------ */

/* The pictures, and what lathe computes of them. */
typedef struct pictures {
    const lathe_trained *trained;
    lathe_run *run; /* has the data; NULL without */
    uint8_t *noise;
    lathe_dataset *chosen, *made; /* a part of the run's data; noise */
    const lathe_dataset *data;
    const char *set;
    size_t inputs, outputs, answers;
    lathe_real *scores; /* [count, outputs] */
    int *labels;        /* [count, answers] */
} pictures;

/* Pictures as the model wants them, from `data`: only picture files can have any size. */
static lathe_status picture_settings(const lathe_trained *trained, const char *data, lathe_settings *settings)
{
    char name[LATHE_SETTING_LONG], number[16];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(data, ":"), data);
    const lathe_data_source *source = lathe_data_source_find(name);
    snprintf(number, sizeof number, "%d", trained->data.channels);
    lathe_status status = lathe_settings_set(settings, "channels", number);
    snprintf(number, sizeof number, "%d", trained->data.height);
    if (!status) status = lathe_settings_set(settings, "model", trained->model_name);
    if (!source || !source->has_files) return status;
    settings->crop_ratio = trained->crop_ratio;
    settings->interpolation = (int)trained->interpolation;
    return status ? status : lathe_settings_set(settings, "size", number);
}

/* The settings of the data: the run's, or lathe's own for a model without a run. */
static lathe_status data_settings(const cli_line *line, const lathe_trained *trained,
    lathe_settings *settings)
{
    char folder[LATHE_SETTING_LONG], path[LATHE_SETTING_LONG + 16];
    const char *data = cli_text(line, "data");
    lathe_status status = LATHE_OK;
    *settings = lathe_settings_default();
    if (!cli_trained_is_published(line)) {
        cli_folder_of(line->argument[0], folder, sizeof folder);
        snprintf(path, sizeof path, "%s/config.ini", folder);
        status = lathe_settings_read(settings, path);
    } else status = picture_settings(trained, data, settings);
    if (!status && data) status = lathe_settings_set(settings, "data", data);
    if (data) settings->train_count = 0; /* which is of the run's data */
    settings->out[0] = settings->resume[0] = settings->init_weights[0] = '\0';
    return status;
}

/* The test set of the run's data, else its validation set, else its training set. */
static bool open_data(pictures *p, const cli_line *line)
{
    lathe_settings settings;
    if (cli_trained_is_published(line) && !cli_text(line, "data")) return false;
    if (data_settings(line, p->trained, &settings)) return false;
    if (!(p->run = lathe_run_new(&settings, NULL))) return false;
    const lathe_feed *feed = p->run->feed;
    p->data = feed->test ? feed->test : feed->val ? feed->val : feed->train;
    p->set = feed->test ? "test" : feed->val ? "val" : "train";
    return true;
}

static bool make_noise(pictures *p, int count)
{
    size_t bytes = lathe_times((size_t)count, lathe_trained_bytes(p->trained));
    lathe_rng rng = lathe_rng_at(1, lathe_rng_stream("cli/verify"), 0);
    p->noise = lathe_alloc(bytes, 1);
    for (size_t i = 0; p->noise && i < bytes; i++) p->noise[i] = (uint8_t)lathe_rng_below(&rng, 256);
    p->made = p->noise ? lathe_trained_prepared(p->trained, p->noise, (size_t)count) : NULL;
    p->data = p->made;
    p->set = "random";
    return p->made;
}

/* Find the pictures, at most `count`. Returns an exit code. */
static int find_pictures(pictures *p, const cli_line *line, int count)
{
    lathe_error_clear();
    if (!open_data(p, line)) {
        if (cli_given_option(line, "data")) return cli_library_failed();
        cli_say(stderr, "lathe: export: %s%s; verifying with random pictures",
            *lathe_error_message() ? "the run's data cannot be opened: " : "no --data is given",
            lathe_error_message());
        lathe_error_clear();
        return make_noise(p, count) ? CLI_DONE : cli_library_failed();
    }
    if (p->data->count <= (size_t)count) return CLI_DONE;
    p->data = p->chosen = lathe_feed_choose(p->data, (size_t)count, 1);
    return p->chosen ? CLI_DONE : cli_library_failed();
}

/* Whether the data's labels are answers of the model. */
static bool is_labelled(const pictures *p)
{
    lathe_task *own = p->trained->task, *data = p->run ? p->run->learner->task : NULL;
    return data && lathe_shape_equal(&data->output, &own->output) && data->data->heads == own->data->heads &&
        lathe_task_single_class(data) == lathe_task_single_class(own);
}

static void close_pictures(pictures *p)
{
    lathe_data_free(p->chosen);
    lathe_data_free(p->made);
    lathe_run_free(p->run);
    lathe_free(p->noise);
    lathe_free(p->scores);
    lathe_free(p->labels);
}

/* ---- lathe's own outputs ------------------------------------------------------------------------------- */

/* Add numbers [batch, C, H, W] to the file, as [batch, H, W, C] of whole numbers where pixels are wanted. */
static bool put_numbers(FILE *file, const lathe_real *numbers, const lathe_batch *batch, bool pixels)
{
    const size_t area = (size_t)batch->height * (size_t)batch->width, channels = (size_t)batch->channels,
                 each = area * channels;
    for (size_t i = 0; i < each * (size_t)batch->size; i++) {
        size_t image = i / each * each, place = i % each / channels, channel = i % channels;
        float number = pixels ? roundf((float)numbers[image + channel * area + place]) : (float)numbers[i];
        if (fwrite(&number, sizeof number, 1, file) != 1) return false;
    }
    return true;
}

/* The output for a batch, and its labels. */
static lathe_status take_outputs(pictures *p, lathe_tensor *x, const lathe_batch *batch, size_t first)
{
    lathe_tensor *y = lathe_plan_run(p->trained->plan, x);
    if (!y) return lathe_error();
    const size_t each = lathe_shape_count(&y->shape) / (size_t)batch->size,
                 answers = batch->answers ? batch->answers : 1;
    if (!p->scores) {
        p->outputs = each;
        p->answers = answers;
        p->scores = lathe_alloc(lathe_times(p->data->count, each), sizeof *p->scores);
        p->labels = lathe_alloc(lathe_times(p->data->count, answers), sizeof *p->labels);
        if (!p->scores || !p->labels) return LATHE_ENOMEM;
    }
    if (is_labelled(p))
        memcpy(p->labels + first * answers, batch->labels, (size_t)batch->size * answers * sizeof *p->labels);
    return lathe_tensor_read(y, p->scores + first * each, (size_t)batch->size * each);
}

/* Write all pictures of the loader; with `outputs`, also compute lathe's. */
static lathe_status pass(pictures *p, lathe_loader *loader, FILE *file, bool pixels, bool outputs)
{
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_status status = tape ? LATHE_OK : lathe_error();
    lathe_batch batch;
    for (size_t first = 0; !status && lathe_loader_next(loader, &batch); first += (size_t)batch.size) {
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *x = lathe_input(tape, &batch);
        size_t count = x ? lathe_shape_count(&x->shape) : 0;
        lathe_real *numbers = x ? lathe_alloc(count, sizeof *numbers) : NULL;
        status = numbers ? lathe_tensor_read(x, numbers, count) : lathe_error();
        p->inputs = count / (size_t)batch.size;
        if (!status && file && !put_numbers(file, numbers, &batch, pixels))
            status = lathe_fail(LATHE_EIO, "export: the pictures of --verify cannot be written: %s",
                strerror(errno));
        if (!status && outputs) status = take_outputs(p, x, &batch, first);
        lathe_free(numbers);
        if (cli_signal()) break;
    }
    if (!status) status = lathe_loader_status(loader);
    lathe_tape_free(tape);
    return status;
}

/* The pixels themselves, 0 to 255. */
static lathe_loader *pixel_loader(const pictures *p)
{
    static const double mean[4], std[] = { 1 / 255.0, 1 / 255.0, 1 / 255.0, 1 / 255.0 };
    return lathe_loader_new(p->data, &(lathe_loader_opts){ .batch_size = 64, .mean = mean, .std = std });
}

static lathe_status write_pictures(pictures *p, const char *folder, bool pixels)
{
    char path[512];
    snprintf(path, sizeof path, "%s/in.f32", folder);
    lathe_loader *loader = lathe_trained_loader(p->trained, p->data, 64, 0);
    lathe_loader *second = loader && pixels ? pixel_loader(p) : NULL;
    FILE *file = loader ? fopen(path, "wb") : NULL;
    lathe_status status = loader && (second || !pixels) ? LATHE_OK : lathe_error();
    if (!status && !file) status = lathe_fail(LATHE_EIO, "%s: cannot be written", path);
    if (!status) status = pass(p, loader, pixels ? NULL : file, false, true);
    if (!status && pixels) status = pass(p, second, file, true, false);
    if (file && fclose(file) && !status) status = lathe_fail(LATHE_EIO, "%s: cannot be written", path);
    lathe_loader_free(second);
    lathe_loader_free(loader);
    return status;
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

/* The file's outputs, for lathe_free. */
static lathe_real *read_outputs(const pictures *p, const char *folder)
{
    char path[512];
    size_t size, count = p->outputs * p->data->count;
    snprintf(path, sizeof path, "%s/out.f32", folder);
    float *numbers = lathe_file_read(path, lathe_times(count, sizeof *numbers), &size);
    lathe_real *outputs =
        numbers && size == count * sizeof *numbers ? lathe_alloc(count, sizeof *outputs) : NULL;
    for (size_t i = 0; outputs && i < count; i++) outputs[i] = (lathe_real)numbers[i];
    if (numbers && !outputs)
        lathe_fail(LATHE_ESHAPE, "export: the file computed %zu bytes, not %zu numbers", size, count);
    lathe_free(numbers);
    return outputs;
}

/* The largest difference over the root mean square of lathe's outputs. Over their spread, outputs that hardly
 * differ, as those of a net at its beginning, would make rounding look large. */
static double largest_difference(const pictures *p, const lathe_real *outputs)
{
    const size_t count = p->outputs * p->data->count;
    double square = 0, worst = 0;
    for (size_t i = 0; i < count; i++) {
        double score = (double)p->scores[i], difference = fabs((double)outputs[i] - score);
        square += score * score / (double)count;
        if (!isfinite(difference)) return (double)INFINITY;
        if (difference > worst) worst = difference;
    }
    return square > 0 ? worst / sqrt(square) : worst;
}

/* How many answers are right, and of how many. */
static void count_right(const pictures *p, const lathe_real *scores, double right[2])
{
    lathe_task *task = p->trained->task;
    double *numbers = lathe_alloc(task->type->numbers(task), sizeof *numbers);
    right[0] = right[1] = 0;
    for (size_t i = 0; numbers && i < p->data->count; i++) {
        const lathe_batch one = { .size = 1, .labels = p->labels + i * p->answers, .answers = p->answers };
        task->type->update(task, scores + i * p->outputs, &one, numbers);
    }
    if (numbers) memcpy(right, numbers, 2 * sizeof *right);
    lathe_free(numbers);
}

static size_t largest(const lathe_real *numbers, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (numbers[i] > numbers[best]) best = i;
    return best;
}

static void compare(const pictures *p, const lathe_real *outputs, cli_verified *found)
{
    double own[2], other[2];
    found->count = (int)p->data->count;
    found->set = p->set;
    found->difference = largest_difference(p, outputs);
    found->labelled = is_labelled(p);
    found->passed = found->difference <= found->limit;
    if (found->labelled) {
        count_right(p, p->scores, own);
        count_right(p, outputs, other);
        found->accuracy = own[0] / own[1];
        found->exported = other[0] / other[1];
        /* A pixel of a mask may lie between two classes. */
        if (!p->trained->task->type->mask && own[0] != other[0]) found->passed = false;
        return;
    }
    size_t same = 0;
    for (size_t i = 0; i < p->data->count; i++)
        same +=
            largest(p->scores + i * p->outputs, p->outputs) == largest(outputs + i * p->outputs, p->outputs);
    found->accuracy = 1;
    found->exported = (double)same / (double)p->data->count;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

/* Remove a folder with its files. */
static void remove_folder(const char *folder)
{
    char path[640];
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        remove(path); /* fails for . and .. */
    }
    if (entries) closedir(entries);
    remove(folder);
}

/* How many pictures have outputs that are no numbers. */
static size_t count_not_finite(const pictures *p)
{
    size_t found = 0;
    for (size_t i = 0; i < p->data->count; i++) {
        size_t k = 0;
        while (k < p->outputs && isfinite((double)p->scores[i * p->outputs + k])) k++;
        found += k < p->outputs;
    }
    return found;
}

static int verify_in(const char *folder, pictures *p, const route *way, cli_verify *job, cli_verified *found)
{
    bool change; /* transforms of the run change pictures before they are normalised */
    if (way->normalises && lathe_trained_changes(p->trained, &change)) return cli_library_failed();
    if (way->normalises) job->pixels = !change;
    if (write_pictures(p, folder, job->pixels)) return cli_library_failed();
    if (cli_signal()) return 128 + cli_signal();
    const size_t bad = count_not_finite(p);
    if (bad)
        return cli_fail(CLI_FAILED,
            "export: lathe's own outputs of %zu of %zu pictures are NaN or infinite; nothing can be compared",
            bad, p->data->count);
    job->count = (int)p->data->count;
    job->inputs = p->inputs;
    job->outputs = p->outputs;
    job->folder = folder;
    int code = way->run(job);
    if (code) return code;
    if (cli_signal()) return 128 + cli_signal();
    lathe_real *outputs = read_outputs(p, folder);
    if (!outputs) return cli_library_failed();
    found->limit = way->limit;
    compare(p, outputs, found);
    lathe_free(outputs);
    return CLI_DONE;
}

int cli_verify_file(const cli_line *line, const lathe_trained *trained, const char *to, const char *file,
    const char *name, int count, bool pixels, cli_verified *found)
{
    char folder[256];
    const route *way = NULL;
    const char *parent = getenv("TMPDIR");
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (!strcmp(routes[i].to, to)) way = &routes[i];
    if (!way) return cli_fail(CLI_USAGE, "export: --verify does not know how to run %s", to);
    cli_signals_watch(); /* so that the folder is removed */
    snprintf(folder, sizeof folder, "%.200s/lathe-verify-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(folder)) return cli_fail(CLI_FAILED, "export: %s: no folder can be made", folder);
    pictures p = { .trained = trained };
    cli_verify job = { .file = file, .name = name, .pixels = pixels };
    *found = (cli_verified){ 0 };
    int code = find_pictures(&p, line, count);
    if (!code) code = verify_in(folder, &p, way, &job, found);
    close_pictures(&p);
    remove_folder(folder);
    return code;
}
