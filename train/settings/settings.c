#include "settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../data/transforms/transform.h"
#include "../../nn/models/models.h"
#include "../logger_impl.h"
#include "settings_impl.h"

/* ---- the table ----------------------------------------------------------------------------------------- */

static const char *const units[] = { "batch", "epoch", NULL };
static const char *const early_stops[] = { "off", "val_loss", "val_accuracy", "train_loss", NULL };
static const char *const min_delta_modes[] = { "abs", "rel", NULL };
static const char *const samplers[] = { "shuffle", "balanced", NULL };
static const char *const bad_images[] = { "fail", "skip", NULL };
static const char *const on_nans[] = { "stop", "skip", "ignore", NULL };

#define TEXT(member) \
    .text_size = sizeof((lathe_settings *)0)->member, \
    .field = { .name = #member, .offset = offsetof(lathe_settings, member) }
#define NUMBER(member, type, ...) \
    .field = { .name = #member, \
        .kind = LATHE_FIELD_##type, \
        .offset = offsetof(lathe_settings, member), \
        __VA_ARGS__ }

/* 2^53: whole numbers up to there are exact in a double, in which ranges are compared. */
#define MOST 9007199254740992.0

static const lathe_setting table[] = { { "data", "data", "fashion-mnist", "NAME[:DIR]", "data set",
                                           TEXT(data), .free = true },
    { "val_split", "data", "0.1", "FRACTION", "part of the training data kept for validation",
        NUMBER(val_split, DOUBLE, .max = 1, .below_max = true) },
    { "fold", "data", "", "K/N",
        "validate by part K of N instead, such as 2/5: the same N parts for one seed", TEXT(fold) },
    { "sampler", "data", "shuffle", "NAME",
        "shuffle: every picture once an epoch; balanced: each class equally often",
        NUMBER(sampler, CHOICE, .choices = samplers) },
    { "drop_last", "data", "false", "BOOL", "leave out an epoch's last batch if it is smaller",
        NUMBER(drop_last, BOOL, .count = 1) },
    { "cache_mib", "data", "1024", "N",
        "keep picture files decoded if they need at most this many MiB; 0: decode them each time",
        NUMBER(cache_mib, INT, .max = 1 << 20) },
    { "train_count", "data", "0", "N", "train on this many pictures only, each class in proportion; 0: all",
        NUMBER(train_count, INT, .max = 1e9) },
    { "workers", "data", "0", "N", "threads that assemble batches ahead of time",
        NUMBER(workers, INT, .max = 256), .free = true },
    { "size", "data", "0", "N",
        "side of the pictures, for sets whose pictures can have any; 0: the set's own",
        NUMBER(size, INT, .max = 4096) },
    { "channels", "data", "0", "N", "1 grey, 3 colour, for sets that can be both; 0: the set's own",
        NUMBER(channels, INT, .max = 3) },
    { "augment", "data", "", "LIST", "transforms of the training pictures: crop:4,hflip", TEXT(augment) },
    { "bad_image", "data", "fail", "NAME", "when a picture cannot be read: fail, or skip it and say so",
        NUMBER(bad_image, CHOICE, .choices = bad_images) },
    { "model", "model", "lenet5", "NAME", "network", TEXT(model) },
    { "init_weights", "model", "", "FILE", "first weights from a safetensors file, by name; also PyTorch's",
        TEXT(init_weights) },
    { "loss", "loss", "cross_entropy", "NAME", "what a step lowers", TEXT(loss) },
    { "class_weights", "loss", "", "LIST",
        "weights of the classes in the training loss: 1,2,0.5, or balanced: each class the same in all",
        TEXT(class_weights) },
    { "optim", "optim", "adamw", "NAME", "optimizer", TEXT(optim) },
    { "decay_weights_only", "optim", "false", "BOOL", "no weight decay on biases and norms",
        NUMBER(decay_weights_only, BOOL, .count = 1) },
    { "groups", "optim", "", "LIST",
        "parameters with options of their own, by name: '*.bias weight_decay=0; 7.* lr=1e-4'", TEXT(groups) },
    { "sched", "sched", "constant", "NAME", "learning-rate schedule", TEXT(sched) },
    { "by", "sched", "batch", "batch|epoch", "what the schedule counts, and its lengths mean",
        NUMBER(by, CHOICE, .choices = units) },
    { "no_warnings", "sched", "false", "BOOL", "no notes about legal but odd schedules",
        NUMBER(no_warnings, BOOL, .count = 1), .free = true },
    { "epochs", "train", "5", "N", "length of the run; fractions are fine",
        NUMBER(epochs, DOUBLE, .above_min = true, .max = 1e6), .free = true },
    { "max_steps", "train", "0", "N", "end after this many steps; 0: epochs decide",
        NUMBER(max_steps, STEPS, .max = MOST), .free = true },
    { "batch_size", "train", "64", "N", "images a step", NUMBER(batch_size, INT, .min = 1, .max = 65536) },
    { "accumulate", "train", "1", "N",
        "batches whose gradients make one step: that of a batch N times as large",
        NUMBER(accumulate, INT, .min = 1, .max = 1000000) },
    { "seed", "train", "1", "N", "of first weights, order and all else that is random",
        NUMBER(seed, STEPS, .max = MOST) },
    { "threads", "train", "0", "N", "0: one a processor; the results are the same",
        NUMBER(threads, INT, .max = 256), .free = true },
    { "clip_norm", "train", "0", "NORM", "scale gradients down to this joint norm; 0: no",
        NUMBER(clip_norm, DOUBLE, .max = HUGE_VAL) },
    { "clip_value", "train", "0", "VALUE", "cut each gradient off at this size; 0: no",
        NUMBER(clip_value, DOUBLE, .max = HUGE_VAL) },
    { "clip_agc", "train", "0", "RATIO",
        "adaptive clipping: a gradient's norm to its weight's at most, row by row (0.01); 0: no",
        NUMBER(clip_agc, DOUBLE, .max = HUGE_VAL) },
    { "ema", "train", "0", "DECAY",
        "evaluate and save an exponential average of the weights with this decay (0.999); 0: no",
        NUMBER(ema, DOUBLE, .max = 1, .below_max = true) },
    { "ema_warmup", "train", "false", "BOOL",
        "less decay in the beginning, so that the first weights are soon forgotten",
        NUMBER(ema_warmup, BOOL, .count = 1) },
    { "swa_start", "train", "", "LENGTH",
        "evaluate and save the mean of the weights from here on (3ep, 2000): SWA", TEXT(swa_start) },
    { "swa_every", "train", "1ep", "LENGTH", "how often that mean takes weights in", TEXT(swa_every) },
    { "early_stop", "train", "off", "NAME",
        "stop when this no longer improves: val_loss, val_accuracy, train_loss",
        NUMBER(early_stop, CHOICE, .choices = early_stops) },
    { "patience", "train", "5", "EPOCHS", "epochs without improvement before that",
        NUMBER(patience, INT, .min = 1, .max = 1000000), .free = true },
    { "min_delta", "train", "1e-4", "VALUE", "what counts as an improvement: more than this",
        NUMBER(min_delta, DOUBLE, .max = HUGE_VAL), .free = true },
    { "min_delta_mode", "train", "abs", "abs|rel", "rel: that part of the value to be improved on",
        NUMBER(min_delta_mode, CHOICE, .choices = min_delta_modes), .free = true },
    { "save_every", "train", "", "LENGTH",
        "also save at this distance of steps, epochs or minutes (20, 0.5ep, 5min)", TEXT(save_every),
        .free = true },
    { "keep", "train", "3", "N", "how many of those saves stay", NUMBER(keep, INT, .min = 1, .max = 1000000),
        .free = true },
    { "on_nan", "train", "stop", "NAME",
        "when the loss or a gradient is not a number: stop, skip the step, or ignore it",
        NUMBER(on_nan, CHOICE, .choices = on_nans), .free = true },
    { "no_times", "train", "false", "BOOL", "no times in epochs.csv, so that equal runs have equal files",
        NUMBER(no_times, BOOL, .count = 1), .free = true },
    { "log", "train", "", "LIST", "logs in the run folder besides CSV and JSON lines: tensorboard", TEXT(log),
        .free = true },
    { "out", "train", "", "DIR", "run folder", TEXT(out), .place = true },
    { "resume", "train", "", "DIR", "run folder to go on with", TEXT(resume), .place = true } };

static const int entries = (int)(sizeof table / sizeof table[0]);

const lathe_setting *lathe_setting_at(int index)
{
    return index < 0 || index >= entries ? NULL : &table[index];
}

const lathe_setting *lathe_setting_find(const char *key)
{
    if (!key) return NULL;
    for (int i = 0; i < entries; i++) {
        const lathe_field one[] = { { .name = table[i].key }, { .name = NULL } };
        if (lathe_fields_find(one, key)) return &table[i];
    }
    return NULL;
}

const char *lathe_setting_text(const lathe_setting *setting, const lathe_settings *settings,
    char text[LATHE_SETTING_LONG])
{
    if (!setting || !settings || !text)
        return lathe_fail_null("lathe_setting_text",
                   !setting      ? "setting" :
                       !settings ? "settings" :
                                   "text"),
               NULL;
    char number[LATHE_FIELD_TEXT];
    const char *value = setting->text_size ? (const char *)settings + setting->field.offset :
                                             lathe_field_text(&setting->field, settings, number);
    snprintf(text, LATHE_SETTING_LONG, "%s", value);
    return text;
}

/* ---- unknown keys -------------------------------------------------------------------------------------- */

enum { KNOWN = 512 };

/* The names of all keys, each once, gathered when a message needs them: settings, then options of optimizers,
 * of schedulers, of losses. */
static _Thread_local struct {
    const char *name[KNOWN + 1]; /* ended by NULL */
    int count;
} known;

static void add_known(const char *name)
{
    for (int i = 0; i < known.count; i++)
        if (!strcmp(known.name[i], name)) return;
    if (known.count < KNOWN) known.name[known.count++] = name;
}

static void add_fields(const lathe_field *field)
{
    for (; field->name; field++) add_known(field->name);
}

static void gather_known(void)
{
    known.count = 0;
    for (int i = 0; i < entries; i++) add_known(table[i].key);
    for (int i = 0; lathe_optim_at(i); i++) add_fields(lathe_optim_at(i)->fields);
    for (int i = 0; lathe_sched_at(i); i++) add_fields(lathe_sched_at(i)->fields);
    for (int i = 0; lathe_loss_at(i); i++) add_fields(lathe_loss_at(i)->fields);
    known.name[known.count] = NULL;
}

static const char *known_at(const void *context, int index)
{
    (void)context;
    return known.name[index];
}

/* ---- setting ------------------------------------------------------------------------------------------- */

static lathe_status set_text(const lathe_setting *setting, lathe_settings *settings, const char *text)
{
    if (strlen(text) >= setting->text_size)
        return lathe_fail(LATHE_EARG, "settings: %s has %zu characters, at most %zu are allowed",
            setting->key, strlen(text), setting->text_size - 1);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return lathe_fail(LATHE_EARG, "settings: %s has a control character", setting->key);
    snprintf((char *)settings + setting->field.offset, setting->text_size, "%s", text);
    return LATHE_OK;
}

static lathe_status set_number(const lathe_setting *setting, lathe_settings *settings, const char *text)
{
    const lathe_field one[] = { setting->field, { .name = NULL } };
    lathe_settings changed = *settings, resolved;
    lathe_status status = lathe_fields_set("settings", one, &changed, setting->key, text, 0);
    /* Every preset of these fields is 0, so that a 0 stands for itself here. */
    if (!status) status = lathe_fields_resolve("settings", one, &changed, &resolved, sizeof changed);
    if (!status) *settings = changed;
    return status;
}

/* Do two keys mean the same option? One without a prefix means whichever of them has it. */
static bool same_option(const char *a, const char *b)
{
    const char *prefix_a = lathe_option_prefix(a), *prefix_b = lathe_option_prefix(b);
    bool same_owner = !*prefix_a || !*prefix_b || !strcmp(prefix_a, prefix_b);
    return same_owner && !strcmp(a + strlen(prefix_a), b + strlen(prefix_b));
}

/* Keep an option under its key with underscores, instead of those that meant the same. */
static lathe_status set_option(lathe_settings *settings, const char *key, const char *text)
{
    lathe_option option = { .key = "" };
    if (strlen(text) >= sizeof option.text || strlen(key) >= sizeof option.key)
        return lathe_fail(LATHE_EARG, "settings: the value of %.60s is longer than %zu characters", key,
            sizeof option.text - 1);
    for (size_t i = 0; key[i]; i++) option.key[i] = key[i] == '-' ? '_' : key[i];
    snprintf(option.text, sizeof option.text, "%s", text);
    int kept = 0;
    for (int i = 0; i < settings->options; i++)
        if (!same_option(settings->option[i].key, option.key)) settings->option[kept++] = settings->option[i];
    settings->options = kept;
    if (kept == LATHE_SETTING_OPTIONS)
        return lathe_fail(LATHE_EARG, "settings: more than %d options of optimizer, scheduler and loss",
            LATHE_SETTING_OPTIONS);
    settings->option[settings->options++] = option;
    return LATHE_OK;
}

lathe_status lathe_settings_set(lathe_settings *settings, const char *key, const char *text)
{
    if (!settings || !key || !text)
        return lathe_fail(LATHE_EARG, "lathe_settings_set: settings, key or text is NULL");
    const lathe_setting *setting = lathe_setting_find(key);
    const char *prefix = lathe_option_prefix(key);
    if (!setting) {
        if (lathe_option_known(prefix, key + strlen(prefix))) return set_option(settings, key, text);
        gather_known();
        return lathe_fail_name("setting", key, known_at, NULL);
    }
    return setting->text_size ? set_text(setting, settings, text) : set_number(setting, settings, text);
}

lathe_settings lathe_settings_default(void)
{
    lathe_settings settings = { .options = 0 };
    for (int i = 0; i < entries; i++) lathe_settings_set(&settings, table[i].key, table[i].preset);
    return settings;
}

lathe_status lathe_settings_check(const lathe_settings *settings)
{
    if (!settings) return lathe_fail(LATHE_EARG, "lathe_settings_check: settings is NULL");
    lathe_status status = LATHE_OK;
    for (int i = 0; i < entries && !status; i++) {
        const lathe_field one[] = { table[i].field, { .name = NULL } };
        lathe_settings resolved;
        if (table[i].text_size) {
            if (!memchr((const char *)settings + table[i].field.offset, '\0', table[i].text_size))
                status = lathe_fail(LATHE_EARG, "settings: %s has no end", table[i].key);
        } else status = lathe_fields_resolve("settings", one, settings, &resolved, sizeof resolved);
    }
    if (!status && !lathe_model_find(settings->model)) status = lathe_error();
    lathe_transforms *transforms = status ? NULL : lathe_transforms_parse(settings->augment);
    if (!status && !transforms) status = lathe_error();
    lathe_transforms_free(transforms);
    lathe_save_every every;
    lathe_swa swa;
    int fold, folds;
    if (!status) status = lathe_settings_fold(settings, &fold, &folds);
    if (!status) status = lathe_loggers_check(settings->log);
    if (!status) status = lathe_settings_save_every(settings, 1, &every);
    if (!status) status = lathe_settings_swa(settings, 1, &swa);
    return status ? status : lathe_options_check(settings);
}

lathe_status lathe_settings_length(const char *key, const char *text, double steps_per_epoch, uint64_t *steps)
{
    if (!key || !text || !steps)
        return lathe_fail_null("lathe_settings_length", !key ? "key" : !text ? "text" : "steps");
    const lathe_field field[] = { { .name = key, .kind = LATHE_FIELD_STEPS, .max = MOST }, { .name = NULL } };
    return lathe_fields_set("settings", field, steps, key, text, steps_per_epoch);
}

/* A time such as "5min" in seconds; false if it is none. */
static bool parse_time(const char *text, double *seconds)
{
    static const struct {
        const char *unit;
        double seconds;
    } units_of_time[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 } };
    char number[32];
    size_t length = strspn(text, "0123456789.");
    if (!length || length >= sizeof number) return false;
    memcpy(number, text, length);
    number[length] = '\0';
    for (size_t i = 0; i < sizeof units_of_time / sizeof units_of_time[0]; i++)
        if (!strcmp(text + length, units_of_time[i].unit) && lathe_parse_double(number, seconds)) {
            *seconds *= units_of_time[i].seconds;
            return true;
        }
    return false;
}

