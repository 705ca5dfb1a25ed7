/* What the page shows beside the curves: what can be chosen, filters, mistakes. */
#include <math.h>
#include <string.h>

#include "engine.h"
#include "exports.h"

/* ---- what can be chosen -------------------------------------------------------------------------------- */

/* Nets that train while one looks on. */
static const char *const models[] = { "lenet5", "mlp", "small-cnn", NULL };

static const char *const kinds[] = { [LATHE_FIELD_DOUBLE] = "double",
    [LATHE_FIELD_INT] = "int",
    [LATHE_FIELD_STEPS] = "steps",
    [LATHE_FIELD_BOOL] = "bool",
    [LATHE_FIELD_CHOICE] = "choice" };

static void put_names(lathe_text *text, const char *key, const char *const *names, int count)
{
    lathe_text_add(text, ",\"%s\":[", key);
    for (int i = 0; count ? i < count : names && names[i] != NULL; i++) {
        if (i) lathe_text_put(text, ",");
        lathe_text_json(text, names[i]);
    }
    lathe_text_put(text, "]");
}

static void put_number(lathe_text *text, const char *key, double number)
{
    lathe_text_add(text, ",\"%s\":", key);
    lathe_text_number(text, number); /* null for an open end */
}

static void put_field(lathe_text *text, const lathe_field *field)
{
    const bool ranged = field->min != 0 || field->max != 0;
    lathe_text_put(text, "{\"name\":");
    lathe_text_json(text, field->name);
    lathe_text_add(text, ",\"kind\":\"%s\",\"count\":%d,\"preset\":[", kinds[field->kind],
        field->count ? field->count : 1);
    for (int i = 0; i < (field->count == 2 ? 2 : 1); i++) {
        if (i) lathe_text_put(text, ",");
        lathe_text_number(text, field->preset[i]);
    }
    lathe_text_put(text, "]");
    put_number(text, "min", ranged ? field->min : -HUGE_VAL);
    put_number(text, "max", ranged ? field->max : HUGE_VAL);
    lathe_text_add(text, ",\"above_min\":%s,\"below_max\":%s,\"required\":%s",
        field->above_min ? "true" : "false", field->below_max ? "true" : "false",
        field->required ? "true" : "false");
    /* "patience" alone is early stopping's: such an option needs its section on the command line. */
    lathe_text_add(text, ",\"shared\":%s", lathe_setting_find(field->name) ? "true" : "false");
    put_names(text, "choices", field->choices, 0);
    lathe_text_put(text, ",\"help\":");
    lathe_text_json(text, field->help ? field->help : "");
    lathe_text_put(text, "}");
}

static bool needs_file(const lathe_field *field)
{
    for (; field && field->name; field++)
        if (field->kind == LATHE_FIELD_PATH) return true;
    return false;
}

static void put_type(lathe_text *text, const char *name, const char *summary, const lathe_field *field)
{
    lathe_text_put(text, "{\"name\":");
    lathe_text_json(text, name);
    lathe_text_put(text, ",\"summary\":");
    lathe_text_json(text, summary ? summary : "");
    lathe_text_put(text, ",\"fields\":[");
    for (int i = 0; field && field[i].name; i++) {
        if (i) lathe_text_put(text, ",");
        put_field(text, &field[i]);
    }
    lathe_text_put(text, "]}");
}

static void put_types(lathe_text *text)
{
    lathe_text_put(text, ",\"optimizers\":[");
    for (int i = 0; lathe_optim_at(i); i++) {
        if (i) lathe_text_put(text, ",");
        put_type(text, lathe_optim_at(i)->name, lathe_optim_at(i)->summary, lathe_optim_at(i)->fields);
    }
    lathe_text_put(text, "],\"schedulers\":[");
    const char *between = "";
    for (int i = 0; lathe_sched_at(i); i++) {
        if (needs_file(lathe_sched_at(i)->fields)) continue;
        lathe_text_put(text, between);
        put_type(text, lathe_sched_at(i)->name, lathe_sched_at(i)->summary, lathe_sched_at(i)->fields);
        between = ",";
    }
    lathe_text_put(text, "]");
}

