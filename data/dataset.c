#include "dataset.h"

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
    if (!data || !sample) return lathe_fail(LATHE_EARG, "lathe_data_read: NULL");
    if (index >= data->count)
        return lathe_fail(LATHE_EARG, "lathe_data_read: sample %zu of %s, which has %zu", index, data->name, data->count);
    return data->type->read(data, index, scratch, sample);
}
