/* The feed in a checkpoint: its position, and the description of its data, as texts. */
#include <string.h>

#include "../../core/alloc.h"
#include "../../io/lines.h"
#include "../../task/task.h"
#include "feed.h"

/* The pictures before the transforms. */
static char *input_of(const lathe_dataset *data)
{
    return lathe_numbers_text((const double[]){ data->channels, data->height, data->width }, 3);
}

static char *mean_of(const lathe_dataset *data) { return lathe_numbers_text(data->mean, data->channels); }

static char *std_of(const lathe_dataset *data) { return lathe_numbers_text(data->std, data->channels); }

static char *names_of(const lathe_dataset *data)
{
    lathe_text text = { 0 };
    for (int i = 0; i < data->classes; i++) {
        if (i) lathe_text_put(&text, "\n");
        lathe_name_put(&text, data->class_names[i]);
    }
    return lathe_text_take(&text);
}

static char *task_of(const lathe_dataset *data)
{
    const lathe_task_type *type = lathe_task_find(data->task);
    return type ? lathe_strdup(type->word ? type->word : type->name) : NULL;
}

/* A line "3 colour" for each head: its number of classes and its name. */
static char *heads_of(const lathe_dataset *data)
{
    lathe_text text = { 0 };
    for (int i = 0; i < data->heads; i++) {
        lathe_text_add(&text, "%s%d ", i ? "\n" : "", data->head[i].classes);
        lathe_name_put(&text, data->head[i].name);
    }
    lathe_text_put(&text, ""); /* without heads an empty text, not NULL */
    return lathe_text_take(&text);
}

/* The number of samples of each class. For masks it is the number of pictures, not of pixels. */
static char *counts_of(const lathe_dataset *data)
{
    double *counts = lathe_alloc((size_t)data->classes, sizeof *counts);
    if (!counts) return NULL;
    for (size_t i = 0; i < data->count; i++) {
        const int *targets = data->targets ? data->targets + i * (size_t)data->targets_each : NULL;
        if (!targets) counts[data->labels[i]]++;
        for (int k = 0; targets && k < data->targets_each; k++)
            if (data->heads) counts[data->head[k].first + targets[k]]++;
            else counts[k] += targets[k];
    }
    char *text = lathe_numbers_text(counts, data->classes);
    lathe_free(counts);
    return text;
}

/* A text of the metadata. */
typedef struct description {
    const char *key;
    char *(*of)(const lathe_dataset *data); /* for lathe_free; NULL after a failure */
    bool counts;                            /* a count, not a meaning: another data set may differ */
} description;

static const description descriptions[] = { { "lathe.input", input_of, false },
    { "lathe.mean", mean_of, false }, { "lathe.std", std_of, false },
    { "lathe.class_names", names_of, false }, { "lathe.task", task_of, false },
    { "lathe.heads", heads_of, false }, { "lathe.class_counts", counts_of, true } };

enum { DESCRIPTIONS = sizeof descriptions / sizeof descriptions[0] };

static void save(void *object, lathe_notes *notes, bool whole)
{
    const lathe_feed *feed = object;
    for (int i = 0; i < DESCRIPTIONS; i++) {
        char *text = descriptions[i].of(feed->data);
        lathe_notes_text(notes, descriptions[i].key, text);
        lathe_free(text);
    }
    if (!whole) return;
    lathe_notes_count(notes, "lathe.epoch", feed->taken / feed->batches); /* of the next batch */
    lathe_notes_count(notes, "lathe.batch", feed->taken % feed->batches);
}

static lathe_status check(const void *object, const lathe_safetensors *file)
{
    const lathe_feed *feed = object;
    lathe_status status = LATHE_OK;
    for (int i = 0; i < DESCRIPTIONS && !status; i++) {
        const char *key = descriptions[i].key, *then = lathe_safetensors_text(file, key);
        if (descriptions[i].counts) continue;
        char *now = descriptions[i].of(feed->data);
        if (!now) status = lathe_error();
        else if (!then || strcmp(then, now))
            status = lathe_fail(LATHE_EFORMAT, "%s: made with other data: %s is '%.80s' there, '%.80s' here",
                file->path, key + 6, then ? then : "", now);
        lathe_free(now);
    }
    return status;
}

static lathe_status load(void *object, const lathe_safetensors *file)
{
    lathe_feed *feed = object;
    uint64_t epoch, batch;
    lathe_status status = lathe_noted_count(file, "lathe.epoch", &epoch);
    if (!status) status = lathe_noted_count(file, "lathe.batch", &batch);
    return status ? status : lathe_feed_seek(feed, epoch * feed->batches + batch);
}

lathe_state lathe_feed_state(lathe_feed *feed)
{
    return (lathe_state){ .name = "feed", .object = feed, .save = save, .check = check, .load = load };
}
