/* The first weights of a run's net: random, or those of a file, with the pictures that they were made for. */
#include <stdio.h>
#include <string.h>

#include "../data/open.h"
#include "../data/pictures/resize.h"
#include "../io/lines.h"
#include "../io/weights.h"
#include "../nn/models/models.h"
#include "run_impl.h"

/* "0.485,0.456,0.406", if it is not set and fits. */
static bool set_numbers(char text[LATHE_SETTING_SHORT], const double *number, int count)
{
    char list[LATHE_SETTING_SHORT] = "", digits[32];
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? "," : "",
            lathe_double_text(number[i], digits));
        if (used >= sizeof list) return false;
    }
    if (*text) return false;
    snprintf(text, LATHE_SETTING_SHORT, "%s", list);
    return true;
}

/* The normalisation that a checkpoint of lathe was trained with. */
static bool adopt_saved(lathe_settings *s, const lathe_safetensors *file)
{
    double mean[4], std[4];
    int channels = 0;
    for (int i = 1; i <= 4 && !channels; i++) {
        const char *a = lathe_safetensors_text(file, "lathe.mean"), *b = NULL;
        if (a && lathe_numbers_read(&a, mean, i) && !*a) b = lathe_safetensors_text(file, "lathe.std");
        if (b && lathe_numbers_read(&b, std, i) && !*b) channels = i;
    }
    if (!channels || *s->std || !set_numbers(s->mean, mean, channels)) return false;
    return set_numbers(s->std, std, channels);
}

/* How pictures are prepared for the model's published weights. */
static bool adopt_published(lathe_settings *s, const lathe_model_input *input)
{
    char name[LATHE_SETTING_LONG];
    bool changed = !*s->mean && !*s->std && set_numbers(s->mean, input->mean, 3);
    if (changed) set_numbers(s->std, input->std, 3);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(s->data, ":"), s->data);
    const lathe_data_source *source = lathe_data_source_find(name);
    if (!source || !source->has_files || s->size || s->crop_ratio != 0) return changed;
    s->size = input->size;
    s->crop_ratio = input->crop;
    for (int i = 0; lathe_filter_names[i] && !s->interpolation; i++)
        if (!strcmp(lathe_filter_names[i], input->interpolation)) s->interpolation = i;
    return true;
}

/* The same as when the run began, whose folder says it. */
static lathe_status adopt_begun(lathe_settings *s)
{
    lathe_settings then = lathe_settings_default();
    lathe_status status = lathe_run_read_settings(s->resume, &then);
    if (status || *s->mean || *s->std) return status;
    memcpy(s->mean, then.mean, sizeof s->mean);
    memcpy(s->std, then.std, sizeof s->std);
    if (s->size || s->crop_ratio != 0) return LATHE_OK;
    s->size = then.size;
    s->crop_ratio = then.crop_ratio;
    s->interpolation = then.interpolation;
    return LATHE_OK;
}

lathe_status lathe_run_adopt_input(lathe_run *run)
{
    lathe_settings *s = &run->settings;
    if (*s->init_weights && *s->resume) return adopt_begun(s);
    const lathe_model_type *type = lathe_model_find(s->model);
    if (!type || !run->state->weights) return type ? LATHE_OK : lathe_error();
    const bool saved = lathe_safetensors_text(run->state->weights, "lathe.settings");
    run->state->adopted =
        saved ? adopt_saved(s, run->state->weights) : type->input.size && adopt_published(s, &type->input);
    return LATHE_OK;
}

lathe_status lathe_run_read_weights(lathe_run *run)
{
    /* A resumed run has its weights already, and the file may not exist any more. */
    if (!*run->settings.init_weights || *run->settings.resume) return LATHE_OK;
    run->state->weights = lathe_weights_read(run->settings.init_weights);
    return run->state->weights ? LATHE_OK : lathe_error();
}

static void tell_adopted(const lathe_run *run)
{
    const lathe_settings *s = &run->settings;
    const char *what = "pictures as the weights were made for";
    if (!run->state->adopted) return;
    if (s->crop_ratio != 0)
        lathe_run_message(run, "%s: size %d, crop ratio %g, mean %s, std %s", what, s->size, s->crop_ratio,
            s->mean, s->std);
    else lathe_run_message(run, "%s: mean %s, std %s", what, s->mean, s->std);
}

static void tell_taken(const lathe_run *run, const lathe_weights_fit *fit, const lathe_tensor *last)
{
    const char *file = run->settings.init_weights, *dot = strrchr(last->name, '.');
    int length = dot ? (int)(dot - last->name) : 0;
    if (fit->left_out && fit->head)
        lathe_run_message(run,
            "%d tensors from %s; the head %.*s has %llu classes there, %d here: it begins anew", fit->taken,
            file, length, last->name, (unsigned long long)fit->head->dim[0], last->shape.dim[0]);
    else if (fit->left_out)
        lathe_run_message(run, "%d tensors from %s; it has no head %.*s, which begins anew", fit->taken, file,
            length, last->name);
    if (fit->spare)
        lathe_run_message(run, "%d tensors of %s are not used: %s does not have them", fit->spare, file,
            run->settings.model);
}

lathe_status lathe_run_fill_net(lathe_run *run, lathe_layer *net)
{
    int count;
    const lathe_safetensors *file = run->state->weights;
    const bool cut = strchr(run->settings.model, ':');
    const lathe_weights_opts opts = { .new_head = !run->settings.whole_weights, .spare = cut };
    lathe_weights_fit fit = { 0 };
    lathe_tensor *const *tensors = lathe_nn_plan(net, &count);
    if (!tensors) return lathe_error();
    lathe_status status = file ? lathe_weights_compare(file, tensors, count, &opts, &fit) : LATHE_OK;
    if (!status) status = lathe_nn_init(net, run->settings.seed);
    if (!status && file) status = lathe_weights_load(file, tensors, count, &opts);
    if (!status && file) tell_adopted(run);
    if (!status && file) tell_taken(run, &fit, tensors[count - 1]);
    lathe_safetensors_free(run->state->weights);
    run->state->weights = NULL;
    return status;
}