const char *engine_about(void)
{
    static char *about;
    lathe_text text = { 0 };
    lathe_error_clear();
    lathe_free(about);
    about = NULL;
    lathe_dataset *train = lathe_data_open(ENGINE_DATA, LATHE_SPLIT_TRAIN, NULL),
                  *val = train ? lathe_data_open(ENGINE_DATA, LATHE_SPLIT_TEST, NULL) : NULL;
    if (val) {
        lathe_text_put(&text, "{\"version\":");
        lathe_text_json(&text, lathe_version());
        put_names(&text, "models", models, 0);
        put_types(&text);
        put_names(&text, "classes", train->class_names, train->classes);
        lathe_text_add(&text, ",\"image\":{\"width\":%d,\"height\":%d},\"train\":%zu,\"val\":%zu}",
            train->width, train->height, train->count, val->count);
        about = lathe_text_take(&text);
    }
    lathe_data_free(val);
    lathe_data_free(train);
    return about;
}

/* ---- filters ------------------------------------------------------------------------------------------- */

/* The weights of the first layer that has any. */
static const lathe_tensor *first_weights(const engine *e)
{
    const lathe_params *params = lathe_nn_params(e->net);
    for (int i = 0; i < params->count; i++)
        if (params->tensor[i]->shape.rank > 1) return params->tensor[i];
    return NULL;
}

const float *engine_filters(int size[3])
{
    static float *numbers;
    const engine *e = &the_engine;
    lathe_error_clear();
    lathe_free(numbers);
    numbers = NULL;
    const lathe_tensor *weights = e->learner ? first_weights(e) : NULL;
    if (!weights) return lathe_fail(LATHE_ESTATE, "filters: there is no run"), NULL;
    const lathe_shape *shape = &weights->shape;
    size[0] = shape->dim[0];
    size[1] = shape->rank == 4 ? shape->dim[2] : e->feed->data->height; /* a linear layer sees the picture */
    size[2] = shape->rank == 4 ? shape->dim[3] : e->feed->data->width;
    const size_t count = lathe_shape_count(shape);
    numbers = lathe_alloc_raw(count, sizeof *numbers);
    if (!numbers || lathe_tensor_read(weights, numbers, count)) return NULL;
    return numbers;
}

/* ---- mistakes ------------------------------------------------------------------------------------------ */

static bool copy_mistake(const lathe_mistake *from, const lathe_dataset *data, int *mistake,
    double *probability, uint8_t *pixels)
{
    lathe_sample sample;
    void *scratch = lathe_alloc_raw(1, lathe_data_scratch(data) + 1);
    const bool good = scratch && !lathe_data_read(data, from->index, scratch, &sample);
    if (good) memcpy(pixels, sample.pixels, (size_t)data->height * (size_t)data->width);
    mistake[0] = from->label, mistake[1] = from->predicted;
    *probability = from->confidence;
    lathe_free(scratch);
    return good;
}

int engine_mistakes(int most, int *mistake, double *probability, uint8_t *pixels)
{
    engine *e = &the_engine;
    lathe_score score;
    lathe_error_clear();
    if (!e->learner) return lathe_fail(LATHE_ESTATE, "mistakes: there is no run"), -1;
    const lathe_dataset *data = e->feed->test;
    lathe_measure *measure =
        lathe_measure_new(e->task, &(lathe_measure_opts){ .metrics = "", .mistakes = most });
    lathe_loader *loader = measure ? lathe_feed_loader(e->feed, data, false) : NULL;
    bool good = loader && !lathe_learner_evaluate(e->learner, loader, measure, &score);
    const size_t size = (size_t)data->height * (size_t)data->width;
    for (int i = 0; good && i < measure->mistakes; i++)
        good = copy_mistake(&measure->mistake[i], data, mistake + 2 * i, probability + i,
            pixels + (size_t)i * size);
    const int found = good ? measure->mistakes : -1;
    lathe_loader_free(loader);
    lathe_measure_free(measure);
    return found;
}
