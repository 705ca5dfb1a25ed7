/* Trained models of other people's weights: what a checkpoint of lathe says comes from the model's type. */
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/arena.h"
#include "../data/pictures/resize.h"
#include "../io/file.h"
#include "../nn/models/models.h"
#include "trained_impl.h"

/* The pictures: as the options say, else as the model's published weights want them. */
static lathe_status set_pictures(lathe_trained *trained, const lathe_published *from,
    const lathe_model_type *type)
{
    lathe_dataset *data = &trained->data;
    const lathe_model_input *input = &type->input;
    data->name = lathe_arena_strdup(trained->arena, "published");
    data->channels = from->channels ? from->channels : type->native.channels;
    if (data->channels < 1 || data->channels > 4)
        return lathe_fail(LATHE_EARG, "%s: channels is %d; it must be 1 to 4", type->name, data->channels);
    data->height = data->width = from->size ? from->size : input->size ? input->size : type->native.height;
    trained->crop_ratio = from->crop_ratio != 0 ? from->crop_ratio : input->crop;
    trained->interpolation = from->interpolation;
    for (int i = 0; input->interpolation && !from->interpolation && lathe_filter_names[i]; i++)
        if (!strcmp(input->interpolation, lathe_filter_names[i])) trained->interpolation = (lathe_filter)i;
    for (int i = 0; i < data->channels; i++) {
        data->mean[i] = from->normals ? from->mean[from->normals == 1 ? 0 : i] : input->mean[i % 3];
        data->std[i] = from->normals ? from->std[from->normals == 1 ? 0 : i] : input->std[i % 3];
    }
    if (!from->normals && !input->size)
        return lathe_fail(LATHE_EARG,
            "%s: it has no published weights, so the normalisation must be given: mean and std", type->name);
    if (from->normals > 1 && from->normals != data->channels)
        return lathe_fail(LATHE_EARG, "%s: mean and std have %d numbers, pictures have %d channels",
            type->name, from->normals, data->channels);
    trained->transforms = lathe_transforms_parse(NULL);
    if (!data->name || !trained->transforms) return lathe_error();
    return lathe_trained_check_normals(trained, LATHE_EARG);
}

/* The number of classes is that of the file's last layer. */
static lathe_status count_classes(lathe_trained *trained, const lathe_safetensors *file)
{
    int count;
    const lathe_dataset *data = &trained->data;
    const lathe_model_spec spec = { data->channels, data->height, data->width, 0 };
    lathe_model *model = lathe_model_new();
    lathe_layer *net = model ? lathe_model_build(model, trained->model_name, &spec) : NULL;
    lathe_tensor *const *tensors = net ? lathe_nn_plan(net, &count) : NULL;
    lathe_status status = tensors ? LATHE_OK : lathe_error();
    if (!status) trained->data.classes = lathe_weights_classes(file, tensors, count);
    if (!status && (data->classes < 1 || data->classes > LATHE_SAFETENSORS_ENTRIES))
        status = lathe_fail(LATHE_ESHAPE, "%s: has no %s of 1 to %d classes, the last layer of %s",
            file->path, tensors[count - 1]->name, LATHE_SAFETENSORS_ENTRIES, trained->model_name);
    lathe_model_free(model);
    return status;
}

/* A name a line. */
static lathe_status read_names(lathe_trained *trained, const char *path, const char **names)
{
    size_t size;
    char *text = lathe_file_read(path, (size_t)1 << 24, &size), *next = text;
    int count = 0;
    if (!text) return lathe_error();
    for (char *line; (line = strsep(&next, "\n"));) {
        line[strcspn(line, "\r")] = '\0';
        if (!*line && !(next && next[strspn(next, "\r\n")])) break; /* blank lines at the end */
        if (count < trained->data.classes) names[count] = lathe_arena_strdup(trained->arena, line);
        count++;
    }
    lathe_free(text);
    if (count == trained->data.classes) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "%s: has %d lines, the weights have %d classes", path, count,
        trained->data.classes);
}

/* Names of the classes: of a file, or their numbers. */
static lathe_status set_classes(lathe_trained *trained, const lathe_published *from)
{
    const int classes = trained->data.classes;
    const char **names = lathe_arena_zeroed(trained->arena, (size_t)classes, sizeof *names);
    if (!names) return lathe_error();
    trained->data.class_names = names;
    trained->data.task = "classify";
    lathe_status status = from->class_names ? read_names(trained, from->class_names, names) : LATHE_OK;
    for (int i = 0; i < classes && !status; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        if (!names[i] && !(names[i] = lathe_arena_strdup(trained->arena, number))) status = lathe_error();
    }
    if (status) return status;
    trained->task =
        lathe_task_new(&(lathe_task_opts){ .data = &trained->data, .transforms = trained->transforms });
    return trained->task ? LATHE_OK : lathe_error();
}

static lathe_status make(lathe_trained *trained, const lathe_published *from, const lathe_safetensors *file)
{
    const lathe_model_type *type = lathe_model_find(from->model);
    if (!type) return lathe_error();
    snprintf(trained->path, sizeof trained->path, "%s", from->weights);
    trained->model_name = lathe_arena_strdup(trained->arena, from->model);
    trained->augment = lathe_arena_strdup(trained->arena, "");
    if (!trained->model_name || !trained->augment) return lathe_error();
    lathe_status status = set_pictures(trained, from, type);
    if (!status) status = count_classes(trained, file);
    if (!status) status = set_classes(trained, from);
    return status ? status : lathe_trained_build(trained, file);
}

lathe_trained *lathe_trained_published(const lathe_published *from)
{
    if (!from || !from->model || !from->weights)
        return lathe_fail_null("lathe_trained_published",
                   !from           ? "from" :
                       from->model ? "weights" :
                                     "model"),
               NULL;
    lathe_trained *trained = lathe_trained_new();
    lathe_safetensors *file = trained ? lathe_weights_read(from->weights) : NULL;
    lathe_status status = file ? make(trained, from, file) : lathe_error();
    lathe_safetensors_free(file);
    if (!status) return trained;
    lathe_trained_free(trained);
    return NULL;
}
