#include "describe_impl.h"

#include "../core/alloc.h"
#include "../io/lines.h"
#include "../task/task.h"

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

/* "3 colour" a line: how many classes a head has, and its name. */
static char *heads_of(const lathe_dataset *data)
{
    lathe_text text = { 0 };
    for (int i = 0; i < data->heads; i++) {
        lathe_text_add(&text, "%s%d ", i ? "\n" : "", data->head[i].classes);
        lathe_name_put(&text, data->head[i].name);
    }
    lathe_text_put(&text, ""); /* of no heads an empty text, not none */
    return lathe_text_take(&text);
}

/* How many samples have each class; of masks, pixels are not counted: how many pictures there are. */
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

static const lathe_description descriptions[] = { { "lathe.input", input_of, false },
    { "lathe.mean", mean_of, false }, { "lathe.std", std_of, false },
    { "lathe.class_names", names_of, false }, { "lathe.task", task_of, false },
    { "lathe.heads", heads_of, false }, { "lathe.class_counts", counts_of, true } };

const lathe_description *lathe_description_at(int index)
{
    return index < (int)(sizeof descriptions / sizeof descriptions[0]) ? &descriptions[index] : NULL;
}
