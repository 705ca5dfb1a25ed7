/* What a model is: its metadata, and the preparation of pictures. */
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/machine.h"
#include "../../data/pictures/resize.h"
#include "onnx_impl.h"

/* Add a StringStringEntryProto as metadata_props. */
static void add_text(lathe_proto *model, const char *key, const char *text)
{
    lathe_proto entry = { 0 };
    if (!text || !*text) return;
    lathe_proto_text(&entry, 1, key);
    lathe_proto_text(&entry, 2, text);
    lathe_proto_message(model, 14, &entry);
}

/* The same for a text that was built, and is freed. */
static void add_built(lathe_proto *model, const char *key, lathe_text *text)
{
    char *built = lathe_text_take(text);
    if (built) add_text(model, key, built);
    else model->failed = true;
    lathe_free(built);
}

static void add_numbers(lathe_proto *model, const char *key, const double *numbers, int count)
{
    lathe_text text = { 0 };
    for (int i = 0; i < count; i++) {
        lathe_text_put(&text, i ? "," : "[");
        lathe_text_number(&text, numbers[i]);
    }
    lathe_text_put(&text, "]");
    add_built(model, key, &text);
}

static void add_names(lathe_proto *model, const char *key, const char *const *names, int count)
{
    lathe_text text = { 0 };
    for (int i = 0; i < count; i++) {
        lathe_text_put(&text, i ? "," : "[");
        lathe_text_json(&text, names[i]);
    }
    lathe_text_put(&text, "]");
    add_built(model, key, &text);
}

static void add_heads(lathe_proto *model, const lathe_dataset *data)
{
    lathe_text text = { 0 };
    for (int i = 0; i < data->heads; i++) {
        lathe_text_put(&text, i ? ",{\"name\":" : "[{\"name\":");
        lathe_text_json(&text, data->head[i].name);
        lathe_text_add(&text, ",\"first\":%d,\"classes\":%d}", data->head[i].first, data->head[i].classes);
    }
    lathe_text_put(&text, "]");
    if (data->heads) add_built(model, "heads", &text);
    else lathe_text_free(&text);
}

const char *lathe_onnx_meaning(const lathe_exported *exported)
{
    const char *scores = exported->trained ? exported->trained->task->type->scores : NULL;
    return scores ? scores : "the net's output";
}

static void describe_pictures(lathe_proto *model, const lathe_trained *trained, bool inside)
{
    const lathe_dataset *data = &trained->data;
    char number[32];
    bool change = false;
    if (lathe_trained_changes(trained, &change)) model->failed = true;
    add_text(model, "channels", data->channels == 1 ? "grey" : data->channels == 3 ? "RGB" : "");
    add_numbers(model, "size", (double[]){ data->height, data->width }, 2);
    add_numbers(model, "mean", data->mean, data->channels);
    add_numbers(model, "std", data->std, data->channels);
    if (trained->crop_ratio > 0)
        add_text(model, "crop_ratio", lathe_double_text(trained->crop_ratio, number));
    add_text(model, "interpolation", lathe_filter_names[trained->interpolation]);
    add_text(model, "background", trained->background);
    if (change) add_text(model, "transforms", trained->augment);
    add_text(model, "preprocessing",
        inside ? "inside: 8-bit pixels [N, H, W, C] of this size" :
                 "outside: (pixel / 255 - mean) / std, [N, C, H, W]");
}

lathe_status lathe_onnx_describe(lathe_proto *model, const lathe_exported *exported)
{
    const lathe_trained *trained = exported->trained;
    add_text(model, "lathe_version", lathe_version());
    add_text(model, "output", lathe_onnx_meaning(exported));
    if (trained) {
        add_text(model, "model", trained->model_name);
        add_text(model, "task", trained->task->type->name);
        add_names(model, "class_names", trained->data.class_names, trained->data.classes);
        add_heads(model, &trained->data);
        describe_pictures(model, trained, exported->opts.preprocessing);
        add_text(model, "settings_checksum", trained->settings_hash);
        add_text(model, "weights_checksum", trained->weights_hash);
    }
    return model->failed ? lathe_fail(LATHE_ENOMEM, "onnx: no memory for the description") : LATHE_OK;
}

/* In the net's own arithmetic: pixel * scale + offset, with both rounded to lathe_real. */
const char *lathe_onnx_preprocess(lathe_onnx *o, const lathe_trained *trained, const char *pixels)
{
    const lathe_dataset *data = &trained->data;
    double scale[4], offset[4];
    lathe_proto to = { 0 }, order = { 0 };
    for (int i = 0; i < data->channels; i++) {
        scale[i] = 1 / (255 * data->std[i]);
        offset[i] = -data->mean[i] / data->std[i];
    }
    o->scope = "preprocessing";
    lathe_onnx_int(&to, "to", LATHE_ONNX_FLOAT);
    lathe_onnx_list(&order, "perm", (int64_t[]){ 0, 3, 1, 2 }, 4);
    const lathe_shape channels = { 3, { data->channels, 1, 1 } };
    const char *numbers = lathe_onnx_node(o, "Cast", &pixels, 1, &to),
               *images = lathe_onnx_node(o, "Transpose", &numbers, 1, &order),
               *scaled = lathe_onnx_binary(o, "Mul", images, lathe_onnx_floats(o, "scale", scale, channels));
    return lathe_onnx_binary(o, "Add", scaled, lathe_onnx_floats(o, "offset", offset, channels));
}
