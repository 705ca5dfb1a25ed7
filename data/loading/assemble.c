#include "assemble_impl.h"

#include <string.h>

#include "../../core/alloc.h"
#include "../../core/kernels/planes/bytes.h"
#include "../transforms/mix_impl.h"
#include "../transforms/whole_impl.h"

static int blocks_of(const lathe_recipe *recipe, int size)
{
    return recipe->plain ? size : (size - 1) / LATHE_LANES + 1;
}

int lathe_slot_blocks(const lathe_slot *slot, const lathe_recipe *recipe)
{
    return blocks_of(recipe, slot->batch.size);
}

lathe_status lathe_slot_init(lathe_slot *slot, const lathe_recipe *recipe, int size)
{
    size_t picture = (size_t)recipe->channels * (size_t)recipe->height * (size_t)recipe->width;
    size_t stored = (size_t)blocks_of(recipe, size) * (recipe->plain ? 1 : LATHE_LANES);
    size_t bytes;
    if (!lathe_size_mul(picture, sizeof(lathe_real), &bytes))
        return lathe_fail(LATHE_ENOMEM, "loader: a picture of %zu numbers is more than an address space",
            picture);
    *slot = (lathe_slot){ .images = lathe_alloc_raw(stored, bytes),
        .labels = lathe_alloc(lathe_times(stored, recipe->answers), sizeof(int)),
        .indices = lathe_alloc(stored, sizeof(size_t)),
        .scratch = lathe_alloc_raw(stored, recipe->scratch),
        .failed = lathe_alloc((size_t)blocks_of(recipe, size), sizeof(bool)) };
    bool mixing = recipe->mixes > 1 && lathe_data_labels_only(recipe->data);
    if (mixing) {
        slot->other_labels = lathe_alloc(stored, sizeof(int));
        slot->share = lathe_alloc(stored, sizeof(lathe_real));
    }
    lathe_status status = lathe_object_room_init(&slot->objects, recipe->data, (size_t)recipe->mixes, stored,
        (size_t)recipe->height * (size_t)recipe->width);
    if (!status && slot->images && slot->labels && slot->indices && slot->scratch && slot->failed &&
        (!mixing || (slot->other_labels && slot->share)))
        return LATHE_OK;
    lathe_slot_free(slot);
    return LATHE_ENOMEM;
}

void lathe_slot_free(lathe_slot *slot)
{
    lathe_free(slot->images);
    lathe_free(slot->labels);
    lathe_free(slot->other_labels);
    lathe_free(slot->share);
    lathe_free(slot->indices);
    lathe_free(slot->scratch);
    lathe_free(slot->failed);
    lathe_object_room_free(&slot->objects);
    *slot = (lathe_slot){ 0 };
}

/* numbers[p][lane] = source[lane][p] * scale[lane] + offset[lane] for `count` pixels p. */
static void interleave(const uint8_t *const source[LATHE_LANES], size_t count,
    const lathe_real *restrict scale, const lathe_real *restrict offset, lathe_real *restrict numbers)
{
    for (size_t begin = 0; begin < count; begin += 16) {
        size_t width = count - begin < 16 ? count - begin : 16;
        bytes16 row[16];
        for (int lane = 0; lane < 16; lane++) row[lane] = load_bytes(source[lane] + begin, width);
        transpose_bytes(row);
        for (size_t i = 0; i < width; i++)
            for (int lane = 0; lane < LATHE_LANES; lane++)
                numbers[(begin + i) * LATHE_LANES + (size_t)lane] =
                    (lathe_real)row[i][lane] * scale[lane] + offset[lane];
    }
}

/* A picture of the sample, or its mask, transformed; in work space, or itself if there are no transforms. */
static lathe_status transform(const lathe_recipe *recipe, uint64_t epoch, size_t index, lathe_image in,
    uint8_t *scratch, lathe_image *out)
{
    *out = in;
    if (!recipe->transforms) return LATHE_OK;
    if (recipe->still) return lathe_transforms_still(recipe->transforms, &in, scratch, out);
    return lathe_transforms_apply_from(recipe->transforms, recipe->whole, recipe->seed, epoch, index, &in,
        scratch, out);
}

