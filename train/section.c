/* The settings of the loop. */
#include <math.h>

#include "probe/probe.h"
#include "settings/section_impl.h"

static const char *const min_delta_modes[] = { "abs", "rel", NULL };
static const char *const bests[] = { "epoch", "eval", NULL };
static const char *const convs[] = { "auto", "direct", NULL };
static const char *const on_nans[] = { "stop", "skip", "ignore", NULL };

static const lathe_setting settings[] = {
    { LATHE_NUMBER_KEY(DOUBLE, epochs, "N", "5", "length of the run; fractions are fine"),
        .field.above_min = true, .field.max = 1e6, .flags = LATHE_SETTING_FREE },
    { LATHE_NUMBER_KEY(STEPS, max_steps, "N", "0", "end after this many steps; 0: epochs decide"),
        .field.max = LATHE_KEY_MOST, .flags = LATHE_SETTING_FREE },
    { LATHE_NUMBER_KEY(INT, batch_size, "N", "64", "images a step"), .field.min = 1, .field.max = 65536 },
    { LATHE_NUMBER_KEY(STEPS, seed, "N", "1", "of first weights, order and all else that is random"),
        .field.max = LATHE_KEY_MOST },
    { LATHE_NUMBER_KEY(INT, threads, "N", "0",
          "0: one a processor that this process may use, also by a container's quota; the results are the "
          "same"),
        .field.max = 256, .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { LATHE_NUMBER_KEY(CHOICE, conv, "NAME", "auto",
          "convolutions: direct, all as sums of products; auto: some shapes by Winograd's tiles, which is "
          "faster"),
        .field.choices = convs },
    { LATHE_TEXT_KEY(eval_every, "LENGTH", "off",
          "also measure the validation set at this distance (50it, 0.1ep), into evals.csv; off: no"),
        .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { LATHE_NUMBER_KEY(INT, eval_count, "N", "0",
          "measure there on this many pictures, always the same ones; 0: on all"),
        .field.max = 1e9, .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { LATHE_NUMBER_KEY(CHOICE, best, "epoch|eval", "epoch",
          "which rows decide the best weights and early stopping: of epochs.csv or of evals.csv"),
        .field.choices = bests },
    { LATHE_TEXT_KEY(probe, "LIST", "",
          "look into steps, into probes.csv: grad_norm, weight_norm, update_ratio, dead_relu, ..."),
        .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { LATHE_TEXT_KEY(probe_every, "LENGTH", "0.1ep", "at this distance (50it, 0.1ep)"),
        .flags = LATHE_SETTING_FREE | LATHE_SETTING_SILENT },
    { LATHE_TEXT_KEY(early_stop, "NAME", "off",
        "stop when this column no longer improves: val_loss, train_loss, val_accuracy, ...") },
    { LATHE_NUMBER_KEY(INT, patience, "N", "5", "rows without improvement before that: see best"),
        .field.min = 1, .field.max = 1000000, .flags = LATHE_SETTING_FREE },
    { LATHE_NUMBER_KEY(DOUBLE, min_delta, "VALUE", "1e-4", "what counts as an improvement: more than this"),
        .field.max = HUGE_VAL, .flags = LATHE_SETTING_FREE },
    { LATHE_NUMBER_KEY(CHOICE, min_delta_mode, "abs|rel", "abs",
          "rel: that part of the value to be improved on"),
        .field.choices = min_delta_modes, .flags = LATHE_SETTING_FREE },
    { LATHE_NUMBER_KEY(CHOICE, on_nan, "NAME", "stop",
          "when the loss or a gradient is not a number: stop, skip the step, or ignore it"),
        .field.choices = on_nans, .flags = LATHE_SETTING_FREE },
    { .preset = NULL },
};

static lathe_status check(const lathe_settings *s) { return lathe_probes_check(s->probe); }

const lathe_section lathe_train_section = { "train", "train", 6, settings, NULL, NULL, check };
