#include "shapes.h"

#include <stdatomic.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/rng.h"
#include "memory_impl.h"
#include "shapes_scene_impl.h"

/* Where one picture is drawn. Without objects instances, first and object are NULL. */
typedef struct lathe_canvas {
    uint8_t *pixels, *instances;
    size_t *first; /* [2]: the picture's objects are object[first[0]] ... */
    lathe_object *object;
} lathe_canvas;

typedef struct lathe_shapes {
    uint64_t seed, stream;
    lathe_canvas kept;   /* of all pictures: [count, C, H, W], [count, H, W], [count + 1], [first[count]] */
    atomic_uchar *drawn; /* [count]: 0 not yet, 1 being drawn by some thread, 2 there */
} lathe_shapes;

/* The scene of picture `index`. Returns the generator for its noise. */
static lathe_rng begin_scene(const lathe_dataset *data, size_t index, lathe_scene *scene)
{
    const lathe_shapes *shapes = data->state;
    lathe_rng rng = lathe_rng_at(shapes->seed, shapes->stream, index);
    if (data->objects_most) lathe_scene_many(scene, &rng, data->width, data->channels);
    else lathe_scene_one(scene, &rng, data->labels[index], data->width, data->channels);
    return rng;
}

static void draw(const lathe_dataset *data, size_t index, const lathe_canvas *canvas)
{
    lathe_scene scene;
    lathe_rng rng = begin_scene(data, index, &scene);
    lathe_scene_draw(&scene, &rng, data->width, data->channels, canvas->pixels, canvas->instances,
        canvas->object ? canvas->object + canvas->first[0] : NULL);
}

static lathe_canvas kept_canvas(const lathe_dataset *data, size_t index)
{
    const lathe_canvas *kept = &((const lathe_shapes *)data->state)->kept;
    size_t area = (size_t)data->height * (size_t)data->width;
    lathe_canvas canvas = { .pixels = kept->pixels + index * area * (size_t)data->channels };
    if (data->objects_most)
        canvas = (lathe_canvas){ canvas.pixels, kept->instances + index * area, kept->first + index,
            kept->object };
    return canvas;
}

/* The same in the work space of lathe_data_scratch bytes. */
static lathe_canvas scratch_canvas(const lathe_dataset *data, size_t index, uint8_t *scratch)
{
    size_t area = (size_t)data->height * (size_t)data->width, pixels = area * (size_t)data->channels;
    if (!data->objects_most) return (lathe_canvas){ .pixels = scratch };
    const size_t *first = ((const lathe_shapes *)data->state)->kept.first + index;
    lathe_canvas canvas = { .pixels = scratch, .instances = scratch + pixels };
    canvas.first = (size_t *)(void *)(scratch + (pixels + area + 15) / 16 * 16);
    canvas.object = (lathe_object *)(void *)(canvas.first + 2);
    canvas.first[0] = 0;
    canvas.first[1] = first[1] - first[0];
    return canvas;
}

static lathe_status shapes_read(const lathe_dataset *data, size_t index, uint8_t *scratch,
    lathe_sample *sample)
{
    lathe_shapes *shapes = data->state;
    lathe_canvas canvas = kept_canvas(data, index);
    unsigned char state = atomic_load_explicit(&shapes->drawn[index], memory_order_acquire);
    if (!state && atomic_compare_exchange_strong(&shapes->drawn[index], &state, 1)) {
        draw(data, index, &canvas);
        atomic_store_explicit(&shapes->drawn[index], 2, memory_order_release);
    } else if (state != 2) { /* another thread is at it: rather than wait, draw it twice */
        canvas = scratch_canvas(data, index, scratch);
        draw(data, index, &canvas);
    }
    *sample = (lathe_sample){ .pixels = canvas.pixels,
        .channels = data->channels,
        .height = data->height,
        .width = data->width,
        .label = data->labels[index],
        .targets = data->targets ? data->targets + index * (size_t)data->targets_each : NULL,
        .objects = { .first = canvas.first, .object = canvas.object, .instances = canvas.instances } };
    return LATHE_OK;
}

static void shapes_close(lathe_dataset *data)
{
    lathe_shapes *shapes = data->state;
    if (shapes) {
        lathe_free(shapes->kept.pixels);
        lathe_free(shapes->kept.instances);
        lathe_free(shapes->kept.first);
        lathe_free(shapes->kept.object);
        lathe_free(shapes->drawn);
    }
    lathe_free(shapes);
    lathe_free((void *)data->labels);
    lathe_free((void *)data->targets);
}

static const lathe_dataset_type shapes_type = { .name = "shapes",
    .read = shapes_read,
    .close = shapes_close };

static lathe_status check(lathe_split split, const lathe_shapes_opts *opts)
{
    int least = opts->objects ? 32 : 16;
    if (split != LATHE_SPLIT_TRAIN && split != LATHE_SPLIT_TEST)
        return lathe_fail(LATHE_EARG, "lathe_data_shapes: split %d is neither train nor test", (int)split);
    if (opts->size && (opts->size < least || opts->size > 1024))
        return lathe_fail(LATHE_EARG, "lathe_data_shapes: size is %d, expected %d to 1024", opts->size,
            least);
    return LATHE_OK;
}