/* The sample's objects, moved as its picture is. */
static lathe_status move_objects(const lathe_recipe *recipe, uint64_t epoch, size_t index,
    const lathe_sample *sample, lathe_object_list *objects)
{
    lathe_status status = lathe_objects_copy(recipe->data, index, sample, objects);
    if (status) return status;
    objects->min_visible = recipe->min_visible;
    if (recipe->still)
        return lathe_transforms_move_still(recipe->transforms, sample->height, sample->width, objects);
    return lathe_transforms_move(recipe->transforms, recipe->seed, epoch, index, sample->height,
        sample->width, objects);
}

/* Read sample `index`, or the crop of its photograph that the first transform draws. */
static lathe_status read_sample(const lathe_recipe *recipe, uint64_t epoch, size_t index, uint8_t *scratch,
    lathe_sample *sample)
{
    const lathe_dataset *data = recipe->data;
    if (!recipe->whole) return data->type->read(data, index, scratch, sample);
    const lathe_whole_crop crop = { &recipe->transforms->step[0], data, recipe->seed, epoch, index };
    const lathe_part part = lathe_whole_crop_part(&crop);
    return data->type->read_part(data, index, &part, scratch, sample);
}

/* Sample `index` and its view, transformed, in a sample's work space. view->objects is an empty list. */
static lathe_status read_view(const lathe_recipe *recipe, uint64_t epoch, size_t index, uint8_t *scratch,
    lathe_sample *sample, lathe_view *view)
{
    lathe_status status = read_sample(recipe, epoch, index, scratch, sample);
    if (status) return status;
    const lathe_image picture = { sample->channels, sample->height, sample->width, (uint8_t *)sample->pixels,
        LATHE_NO_MASK }; /* only read, as are the masks */
    lathe_image mask = { 1, sample->height, sample->width, (uint8_t *)sample->mask, LATHE_CLASS_MASK };
    uint8_t *end = scratch + recipe->sample_scratch;
    view->mask = view->instances = (lathe_image){ 0 };
    status = transform(recipe, epoch, index, picture, scratch + recipe->read_scratch, &view->picture);
    if (sample->mask && !status)
        status = transform(recipe, epoch, index, mask, end - recipe->mask_scratch, &view->mask);
    if (!recipe->data->objects_most || status) return status;
    mask.pixels = (uint8_t *)sample->objects.instances;
    mask.mask = LATHE_INSTANCE_MASK;
    if (recipe->data->instance_masks)
        status = transform(recipe, epoch, index, mask, end - (sample->mask ? 2 : 1) * recipe->mask_scratch,
            &view->instances);
    return status ? status : move_objects(recipe, epoch, index, sample, &view->objects);
}

/* Mix other samples into image `place`, whose view is view[0]; view[0] is the result then. */
static lathe_status mix_image(lathe_slot *slot, const lathe_recipe *recipe, size_t place,
    lathe_view view[LATHE_MIX_MOST])
{
    lathe_mixing mixing = lathe_mixing_at(recipe->transforms, recipe->seed, slot->batch.epoch,
        slot->indices[place], recipe->data->count);
    if (slot->other_labels) slot->other_labels[place] = slot->labels[place], slot->share[place] = 1;
    if (!mixing.step) return LATHE_OK;
    uint8_t *scratch = slot->scratch + place * recipe->scratch,
            *samples = scratch + recipe->scratch - (size_t)recipe->mixes * recipe->sample_scratch;
    lathe_view made = view[0];
    made.objects.count = 0;
    double share = 1;
    int other = 0;
    for (int k = 1; k < mixing.step->type->mixes; k++) {
        lathe_sample sample;
        view[k].objects = lathe_object_room_list(&slot->objects, place, (size_t)k);
        lathe_status status = read_view(recipe, slot->batch.epoch, mixing.partner[k - 1],
            samples + (size_t)k * recipe->sample_scratch, &sample, &view[k]);
        if (status) return status;
        if (k == 1) other = sample.label;
        for (size_t i = 0; i < recipe->answers && sample.targets; i++) /* classes of all pictures */
            slot->labels[place * recipe->answers + i] |= sample.targets[i];
    }
    size_t area = (size_t)recipe->height * (size_t)recipe->width;
    made.picture.pixels = scratch;
    scratch += area * (size_t)recipe->channels;
    if (made.mask.pixels) made.mask.pixels = scratch, scratch += area;
    if (made.instances.pixels) made.instances.pixels = scratch;
    mixing.step->type->mix(mixing.step->opts, &mixing.rng, view, &made, &share);
    if (slot->other_labels) slot->other_labels[place] = other, slot->share[place] = (lathe_real)share;
    view[0] = made;
    return LATHE_OK;
}

