/* The run: settings from text, one step, evaluation. What looks at the net is in views.c. */
#include "engine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exports.h"

engine the_engine;

enum { KEEP_EVERY = 50 }; /* steps between two snapshots */

const char *engine_message(void) { return lathe_error_message(); }

/* Set "key=value" lines; `text` is changed. */
static bool set_all(lathe_settings *settings, char *text)
{
    while (*text) {
        char *end = strchr(text, '\n'), *value = strchr(text, '=');
        if (!end || !value || value > end)
            return lathe_fail(LATHE_EARG, "settings: a line has no value"), false;
        *end = *value = '\0';
        if (lathe_settings_set(settings, text, value + 1)) return false;
        text = end + 1;
    }
    return true;
}

static lathe_settings first_settings(void)
{
    lathe_settings settings = lathe_settings_default();
    settings.val_split = 0; /* the pictures of the test files are the validation set */
    settings.threads = 1;
    snprintf(settings.data, sizeof settings.data, "%s", ENGINE_DATA);
    return settings;
}

/* ---- a schedule without a run -------------------------------------------------------------------------- */

/* Notes about the schedule, one a line. */
static lathe_text notes;

static void add_note(void *context, const char *line)
{
    (void)context;
    if (notes.length) lathe_text_put(&notes, "\n");
    lathe_text_put(&notes, line);
}

const char *engine_notes(void) { return notes.chars ? notes.chars : ""; }

bool engine_preview(char *text, double steps_per_epoch, int steps, float *lr, float *momentum)
{
    const lathe_run_hooks hooks = { .on_message = add_note };
    lathe_settings settings = first_settings();
    lathe_error_clear();
    lathe_text_free(&notes);
    if (!set_all(&settings, text)) return false;
    lathe_step_row *row = lathe_alloc((size_t)steps, sizeof *row);
    bool good = row && !lathe_run_preview(&settings, steps_per_epoch, (uint64_t)steps, &hooks, row);
    for (int i = 0; i < steps && good; i++) {
        lr[i] = (float)row[i].lr;
        momentum[i] = (float)row[i].momentum;
    }
    lathe_free(row);
    return good;
}

/* ---- the run ------------------------------------------------------------------------------------------- */

static void close_run(void)
{
    engine *e = &the_engine;
    engine_forget();
    lathe_learner_free(e->learner);
    lathe_task_free(e->task);
    lathe_sched_free(e->sched);
    lathe_optim_free(e->optim);
    lathe_model_free(e->model);
    lathe_data_free(e->some);
    lathe_feed_free(e->feed);
    *e = (engine){ .steps = 0 };
}

static bool open_feed(engine *e)
{
    const lathe_settings *s = &e->settings;
    e->feed = lathe_feed_new(&(lathe_feed_opts){ .data = s->data,
        .train_count = s->train_count,
        .batch_size = s->batch_size,
        .seed = s->seed });
    if (!e->feed) return false;
    e->steps_per_epoch = (double)e->feed->batches;
    e->steps = s->max_steps ? s->max_steps : (uint64_t)(s->epochs * e->steps_per_epoch + 0.5);
    return true;
}

static bool open_net(engine *e)
{
    const lathe_dataset *data = e->feed->data;
    const lathe_model_spec spec = { data->channels, data->height, data->width, data->classes };
    e->model = lathe_model_new();
    e->net = e->model ? lathe_model_build(e->model, e->settings.model, &spec) : NULL;
    return e->net && !lathe_nn_init(e->net, e->settings.seed);
}

/* The training pictures in order, for running statistics between two snapshots. */
static lathe_loader *in_order(void *context)
{
    const engine *e = context;
    return lathe_feed_loader(e->feed, e->feed->train, false);
}

static bool open_learner(engine *e)
{
    e->optim = lathe_settings_optim(&e->settings, lathe_nn_params(e->net), e->steps_per_epoch);
    e->sched = e->optim ? lathe_settings_sched(&e->settings, e->optim, e->steps_per_epoch, e->steps) : NULL;
    e->task = e->sched ? lathe_task_new(&(lathe_task_opts){ .data = e->feed->data,
                             .transforms = e->feed->transforms,
                             .loss = lathe_loss_find(e->settings.loss) }) :
                         NULL;
    if (!e->task) return false;
    e->learner = lathe_learner_new(e->net, e->optim, e->sched, e->task,
        &(lathe_learner_opts){ .seed = e->settings.seed, .context = e, .on_statistics = in_order });
    return e->learner;
}

bool engine_configure(char *text)
{
    engine *e = &the_engine;
    lathe_error_clear();
    close_run();
    e->settings = first_settings();
    if (set_all(&e->settings, text) && !lathe_settings_check(&e->settings) && open_feed(e) && open_net(e) &&
        open_learner(e) && engine_keep())
        return true;
    close_run();
    return false;
}

