#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/names.h"
#include "layer_impl.h"

lathe_model *lathe_model_new(void)
{
    lathe_model *model = lathe_alloc(1, sizeof *model);
    if (model && (model->arena = lathe_arena_new())) return model;
    lathe_model_free(model);
    return NULL;
}

void lathe_model_free(lathe_model *model)
{
    if (!model) return;
    lathe_arena_free(model->arena);
    lathe_free(model);
}

lathe_status lathe_model_status(const lathe_model *model)
{
    return model ? model->status : lathe_fail_null("lathe_model_status", "model");
}

const char *lathe_model_message(const lathe_model *model)
{
    return model ? model->message : "the model is NULL";
}

void *lathe_model_fail(lathe_model *model, lathe_status status, const char *format, ...)
{
    char message[LATHE_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    lathe_mark_cut(message, vsnprintf(message, sizeof message, format, arguments));
    va_end(arguments);
    if (model && model->status) return NULL;
    if (model) {
        model->status = status;
        snprintf(model->message, sizeof model->message, "%s", message);
    }
    lathe_fail(status, "%s", message);
    return NULL;
}

void *lathe_model_adopt_failure(lathe_model *model)
{
    if (model && !model->status) {
        model->status = lathe_error();
        snprintf(model->message, sizeof model->message, "%s", lathe_error_message());
    }
    return NULL;
}

void *lathe_model_alloc(lathe_model *model, size_t count, size_t size)
{
    if (!model) return lathe_fail_null("lathe_model_alloc", "model"), NULL;
    void *piece = lathe_arena_zeroed(model->arena, count, size);
    return piece ? piece : lathe_model_adopt_failure(model);
}

char *lathe_model_strdup(lathe_model *model, const char *text)
{
    char *copy = lathe_arena_strdup(model->arena, text);
    return copy ? copy : lathe_model_adopt_failure(model);
}

bool lathe_layer_argument(lathe_model *model, const char *who, const char *argument, int value, int least)
{
    if (value < least)
        lathe_model_fail(model, LATHE_EARG, "%s: %s is %d; it must be at least %d", who, argument, value,
            least);
    return value >= least;
}

void lathe_describe(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

void lathe_nn_on_forward(lathe_model *model, lathe_forward_hook *hook, void *context)
{
    if (!model) return;
    model->hook = hook;
    model->hook_context = context;
}

void lathe_nn_fusion(lathe_model *model, bool on)
{
    if (model) model->no_fusion = !on;
}