/* The objects of an image that is made, and its instance mask, in which those that were left out are gone. */
static void keep_objects(lathe_slot *slot, size_t place, lathe_view *view)
{
    lathe_object_room *room = &slot->objects;
    uint8_t number[256];
    lathe_objects_number(&view->objects, 1, number);
    room->count[place] = view->objects.count;
    size_t area = (size_t)view->instances.height * (size_t)view->instances.width;
    for (size_t i = 0; room->instances && i < area; i++)
        room->instances[place * area + i] = number[view->instances.pixels[i]];
}

/* The pixels of one image of the batch, read, transformed and mixed, and its labels. */
static lathe_status make_image(lathe_slot *slot, const lathe_recipe *recipe, size_t place,
    const uint8_t **pixels)
{
    uint8_t *own =
        slot->scratch + (place + 1) * recipe->scratch - (size_t)recipe->mixes * recipe->sample_scratch;
    int *labels = slot->labels + place * recipe->answers;
    lathe_sample sample;
    lathe_view view[LATHE_MIX_MOST];
    view[0].objects = lathe_object_room_list(&slot->objects, place, 0);
    lathe_status status = read_view(recipe, slot->batch.epoch, slot->indices[place], own, &sample, &view[0]);
    if (status) return status;
    if (sample.targets) memcpy(labels, sample.targets, recipe->answers * sizeof *labels);
    else *labels = sample.label;
    if (recipe->mixes > 1) status = mix_image(slot, recipe, place, view);
    if (status) return status;
    for (size_t i = 0; i < recipe->answers && sample.mask; i++) labels[i] = view[0].mask.pixels[i];
    if (recipe->data->objects_most) keep_objects(slot, place, &view[0]);
    *pixels = view[0].picture.pixels;
    return LATHE_OK;
}

/* numbers[p] = source[p] * scale + offset */
static void normalise(const uint8_t *restrict source, size_t count, lathe_real scale, lathe_real offset,
    lathe_real *restrict numbers)
{
    for (size_t i = 0; i < count; i++) numbers[i] = (lathe_real)source[i] * scale + offset;
}

static lathe_status fill_plain(lathe_slot *slot, const lathe_recipe *recipe, size_t place)
{
    size_t area = (size_t)recipe->height * (size_t)recipe->width;
    const uint8_t *pixels;
    lathe_status status = make_image(slot, recipe, place, &pixels);
    lathe_real *image = slot->images + place * area * (size_t)recipe->channels;
    for (size_t c = 0; c < (size_t)recipe->channels && !status; c++)
        normalise(pixels + c * area, area, recipe->scale[c], recipe->offset[c], image + c * area);
    return status;
}

lathe_status lathe_slot_fill(lathe_slot *slot, const lathe_recipe *recipe, int block)
{
    if (recipe->plain) return fill_plain(slot, recipe, (size_t)block);
    size_t area = (size_t)recipe->height * (size_t)recipe->width, picture = area * (size_t)recipe->channels;
    const uint8_t *pixels[LATHE_LANES];
    int used = slot->batch.size - block * LATHE_LANES;
    if (used > LATHE_LANES) used = LATHE_LANES;
    for (int lane = 0; lane < used; lane++) {
        lathe_status status =
            make_image(slot, recipe, (size_t)block * LATHE_LANES + (size_t)lane, &pixels[lane]);
        if (status) return status;
    }
    for (int lane = used; lane < LATHE_LANES; lane++) pixels[lane] = pixels[0];
    for (int channel = 0; channel < recipe->channels; channel++) {
        lathe_real scale[LATHE_LANES] = { 0 }, offset[LATHE_LANES] = { 0 }; /* 0 for the tail lanes */
        for (int lane = 0; lane < used; lane++) {
            scale[lane] = recipe->scale[channel];
            offset[lane] = recipe->offset[channel];
        }
        interleave(pixels, area, scale, offset,
            slot->images + ((size_t)block * picture + (size_t)channel * area) * LATHE_LANES);
        for (int lane = 0; lane < LATHE_LANES; lane++) pixels[lane] += area;
    }
    return LATHE_OK;
}
