#include "../fusion_impl.h"
#include "residual.h"

/* child[0] is the body, child[1] the shortcut, if there is one */
static lathe_tensor *forward(lathe_layer *layer, lathe_tensor *x) { return lathe_fusion_residual(layer, x); }

const lathe_layer_type lathe_residual_layer = {
    .name = "residual",
    .size = sizeof(lathe_layer),
    .forward = forward,
    .summary = "body(x) + shortcut(x)",
};

static lathe_layer *new_residual(const char *who, lathe_model *model, lathe_layer *body,
    const char *body_name, lathe_layer *around, const char *around_name)
{
    lathe_layer *layer = lathe_layer_new(model, &lathe_residual_layer);
    if (!layer) return NULL;
    if (!body) return lathe_fail_null(who, "body"), lathe_model_adopt_failure(model);
    lathe_layer_add(layer, body, body_name);
    if (around) lathe_layer_add(layer, around, around_name);
    return model->status ? NULL : layer;
}

lathe_layer *lathe_nn_residual(lathe_model *model, lathe_layer *body, lathe_layer *shortcut)
{
    return new_residual("lathe_nn_residual", model, body, "body", shortcut, "shortcut");
}

lathe_layer *lathe_nn_residual_named(lathe_model *model, lathe_layer *body, lathe_layer *shortcut,
    const char *name)
{
    return new_residual("lathe_nn_residual_named", model, body, "", shortcut, name);
}