lathe_status lathe_settings_save_every(const lathe_settings *settings, double steps_per_epoch,
    lathe_save_every *every)
{
    if (!settings || !every)
        return lathe_fail_null("lathe_settings_save_every", !settings ? "settings" : "every");
    const char *text = settings->save_every;
    *every = (lathe_save_every){ 0 };
    if (!*text || parse_time(text, &every->seconds)) return LATHE_OK;
    return lathe_settings_length("save_every", text, steps_per_epoch, &every->steps);
}

lathe_status lathe_settings_swa(const lathe_settings *settings, double steps_per_epoch, lathe_swa *swa)
{
    if (!settings || !swa) return lathe_fail_null("lathe_settings_swa", settings ? "swa" : "settings");
    *swa = (lathe_swa){ 0 };
    if (!*settings->swa_start) return LATHE_OK;
    if (settings->ema > 0)
        return lathe_fail(LATHE_EARG,
            "settings: ema = %g and swa_start = %s: choose one average of the weights", settings->ema,
            settings->swa_start);
    lathe_status status =
        lathe_settings_length("swa_start", settings->swa_start, steps_per_epoch, &swa->start);
    if (!status)
        status = lathe_settings_length("swa_every", settings->swa_every, steps_per_epoch, &swa->every);
    if (!status && !swa->every)
        status = lathe_fail(LATHE_EARG, "settings: swa_every = %s is not legal: a step or more",
            settings->swa_every);
    return status;
}
