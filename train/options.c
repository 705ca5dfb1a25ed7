/* From settings to the options of a run's parts, its length and its folder; settings in checkpoints. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/shard.h"
#include "../io/file.h"
#include "../io/text.h"
#include "run_impl.h"
#include "settings/settings_impl.h"

lathe_status lathe_settings_fold(const lathe_settings *settings, int *fold, int *folds)
{
    int end = 0;
    *fold = *folds = 0;
    if (!*settings->fold) return LATHE_OK;
    bool good = sscanf(settings->fold, "%9d/%9d%n", fold, folds, &end) == 2 && !settings->fold[end];
    if (good && *folds >= 2 && *fold >= 1 && *fold <= *folds) return LATHE_OK;
    return lathe_fail(LATHE_EARG, "settings: fold = '%.40s', expected one of several such as 2/5",
        settings->fold);
}

/* The count of numbers in a list such as "0.5" or "0.4,0.5,0.6"; -1 for another text. */
static int read_list(const char *text, double number[4])
{
    int count = 0;
    if (!*text) return 0;
    for (;; text++) {
        char one[64];
        const size_t length = strcspn(text, ",");
        if (count == 4 || length >= sizeof one) return -1;
        memcpy(one, text, length);
        one[length] = '\0';
        if (!lathe_parse_double(one, &number[count++])) return -1;
        text += length;
        if (!*text) return count;
    }
}

lathe_status lathe_settings_normals(const lathe_settings *settings, double mean[4], double std[4],
    int *normals)
{
    const int means = read_list(settings->mean, mean), stds = read_list(settings->std, std);
    bool good = means >= 0 && means == stds;
    for (int i = 0; good && i < stds; i++) good = isfinite(mean[i]) && isfinite(std[i]) && std[i] > 0;
    *normals = good ? means : 0;
    if (good) return LATHE_OK;
    return lathe_fail(LATHE_EARG,
        "settings: mean = '%.60s', std = '%.60s': expected one number in each, or one a channel, std above "
        "0; "
        "such as 0.5 and 0.25",
        settings->mean, settings->std);
}

lathe_status lathe_run_feed_opts(const lathe_settings *s, lathe_feed_opts *opts)
{
    const lathe_exchange *exchange = lathe_context_exchange(NULL);
    *opts = (lathe_feed_opts){ .data = s->data,
        .size = s->size,
        .channels = s->channels,
        .skip_bad = s->bad_image == LATHE_BAD_IMAGE_SKIP,
        .cache_mib = s->cache_mib,
        .max_megapixels = s->max_megapixels,
        .crop_ratio = s->crop_ratio,
        .interpolation = (lathe_filter)s->interpolation,
        .background = s->background,
        .label_column = s->label_column,
        .val_split = s->val_split,
        .train_count = s->train_count,
        .augment = s->augment,
        .batch_size = s->batch_size,
        .ranks = exchange ? exchange->size : 0,
        .rank = exchange ? exchange->rank : 0,
        .balanced = s->sampler == LATHE_SAMPLER_BALANCED,
        .layout = (lathe_layout)s->layout,
        .drop_last = s->drop_last,
        .workers = s->workers,
        .seed = s->seed };
    lathe_status status = lathe_settings_normals(s, opts->mean, opts->std, &opts->normals);
    return status ? status : lathe_settings_fold(s, &opts->fold, &opts->folds);
}

uint64_t lathe_run_steps_of(const lathe_settings *settings, double steps_per_epoch)
{
    double steps = floor(settings->epochs * steps_per_epoch + 0.5);
    uint64_t total = steps < 1 ? 1 : (uint64_t)steps;
    return settings->max_steps && settings->max_steps < total ? settings->max_steps : total;
}