/* Find which shapes each picture will show, without drawing it. */
static lathe_status plan_objects(lathe_dataset *data, lathe_shapes *shapes, int *labels)
{
    size_t area = (size_t)data->height * (size_t)data->width;
    lathe_canvas *kept = &shapes->kept;
    int *targets = lathe_alloc(lathe_times(data->count, LATHE_SHAPES_CLASSES), sizeof *targets);
    data->targets = targets;
    kept->first = lathe_alloc(data->count + 1, sizeof *kept->first);
    kept->instances = lathe_alloc_raw(data->count, area);
    if (!targets || !kept->first || !kept->instances) return LATHE_ENOMEM;
    for (size_t i = 0; i < data->count; i++) {
        lathe_scene scene;
        begin_scene(data, i, &scene);
        int *target = targets + i * LATHE_SHAPES_CLASSES;
        for (int k = 0; k < scene.count; k++) target[scene.figure[k].kind] = 1;
        kept->first[i + 1] = kept->first[i] + (size_t)scene.count;
        for (labels[i] = 0; labels[i] < LATHE_SHAPES_CLASSES - 1 && !target[labels[i]];) labels[i]++;
        if (!target[labels[i]]) labels[i] = 0; /* an empty picture */
    }
    kept->object = lathe_alloc(kept->first[data->count] + 1, sizeof *kept->object);
    return kept->object ? LATHE_OK : LATHE_ENOMEM;
}

static void set_keys(lathe_shapes *shapes, lathe_split split, const lathe_shapes_opts *opts)
{
    static const char *const streams[2][2] = { { "data/shapes/test", "data/shapes/train" },
        { "data/shapes/objects/test", "data/shapes/objects/train" } };
    shapes->seed = opts->seed;
    shapes->stream = lathe_rng_stream(streams[opts->objects][split == LATHE_SPLIT_TRAIN]);
}

/* The arrays, and mean and std, of a data set whose sizes are filled in. */
static lathe_status furnish(lathe_dataset *data, lathe_split split, const lathe_shapes_opts *opts)
{
    size_t bytes = (size_t)data->channels * (size_t)data->height * (size_t)data->width;
    lathe_shapes *shapes = lathe_alloc(1, sizeof *shapes);
    data->state = shapes;
    data->name = lathe_strdup("shapes");
    int *labels = lathe_alloc_raw(data->count, sizeof *labels);
    data->labels = labels;
    if (!shapes || !data->name || !labels) return LATHE_ENOMEM;
    set_keys(shapes, split, opts);
    for (size_t i = 0; i < data->count; i++) labels[i] = (int)(i % LATHE_SHAPES_CLASSES);
    if (opts->objects && plan_objects(data, shapes, labels)) return LATHE_ENOMEM;
    shapes->kept.pixels = lathe_alloc_raw(data->count, bytes);
    shapes->drawn = lathe_alloc(data->count, sizeof *shapes->drawn);
    if (!shapes->kept.pixels || !shapes->drawn) return LATHE_ENOMEM;
    size_t measured = data->count < 200 ? data->count : 200;
    lathe_sample sample;
    for (size_t i = 0; i < measured; i++) shapes_read(data, i, NULL, &sample);
    lathe_data_moments(shapes->kept.pixels, measured, data->channels, bytes / (size_t)data->channels,
        data->mean, data->std);
    return LATHE_OK;
}

lathe_dataset *lathe_data_shapes(lathe_split split, const lathe_shapes_opts *opts)
{
    static const lathe_shapes_opts none;
    if (!opts) opts = &none;
    if (check(split, opts)) return NULL;
    lathe_dataset *data = lathe_alloc(1, sizeof *data);
    if (!data) return NULL;
    int size = opts->size ? opts->size : opts->objects ? 64 : opts->colour ? 32 : 28;
    size_t count =
        split == LATHE_SPLIT_TRAIN ? (opts->objects ? 4000 : 10000) : (opts->objects ? 1000 : 2000);
    *data = (lathe_dataset){ .type = &shapes_type,
        .channels = opts->colour ? 3 : 1,
        .height = size,
        .width = size,
        .count = opts->count ? opts->count : count,
        .classes = LATHE_SHAPES_CLASSES,
        .class_names = lathe_shapes_names,
        .task = "classify" };
    if (opts->objects) {
        data->task = "tags"; /* which shapes can be seen */
        data->targets_each = LATHE_SHAPES_CLASSES;
        data->objects_most = LATHE_SHAPES_MOST;
        data->instance_masks = true;
    }
    if (!furnish(data, split, opts)) return data;
    lathe_data_free(data);
    return NULL;
}

static lathe_dataset *open_shapes(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    const char *word = argument ? argument : opts->channels == 3 ? "colour" : "grey";
    bool objects = !strcmp(word, "objects");
    bool colour = objects ? opts->channels != 1 : !strcmp(word, "colour") || !strcmp(word, "color");
    if (!objects && !colour && strcmp(word, "grey") && strcmp(word, "gray")) {
        lathe_fail(LATHE_EARG, "shapes: '%s' is not one of grey, colour, objects", word);
        return NULL;
    }
    if (opts->channels && opts->channels != (colour ? 3 : 1)) {
        lathe_fail(LATHE_EARG, "shapes: pictures have %d channels, %d were asked for", colour ? 3 : 1,
            opts->channels);
        return NULL;
    }
    return lathe_data_shapes(split,
        &(lathe_shapes_opts){ .objects = objects, .colour = colour, .size = opts->size, .seed = opts->seed });
}

const lathe_data_source lathe_shapes_source = {
    .name = "shapes",
    .argument = "[grey|colour|objects]",
    .help = "ten drawn shapes, generated: needs no files; objects: up to six a picture, with boxes",
    .open = open_shapes,
};
