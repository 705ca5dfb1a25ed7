#include "dataset_impl.h"

#include <stdio.h>

#include "../core/alloc.h"
#include "../core/threads_impl.h"

/* For the readers of all data sets, which are counted seldom. */
static lathe_mutex counting = LATHE_MUTEX;

static void close_data(lathe_dataset *data)
{
    if (data->type->close) data->type->close(data);
    lathe_free(data->name);
    lathe_free(data);
}

void lathe_data_free(lathe_dataset *data)
{
    if (!data) return;
    lathe_mutex_lock(&counting);
    int readers = data->readers;
    data->leaving = readers > 0;
    if (readers)
        lathe_fail(LATHE_ESTATE,
            "lathe_data_free: %s still has readers: %d (loaders and subsets); free them first, the last "
            "frees the data",
            data->name, readers);
    lathe_mutex_unlock(&counting);
    if (!readers) close_data(data);
}

/* The count is no part of what readers see, so it changes in data that are constant to them. */
static int count_reader(lathe_dataset *data, int change)
{
    lathe_mutex_lock(&counting);
    int left = data->readers += change;
    lathe_mutex_unlock(&counting);
    return left;
}

void lathe_data_hold(const lathe_dataset *data) { count_reader((lathe_dataset *)(uintptr_t)data, 1); }

void lathe_data_release(const lathe_dataset *data)
{
    lathe_dataset *held = (lathe_dataset *)(uintptr_t)data;
    if (held && !count_reader(held, -1) && held->leaving) close_data(held);
}

lathe_status lathe_data_read(const lathe_dataset *data, size_t index, uint8_t *scratch, lathe_sample *sample)
{
    if (!data || !sample) return lathe_fail_null("lathe_data_read", data ? "sample" : "data");
    if (index >= data->count)
        return lathe_fail(LATHE_EARG, "lathe_data_read: sample %zu of %s, which has %zu", index, data->name,
            data->count);
    return data->type->read(data, index, scratch, sample);
}

size_t lathe_data_scratch(const lathe_dataset *data)
{
    if (!data) return 0;
    size_t area = (size_t)data->height * (size_t)data->width; /* at most 2^28 */
    size_t planes = (size_t)data->channels + data->masks + data->instance_masks;
    if (!data->objects_most) return area * planes;
    size_t numbers = data->objects_most + 3; /* first[2], first_point[objects + 1] */
    return (area * planes + 15) / 16 * 16 + numbers * sizeof(size_t) +
        data->objects_most * sizeof(lathe_object) + data->points_most * sizeof(lathe_point);
}

bool lathe_data_labels_only(const lathe_dataset *data) { return data && !data->targets_each && !data->masks; }

size_t lathe_data_answers(const lathe_dataset *data)
{
    if (!data) return 0;
    if (data->masks) return (size_t)data->height * (size_t)data->width;
    return data->targets_each ? (size_t)data->targets_each : 1;
}

const char *lathe_data_sample_file(const lathe_dataset *data, size_t index)
{
    return data && index < data->count && data->type->file ? data->type->file(data, index) : NULL;
}

const char *lathe_data_sample_name(const lathe_dataset *data, size_t index, char name[LATHE_SAMPLE_NAME])
{
    if (!data || !name) return lathe_fail_null("lathe_data_sample_name", data ? "name" : "data"), NULL;
    const char *file = lathe_data_sample_file(data, index);
    if (file) snprintf(name, LATHE_SAMPLE_NAME, "%s", file);
    else snprintf(name, LATHE_SAMPLE_NAME, "picture %zu of %s", index, data->name);
    return name;
}
