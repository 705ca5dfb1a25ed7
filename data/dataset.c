#include "dataset.h"

#include <stdio.h>

#include "../core/alloc.h"

void lathe_data_free(lathe_dataset *data)
{
    if (!data) return;
    if (data->type->close) data->type->close(data);
    lathe_free(data->name);
    lathe_free(data);
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
