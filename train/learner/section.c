/* The learner's settings: the net, the loss, the step, and the types with their own options. */
#include <math.h>

#include "../../nn/models/models.h"
#include "../settings/section_impl.h"

static const char *const units[] = { "batch", "epoch", NULL };

static const lathe_setting of_model[] = {
    { LATHE_TEXT_KEY(model, "NAME", "lenet5", "network") },
    { LATHE_TEXT_KEY(init_weights, "FILE", "",
        "first weights from a file, by name: safetensors, or PyTorch's .pth; another head begins anew") },
    { LATHE_TEXT_KEY(freeze, "LIST", "",
        "do not train these parameters, by name: 'features.*,!features.12.*'; body: all but the last "
        "layer") },
    { LATHE_NUMBER_KEY(BOOL, freeze_norm, "BOOL", "false",
        "batch norms of frozen layers, or of all without --freeze, use and keep their running statistics") },
    { LATHE_TEXT_KEY(unfreeze_after, "LENGTH", "",
        "train the frozen parameters from here on (0.5ep, 200it); empty: never") },
    { .preset = NULL },
};

static const lathe_setting of_loss[] = {
    { LATHE_TEXT_KEY(loss, "NAME", "cross_entropy", "what a step lowers") },
    { LATHE_TEXT_KEY(class_weights, "LIST", "",
        "weights of the classes in the training loss: 1,2,0.5, or balanced: each class the same in all") },
    { .preset = NULL },
};

static const lathe_setting of_optim[] = {
    { LATHE_TEXT_KEY(optim, "NAME", "adamw", "optimizer") },
    { LATHE_NUMBER_KEY(BOOL, decay_weights_only, "BOOL", "false", "no weight decay on biases and norms") },
    { LATHE_NUMBER_KEY(DOUBLE, layer_decay, "FACTOR", "1",
          "a layer's learning rate is that of the next layer times this, from the output to the input"),
        .field.above_min = true, .field.max = 1 },
    { LATHE_TEXT_KEY(groups, "LIST", "",
        "parameters with options of their own, by name: '*.bias weight_decay=0; 7.* lr=1e-4'") },
    { .preset = NULL },
};

static const lathe_setting of_sched[] = {
    { LATHE_TEXT_KEY(sched, "NAME", "constant", "learning-rate schedule") },
    { LATHE_NUMBER_KEY(CHOICE, by, "batch|epoch", "batch", "what the schedule counts, and its lengths mean"),
        .field.choices = units },
    { LATHE_NUMBER_KEY(BOOL, no_warnings, "BOOL", "false", "no notes about legal but odd schedules"),
        .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { .preset = NULL },
};

static const lathe_setting of_step[] = {
    { LATHE_NUMBER_KEY(INT, accumulate, "N", "1",
          "batches whose gradients make one step: that of a batch N times as large, except dice and jaccard"),
        .field.min = 1, .field.max = 1000000 },
    { LATHE_NUMBER_KEY(DOUBLE, clip_norm, "NORM", "0", "scale gradients down to this joint norm; 0: no"),
        .field.max = HUGE_VAL },
    { LATHE_NUMBER_KEY(DOUBLE, clip_value, "VALUE", "0", "cut each gradient off at this size; 0: no"),
        .field.max = HUGE_VAL },
    { LATHE_NUMBER_KEY(DOUBLE, clip_agc, "RATIO", "0",
          "adaptive clipping: a gradient's norm to its weight's at most, row by row (0.01); 0: no"),
        .field.max = HUGE_VAL },
    { LATHE_NUMBER_KEY(DOUBLE, ema, "DECAY", "0",
          "evaluate and save an exponential average of the weights with this decay (0.999); 0: no"),
        .field.max = 1, .field.below_max = true },
    { LATHE_NUMBER_KEY(BOOL, ema_warmup, "BOOL", "false",
        "less decay in the beginning, so that the first weights are soon forgotten") },
    { LATHE_TEXT_KEY(swa_start, "LENGTH", "",
        "evaluate and save the mean of the weights from here on (3ep, 2000): SWA") },
    { LATHE_TEXT_KEY(swa_every, "LENGTH", "1ep", "how often that mean takes weights in") },
    { .preset = NULL },
};

/* ---- the types that are chosen ------------------------------------------------------------------------- */

static bool take_optim(const lathe_optim_type *from, lathe_option_type *type)
{
    if (from) *type = (lathe_option_type){ from->name, from->fields, from->opts_size };
    return from;
}

static bool take_sched(const lathe_sched_type *from, lathe_option_type *type)
{
    if (from) *type = (lathe_option_type){ from->name, from->fields, from->opts_size };
    return from;
}

static bool take_loss(const lathe_loss_type *from, lathe_option_type *type)
{
    if (from) *type = (lathe_option_type){ from->name, from->fields, from->opts_size };
    return from;
}

static bool optim_at(int index, lathe_option_type *type) { return take_optim(lathe_optim_at(index), type); }
static bool sched_at(int index, lathe_option_type *type) { return take_sched(lathe_sched_at(index), type); }

/* Without the losses between boxes: no task has them. */
static bool loss_at(int index, lathe_option_type *type)
{
    const lathe_loss_type *loss;
    for (int i = 0; (loss = lathe_loss_at(i)); i++)
        if ((loss->classify || loss->many) && !index--) break;
    return take_loss(loss, type);
}

static lathe_status choose_optim(const lathe_settings *settings, lathe_option_type *type, int *count)
{
    *count = take_optim(lathe_optim_find(settings->optim), type);
    return *count ? LATHE_OK : lathe_error();
}

static lathe_status choose_sched(const lathe_settings *settings, lathe_option_type *type, int *count)
{
    const lathe_sched_type *sched[LATHE_SCHED_SEGMENTS];
    lathe_status status = lathe_sched_text_types(settings->sched, sched, count);
    for (int i = 0; i < *count && !status; i++) take_sched(sched[i], &type[i]);
    return status;
}

static lathe_status choose_loss(const lathe_settings *settings, lathe_option_type *type, int *count)
{
    *count = take_loss(lathe_loss_find(settings->loss), type);
    return *count ? LATHE_OK : lathe_error();
}

static lathe_status check_model(const lathe_settings *settings)
{
    return lathe_model_find(settings->model) ? LATHE_OK : lathe_error();
}

const lathe_section lathe_model_section = { "model", "model", 2, of_model, NULL, NULL, check_model };
const lathe_section lathe_loss_section = { "loss", "loss", 3, of_loss, loss_at, choose_loss, NULL };
const lathe_section lathe_optim_section = { "optim", "optim", 4, of_optim, optim_at, choose_optim, NULL };
const lathe_section lathe_sched_section = { "sched", "sched", 5, of_sched, sched_at, choose_sched, NULL };
const lathe_section lathe_step_section = { "step", "train", 7, of_step, NULL, NULL, NULL };