lathe_status lathe_run_length(const lathe_settings *settings, double *steps_per_epoch, uint64_t *steps)
{
    if (!settings || !steps_per_epoch || !steps)
        return lathe_fail_null("lathe_run_length",
            !settings  ? "settings" :
                !steps ? "steps" :
                         "steps_per_epoch");
    lathe_feed_opts opts;
    uint64_t batches;
    lathe_status status = lathe_run_feed_opts(settings, &opts);
    if (!status) status = lathe_feed_length(&opts, &batches);
    if (status) return status;
    *steps_per_epoch = ceil((double)batches / settings->accumulate);
    *steps = lathe_run_steps_of(settings, *steps_per_epoch);
    return LATHE_OK;
}

/* A loader of the training data in order, for the running statistics of averaged weights. */
static lathe_loader *statistics_loader(void *context)
{
    const lathe_run *run = context;
    return lathe_feed_loader(run->feed, run->feed->train, true);
}

lathe_status lathe_run_learner_opts(const lathe_run *run, lathe_learner_opts *opts)
{
    const lathe_settings *s = &run->settings;
    lathe_swa swa;
    lathe_status status = lathe_settings_swa(s, run->steps_per_epoch, &swa);
    *opts = (lathe_learner_opts){ .loss = run->state->loss_opts,
        .plain_loss = run->state->plain_opts,
        .clip_norm = s->clip_norm,
        .clip_value = s->clip_value,
        .clip_agc = s->clip_agc,
        .ema = s->ema,
        .ema_warmup = s->ema_warmup,
        .swa_start = swa.start,
        .swa_every = swa.every,
        .on_nan = s->on_nan,
        .seed = s->seed,
        .on_statistics = statistics_loader };
    return status;
}

/* ---- the run folder ------------------------------------------------------------------------------------ */

lathe_status lathe_resume_folder(lathe_settings *settings)
{
    static const char suffix[] = ".safetensors";
    char folder[LATHE_SETTING_LONG];
    snprintf(folder, sizeof folder, "%s", settings->resume);
    char *slash = strrchr(folder, '/');
    size_t length = strlen(folder), end = sizeof suffix - 1;
    if (length > end && !strcmp(folder + length - end, suffix)) {
        if (slash) slash[slash == folder] = '\0';
        else strcpy(folder, ".");
    }
    if (*settings->out && strcmp(settings->out, folder))
        return lathe_fail(LATHE_EARG, "settings: out = %.200s, but a run resumes in its own folder, %.200s",
            settings->out, folder);
    snprintf(settings->out, sizeof settings->out, "%s", folder);
    return LATHE_OK;
}

lathe_status lathe_run_read_settings(const char *resume, lathe_settings *settings)
{
    if (!resume || !settings)
        return lathe_fail_null("lathe_run_read_settings", resume ? "settings" : "resume");
    lathe_settings changed = *settings;
    char path[LATHE_SETTING_LONG + 64];
    lathe_status status = lathe_settings_set(&changed, "resume", resume);
    if (!status) status = lathe_resume_folder(&changed);
    if (!status) status = lathe_file_join(changed.out, "config.ini", path, sizeof path);
    if (!status) status = lathe_settings_read(&changed, path);
    if (!status) *settings = changed;
    return status;
}

/*
 * "fashion-mnist" from "fashion-mnist", "mnist" from "mnist:/a/b", without characters that do not suit a
 * folder's name.
 */
static void plain_name(const char *spec, char *name, size_t size)
{
    size_t length = 0;
    for (; *spec && *spec != ':' && length + 1 < size; spec++)
        name[length++] = *spec == '/' || *spec == ' ' ? '_' : *spec;
    name[length] = '\0';
}

lathe_status lathe_run_next_folder(const lathe_settings *settings, const char *parent,
    char folder[LATHE_SETTING_LONG])
{
    if (!settings || !parent || !folder)
        return lathe_fail_null("lathe_run_next_folder",
            !settings   ? "settings" :
                !parent ? "parent" :
                          "folder");
    char name[2 * LATHE_SETTING_SHORT + 32], data[LATHE_SETTING_SHORT], model[LATHE_SETTING_SHORT];
    plain_name(settings->data, data, sizeof data);
    plain_name(settings->model, model, sizeof model);
    snprintf(name, sizeof name, "%s-%s-", model, data);
    return lathe_file_number_folder(parent, name, folder, LATHE_SETTING_LONG);
}

