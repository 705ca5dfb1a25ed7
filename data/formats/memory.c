#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "memory_impl.h"

static lathe_status memory_read(const lathe_dataset *data, size_t index, uint8_t *scratch,
    lathe_sample *sample)
{
    (void)scratch;
    const uint8_t *pixels = data->state;
    size_t bytes = (size_t)data->channels * (size_t)data->height * (size_t)data->width;
    *sample = (lathe_sample){ .pixels = pixels + index * bytes,
        .channels = data->channels,
        .height = data->height,
        .width = data->width,
        .label = data->labels[index] };
    return LATHE_OK;
}

static void memory_close(lathe_dataset *data)
{
    lathe_free(data->state);
    lathe_free((void *)data->labels);
    lathe_free((void *)data->class_names);
}

static const lathe_dataset_type memory_type = { .name = "memory",
    .read = memory_read,
    .close = memory_close };

const char *const *lathe_data_names(const char *const *names, int count)
{
    size_t bytes = (size_t)count * sizeof(char *);
    for (int i = 0; i < count; i++) bytes += names ? strlen(names[i]) + 1 : 12;
    char **copy = lathe_alloc(bytes, 1);
    if (!copy) return NULL;
    char *text = (char *)(copy + count);
    for (int i = 0; i < count; i++) {
        copy[i] = text;
        text += names ? sprintf(text, "%s", names[i]) + 1 : sprintf(text, "%d", i) + 1;
    }
    return (const char *const *)copy;
}

void lathe_data_moments(const uint8_t *pixels, size_t count, int channels, size_t area, double *mean,
    double *std)
{
    for (int channel = 0; channel < channels; channel++) {
        uint64_t sum = 0, squares = 0; /* exact up to 2.8e14 pixels */
        for (size_t i = 0; i < count; i++) {
            const uint8_t *plane = pixels + (i * (size_t)channels + (size_t)channel) * area;
            for (size_t begin = 0; begin < area;
                 begin += 4096) { /* sums of a short run fit 32 bits, which vectorise */
                size_t end = begin + 4096 < area ? begin + 4096 : area;
                uint32_t run = 0, run_squares = 0;
                for (size_t j = begin; j < end; j++) {
                    run += plane[j];
                    run_squares += (uint32_t)plane[j] * plane[j];
                }
                sum += run;
                squares += run_squares;
            }
        }
        double total = (double)count * (double)area;
        double average = (double)sum / total;
        double variance = (double)squares / total - average * average;
        mean[channel] = average / 255;
        std[channel] = variance > 1 ? sqrt(variance) / 255 : 1.0 / 255;
    }
}

lathe_dataset *lathe_data_adopt(uint8_t *pixels, int *labels, const lathe_memory_opts *opts)
{
    lathe_dataset *data = lathe_alloc(1, sizeof *data);
    if (!data) {
        lathe_free(pixels);
        lathe_free(labels);
        return NULL;
    }
    *data = (lathe_dataset){ .type = &memory_type,
        .count = opts->count,
        .channels = opts->channels,
        .height = opts->height,
        .width = opts->width,
        .classes = opts->classes,
        .labels = labels,
        .task = opts->task ? opts->task : "classify",
        .state = pixels };
    data->name = lathe_strdup(opts->name ? opts->name : "memory");
    data->class_names = lathe_data_names(opts->class_names, opts->classes);
    if (!data->name || !data->class_names) {
        lathe_data_free(data);
        return NULL;
    }
    if (opts->mean) {
        memcpy(data->mean, opts->mean, (size_t)opts->channels * sizeof(double));
        memcpy(data->std, opts->std, (size_t)opts->channels * sizeof(double));
    } else
        lathe_data_moments(pixels, opts->count, opts->channels, (size_t)opts->height * (size_t)opts->width,
            data->mean, data->std);
    return data;
}

static lathe_status check(const uint8_t *pixels, const int *labels, const lathe_memory_opts *opts)
{
    if (!pixels || !labels || !opts)
        return lathe_fail_null("lathe_data_memory", !pixels ? "pixels" : !labels ? "labels" : "opts");
    if (opts->channels < 1 || opts->channels > 4 || opts->height < 1 || opts->width < 1 ||
        opts->height > LATHE_IMAGE_SIDE_MAX || opts->width > LATHE_IMAGE_SIDE_MAX)
        return lathe_fail(LATHE_EARG,
            "lathe_data_memory: pictures of %d x %d x %d, expected channels 1 to 4, height and width 1 to %d",
            opts->channels, opts->height, opts->width, LATHE_IMAGE_SIDE_MAX);
    if (!opts->count) return lathe_fail(LATHE_EARG, "lathe_data_memory: no pictures: count is 0");
    if (opts->classes < 0 || opts->classes > LATHE_DATA_CLASSES_MAX)
        return lathe_fail(LATHE_EARG, "lathe_data_memory: classes = %d, expected 0 to %d", opts->classes,
            LATHE_DATA_CLASSES_MAX);
    if (!opts->mean != !opts->std)
        return lathe_fail(LATHE_EARG, "lathe_data_memory: mean and std go together");
    for (int i = 0; opts->mean && i < opts->channels; i++)
        if (!isfinite(opts->mean[i]) || !(opts->std[i] > 0) || !isfinite(opts->std[i]))
            return lathe_fail(LATHE_EARG, "lathe_data_memory: mean %g, std %g of channel %d", opts->mean[i],
                opts->std[i], i);
    return LATHE_OK;
}

lathe_dataset *lathe_data_memory(const uint8_t *pixels, const int *labels, const lathe_memory_opts *opts)
{
    if (check(pixels, labels, opts)) return NULL;
    lathe_memory_opts whole = *opts;
    int largest = 0;
    for (size_t i = 0; i < whole.count; i++) {
        if (labels[i] < 0 || labels[i] >= (whole.classes ? whole.classes : LATHE_DATA_CLASSES_MAX)) {
            lathe_fail(LATHE_EARG, "lathe_data_memory: label %d of picture %zu, with %d classes", labels[i],
                i, whole.classes);
            return NULL;
        }
        if (labels[i] > largest) largest = labels[i];
    }
    if (!whole.classes) whole.classes = largest + 1;
    size_t bytes = (size_t)whole.channels * (size_t)whole.height * (size_t)whole.width; /* at most 2^30 */
    uint8_t *own_pixels = lathe_alloc_raw(whole.count, bytes);
    int *own_labels = lathe_alloc_raw(whole.count, sizeof *own_labels);
    if (!own_pixels || !own_labels) {
        lathe_free(own_pixels);
        lathe_free(own_labels);
        return NULL;
    }
    memcpy(own_pixels, pixels, whole.count * bytes);
    memcpy(own_labels, labels, whole.count * sizeof *own_labels);
    return lathe_data_adopt(own_pixels, own_labels, &whole);
}

lathe_status lathe_data_fixed(const char *name, const lathe_data_opts *opts, int size, int channels)
{
    if (opts->size && opts->size != size)
        return lathe_fail(LATHE_EARG, "%s: pictures are %d x %d, size %d was asked for", name, size, size,
            opts->size);
    if (opts->channels && opts->channels != channels)
        return lathe_fail(LATHE_EARG, "%s: pictures have %d channels, %d were asked for", name, channels,
            opts->channels);
    return LATHE_OK;
}
