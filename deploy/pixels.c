#include "pixels.h"

#include "../core/alloc.h"
#include "../data/pictures/fit_impl.h"
#include "../data/pictures/picture.h"
#include "predict.h"

/* How the model's data set prepares its files: lathe_trained_files. */
static lathe_status fit_of(const char *who, const lathe_trained *trained, size_t max_pixels, lathe_fit *fit)
{
    const lathe_dataset *data = &trained->data;
    *fit = (lathe_fit){ .channels = data->channels,
        .part = { .height = data->height, .width = data->width },
        .crop_ratio = trained->crop_ratio,
        .interpolation = trained->interpolation,
        .max_pixels = max_pixels };
    if (data->channels != 1 && data->channels != 3)
        return lathe_fail(LATHE_ESHAPE,
            "%s: the model takes pictures of %d channels, neither grey nor colour", who, data->channels);
    return lathe_colour_parse(trained->background, &fit->background);
}

size_t lathe_trained_bytes(const lathe_trained *trained)
{
    return trained ?
        (size_t)trained->data.channels * (size_t)trained->data.height * (size_t)trained->data.width :
        0;
}

lathe_status lathe_trained_picture(const lathe_trained *trained, const void *bytes, size_t size,
    size_t max_pixels, uint8_t *prepared)
{
    lathe_fit fit;
    if (!trained || !bytes || !prepared)
        return lathe_fail_null("lathe_trained_picture", !trained ? "trained" : !bytes ? "bytes" : "prepared");
    lathe_status status = fit_of("lathe_trained_picture", trained, max_pixels, &fit);
    return status ? status : lathe_fit_bytes(&fit, bytes, size, "picture", prepared);
}

lathe_status lathe_trained_pixels(const lathe_trained *trained, const uint8_t *pixels, int height, int width,
    int channels, uint8_t *prepared)
{
    lathe_fit fit;
    if (!trained || !pixels || !prepared)
        return lathe_fail_null("lathe_trained_pixels",
            !trained    ? "trained" :
                !pixels ? "pixels" :
                          "prepared");
    lathe_status status = fit_of("lathe_trained_pixels", trained, 0, &fit);
    return status ? status : lathe_fit_pixels(&fit, pixels, height, width, channels, prepared);
}

/* ---- prepared pictures as a data set ------------------------------------------------------------------- */

static lathe_status read_prepared(const lathe_dataset *data, size_t index, uint8_t *scratch,
    lathe_sample *sample)
{
    (void)scratch;
    const uint8_t *prepared = data->state;
    *sample = (lathe_sample){ .pixels = prepared +
            index * (size_t)data->channels * (size_t)data->height * (size_t)data->width,
        .channels = data->channels,
        .height = data->height,
        .width = data->width,
        .label = data->labels[index] };
    return LATHE_OK;
}

static void close_prepared(lathe_dataset *data) { lathe_free((void *)(uintptr_t)data->labels); }

static const lathe_dataset_type prepared_type = { .name = "prepared",
    .read = read_prepared,
    .close = close_prepared };

lathe_dataset *lathe_trained_prepared(const lathe_trained *trained, const uint8_t *prepared, size_t count)
{
    if (!trained || !prepared)
        return lathe_fail_null("lathe_trained_prepared", trained ? "prepared" : "trained"), NULL;
    if (count < 1) return lathe_fail(LATHE_EARG, "lathe_trained_prepared: no pictures: count is 0"), NULL;
    lathe_dataset *data = lathe_alloc(1, sizeof *data);
    if (!data) return NULL;
    *data = (lathe_dataset){ .type = &prepared_type,
        .name = lathe_strdup("prepared"),
        .count = count,
        .channels = trained->data.channels,
        .height = trained->data.height,
        .width = trained->data.width,
        .classes = trained->data.classes,
        .class_names = trained->data.class_names,
        .labels = lathe_alloc(count, sizeof *data->labels),
        .task = "classify", /* whatever the model's: there are no targets */
        .state = (void *)(uintptr_t)prepared };
    if (data->name && data->labels) return data;
    lathe_data_free(data);
    return NULL;
}

lathe_status lathe_trained_answer(const lathe_trained *trained, const uint8_t *prepared, int count,
    double *probabilities)
{
    if (count < 1)
        return lathe_fail(LATHE_EARG, "lathe_trained_answer: count is %d, expected 1 or more", count);
    lathe_dataset *data = lathe_trained_prepared(trained, prepared, (size_t)count);
    lathe_status status = data ?
        lathe_trained_predict(trained, data, &(lathe_predict_opts){ .batch_size = count }, probabilities) :
        lathe_error();
    lathe_data_free(data);
    return status;
}

lathe_status lathe_predict_pixels(const lathe_trained *trained, const uint8_t *pixels, int height, int width,
    int channels, double *probabilities)
{
    if (!trained) return lathe_fail_null("lathe_predict_pixels", "trained");
    uint8_t *prepared = lathe_alloc_raw(lathe_trained_bytes(trained), 1);
    lathe_status status =
        prepared ? lathe_trained_pixels(trained, pixels, height, width, channels, prepared) : lathe_error();
    if (!status) status = lathe_trained_answer(trained, prepared, 1, probabilities);
    lathe_free(prepared);
    return status;
}