char *lathe_run_about(const lathe_settings *settings)
{
    lathe_text out = { 0 };
    char text[LATHE_SETTING_LONG];
    lathe_chosen chosen;
    if (lathe_settings_choose(settings, &chosen)) return NULL;
    lathe_text_put(&out, "\"data\":");
    lathe_text_json(&out, settings->data);
    lathe_text_put(&out, ",\"settings\":{");
    const char *between = "";
    for (int i = 0; lathe_setting_at(i); i++) {
        const lathe_setting *setting = lathe_setting_at(i);
        if (setting->flags & (LATHE_SETTING_PLACE | LATHE_SETTING_FREE)) continue;
        lathe_text_add(&out, "%s\"%s\":", between, setting->field.name);
        lathe_text_json(&out, lathe_setting_text(setting, settings, text));
        between = ",";
    }
    for (int taker = 0; taker < chosen.count; taker++)
        for (int i = 0; i < settings->options; i++) {
            char key[LATHE_SETTING_LONG];
            const char *name = lathe_option_given(settings, &chosen, i, taker);
            if (!name) continue;
            snprintf(key, sizeof key, "%s.%s", chosen.of[taker].section->heading, name);
            lathe_text_put(&out, ",");
            lathe_text_json(&out, key);
            lathe_text_put(&out, ":");
            lathe_text_json(&out, settings->option[i].text);
        }
    lathe_text_put(&out, "}");
    return lathe_text_take(&out);
}

/* ---- checkpoints --------------------------------------------------------------------------------------- */

/* The settings, without those that do not change the results. */
static char *lasting_text(const lathe_settings *settings)
{
    lathe_settings lasting = *settings;
    const lathe_setting *setting;
    for (int i = 0; (setting = lathe_setting_at(i)); i++)
        if (setting->flags & LATHE_SETTING_SILENT)
            lathe_settings_set(&lasting, setting->field.name, setting->preset);
    return lathe_settings_text(&lasting);
}

static void save(void *object, lathe_notes *notes, bool whole)
{
    const lathe_run *run = object;
    lathe_notes_text(notes, "lathe.model", run->settings.model);
    lathe_notes_text(notes, "lathe.transforms", run->settings.augment);
    char *settings = lasting_text(&run->settings);
    lathe_notes_text(notes, "lathe.settings", settings);
    lathe_free(settings);
    if (!whole) return;
    lathe_notes_count(notes, "lathe.seed", run->settings.seed);
    lathe_notes_numbers(notes, "lathe.reference", &run->state->reference, 1);
    lathe_notes_count(notes, "lathe.waited", run->state->waited);
}

static lathe_status check(const void *object, const lathe_safetensors *file)
{
    const lathe_run *run = object;
    lathe_settings then = lathe_settings_default();
    const char *settings = lathe_safetensors_text(file, "lathe.settings");
    if (!settings)
        return lathe_fail(LATHE_EFORMAT, "%s: has no lathe.settings: not a run's checkpoint", file->path);
    char *text = lathe_strdup(settings);
    lathe_status status = text ? lathe_settings_parse(&then, text, file->path) : lathe_error();
    lathe_free(text);
    return status ? status : lathe_settings_same_run(file->path, &then, &run->settings);
}

static lathe_status load(void *object, const lathe_safetensors *file)
{
    lathe_run_state *state = ((lathe_run *)object)->state;
    lathe_status status = lathe_noted_numbers(file, "lathe.reference", &state->reference, 1);
    return status ? status : lathe_noted_count(file, "lathe.waited", &state->waited);
}

lathe_state lathe_run_own_state(lathe_run *run)
{
    return (lathe_state){ .name = "run", .object = run, .save = save, .check = check, .load = load };
}