int engine_at(void) { return the_engine.learner ? (int)the_engine.learner->step : 0; }

double engine_images(void) { return the_engine.learner ? (double)the_engine.learner->images : 0; }

/* An optimizer of these settings in the state of the present one: a schedule starts from an optimizer's own
 * rate and momentum, and the schedule before may have changed them. */
static lathe_optim *succeed(const engine *e, const lathe_settings *settings)
{
    lathe_optim *made = lathe_settings_optim(settings, lathe_nn_params(e->net), e->steps_per_epoch);
    const size_t slab = lathe_optim_params(e->optim)->size;
    for (int slot = 0; made && slot < LATHE_OPTIM_SLOTS; slot++) {
        lathe_real *to = lathe_optim_slot(made, slot);
        const lathe_real *from = lathe_optim_slot(e->optim, slot);
        if (to && from) memcpy(to, from, slab * sizeof *to);
    }
    for (int i = 0; made && i < lathe_optim_params(made)->count; i++)
        *lathe_optim_clock_of(made, i) = *lathe_optim_clock_of(e->optim, i);
    return made;
}

bool engine_schedule(char *text)
{
    engine *e = &the_engine;
    lathe_error_clear();
    if (!e->learner) return lathe_fail(LATHE_ESTATE, "schedule: there is no run"), false;
    lathe_settings changed = e->settings;
    const uint64_t at = e->learner->step;
    changed.by = LATHE_BY_BATCH;
    if (lathe_settings_drop_options(&changed, "sched") || !set_all(&changed, text) ||
        lathe_run_preview(&changed, e->steps_per_epoch, e->steps, NULL, NULL))
        return false;
    lathe_optim *optim = succeed(e, &changed);
    lathe_sched *sched = optim ? lathe_settings_sched(&changed, optim, e->steps_per_epoch, e->steps) : NULL;
    if (!sched) return lathe_optim_free(optim), false;
    lathe_sched_free(e->sched);
    lathe_optim_free(e->optim);
    e->learner->sched = e->sched = sched;
    e->learner->optim = e->optim = optim;
    lathe_sched_seek(e->sched, at);
    e->settings = changed;
    e->schedule++;
    return true;
}

/* The end of an epoch: the schedule gets what it would get from `lathe train` without a validation set. */
static void finish_epoch(engine *e)
{
    lathe_epoch_row row = { 0 };
    lathe_learner_epoch(e->learner, &row);
    lathe_sched_observe(e->sched, lathe_sched_wants_more(e->sched) ? row.train[0] : row.train_loss);
}

int engine_step(double row[3])
{
    engine *e = &the_engine;
    lathe_step_row made;
    bool more = false;
    lathe_error_clear();
    if (!e->learner) return lathe_fail(LATHE_ESTATE, "step: there is no run"), ENGINE_FAILED;
    while (!more)
        if (lathe_train_step(e->feed, e->learner, 1, &made, &more)) return ENGINE_FAILED;
    row[0] = made.loss, row[1] = made.lr, row[2] = made.momentum;
    if (e->learner->stopped) return ENGINE_STOPPED;
    const uint64_t step = e->learner->step;
    if (step % e->feed->batches == 0) finish_epoch(e);
    const bool keep = step % KEEP_EVERY == 0 || lathe_sched_begins_cycle(e->sched, step);
    return !keep || engine_keep() ? ENGINE_MADE : ENGINE_FAILED;
}

const char *engine_why_stopped(void) { return the_engine.learner ? the_engine.learner->not_finite : ""; }

/* ---- evaluation ---------------------------------------------------------------------------------------- */

/* The first `count` validation pictures as a set, which is kept until another number is asked for. */
static const lathe_dataset *first_pictures(engine *e, size_t count)
{
    const lathe_dataset *all = e->feed->test;
    if (!count || count >= all->count) return all;
    if (e->some && e->some_count == count) return e->some;
    lathe_data_free(e->some);
    size_t *index = lathe_alloc(count, sizeof *index);
    for (size_t i = 0; index && i < count; i++) index[i] = i;
    e->some = index ? lathe_data_subset(all, index, count) : NULL;
    e->some_count = count;
    lathe_free(index);
    return e->some;
}

bool engine_score(size_t count, lathe_score *score)
{
    engine *e = &the_engine;
    lathe_error_clear();
    if (!e->learner) return lathe_fail(LATHE_ESTATE, "evaluate: there is no run"), false;
    const lathe_dataset *data = first_pictures(e, count);
    lathe_loader *loader = data ? lathe_feed_loader(e->feed, data, false) : NULL;
    const bool good = loader && !lathe_learner_evaluate(e->learner, loader, NULL, score);
    lathe_loader_free(loader);
    return good;
}

bool engine_evaluate(int count, double scores[2])
{
    lathe_score score;
    if (!engine_score((size_t)count, &score)) return false;
    scores[0] = score.loss, scores[1] = score.metric[0];
    return true;
}
