#include "transform.h"

#include "../../core/alloc.h"
#include "transform_impl.h"

const lathe_field lathe_no_fields[] = { { 0 } };

void lathe_transforms_free(lathe_transforms *transforms)
{
    if (!transforms) return;
    for (int i = 0; i < transforms->count; i++) lathe_free(transforms->step[i].opts);
    lathe_free(transforms->step);
    lathe_free(transforms);
}

/* ---- sizes --------------------------------------------------------------------------------------------- */

/* A size that passes through the steps, and the largest number of bytes of a picture on the way. */
typedef struct lathe_sizes {
    const lathe_step *step;
    int channels, height, width;
    size_t most;
} lathe_sizes;

static lathe_status follow_list(lathe_sizes *sizes, int begin, int end);

static lathe_status follow_type(lathe_sizes *sizes, const lathe_step *step)
{
    lathe_status status = step->type->size ?
        step->type->size(step->opts, sizes->channels, &sizes->height, &sizes->width) :
        LATHE_OK;
    if (status) return status;
    if (sizes->height < 1 || sizes->width < 1 || sizes->height > LATHE_IMAGE_SIDE_MAX ||
        sizes->width > LATHE_IMAGE_SIDE_MAX)
        return lathe_fail(LATHE_ESHAPE, "%s: pictures of %d x %d would come out, sides can be 1 to %d",
            step->type->name, sizes->height, sizes->width, LATHE_IMAGE_SIDE_MAX);
    size_t bytes = (size_t)sizes->channels * (size_t)sizes->height * (size_t)sizes->width;
    if (bytes > sizes->most) sizes->most = bytes;
    return LATHE_OK;
}

/* Check that every member of a group gives the same size. */
static lathe_status follow_group(lathe_sizes *sizes, int number)
{
    const lathe_step *step = &sizes->step[number];
    lathe_sizes before = *sizes, first = { 0 };
    lathe_status status = LATHE_OK;
    if (step->group == LATHE_STEP_SEQUENCE) status = follow_list(sizes, number + 1, step->end);
    for (int i = number + 1; step->group == LATHE_STEP_ONE_OF && i < step->end && !status;
         i = sizes->step[i].end) {
        sizes->height = before.height;
        sizes->width = before.width;
        status = follow_list(sizes, i, sizes->step[i].end);
        if (!first.height) first = *sizes;
        if (!status && (sizes->height != first.height || sizes->width != first.width))
            status = lathe_fail(LATHE_ESHAPE, "one_of: %d x %d would come out of one, %d x %d of another",
                first.height, first.width, sizes->height, sizes->width);
    }
    if (!status && step->p < 1 && (sizes->height != before.height || sizes->width != before.width))
        status = lathe_fail(LATHE_ESHAPE, "%s: p = %g, but it decides the size, so that p can only be 1",
            lathe_step_name(step), step->p);
    return status;
}

static lathe_status follow_list(lathe_sizes *sizes, int begin, int end)
{
    lathe_status status = LATHE_OK;
    for (int i = begin; i < end && !status; i = sizes->step[i].end)
        status = sizes->step[i].type ? follow_type(sizes, &sizes->step[i]) : follow_group(sizes, i);
    return status;
}

static lathe_status follow(const lathe_transforms *transforms, int first, lathe_sizes *sizes)
{
    if (!transforms) return LATHE_OK;
    sizes->step = transforms->step;
    return follow_list(sizes, first, transforms->count);
}

lathe_status lathe_transforms_size(const lathe_transforms *transforms, int channels, int *height, int *width)
{
    if (!height || !width) return lathe_fail_null("lathe_transforms_size", !height ? "height" : "width");
    lathe_sizes sizes = { .channels = channels, .height = *height, .width = *width };
    lathe_status status = follow(transforms, 0, &sizes);
    *height = sizes.height;
    *width = sizes.width;
    return status;
}

/* Bytes of work space from step `first` on: two buffers, from one to the other. */
static size_t scratch_from(const lathe_transforms *transforms, int first, int channels, int height, int width)
{
    lathe_sizes sizes = { .channels = channels, .height = height, .width = width };
    return follow(transforms, first, &sizes) ? 0 : 2 * sizes.most;
}

size_t lathe_transforms_scratch(const lathe_transforms *transforms, int channels, int height, int width)
{
    return scratch_from(transforms, 0, channels, height, width);
}

/* ---- pictures ------------------------------------------------------------------------------------------ */

/* Added to a step's stream. */
static uint64_t epoch_stream(uint64_t epoch) { return (epoch + 1) * 0x9E3779B97F4A7C15u; }

lathe_rng lathe_transform_rng(const lathe_step *step, uint64_t seed, uint64_t epoch, uint64_t index)
{
    return lathe_rng_at(seed, step->stream + epoch_stream(epoch), index);
}

/* One picture on its way, or only its size, with the objects that are moved instead of its pixels. */
typedef struct lathe_pass {
    const lathe_step *step;
    bool still;
    uint64_t seed, stream, index;
    uint8_t *buffer[2];
    lathe_image now;
    lathe_object_list *objects;
} lathe_pass;

static lathe_status do_list(lathe_pass *pass, int begin, int end);

static lathe_status do_type(lathe_pass *pass, const lathe_step *step, lathe_rng *rng)
{
    const lathe_transform_type *type = step->type;
    bool random = type->apply && !pass->still;
    if (!random && !type->still) return LATHE_OK;
    if (type->pixels_only && (pass->now.mask || pass->objects)) return LATHE_OK;
    lathe_image next = pass->now;
    next.pixels = pass->buffer[pass->now.pixels == pass->buffer[0]];
    lathe_status status =
        type->size ? type->size(step->opts, next.channels, &next.height, &next.width) : LATHE_OK;
    if (!status && pass->objects) {
        double m[6];
        type->affine(step->opts, random ? rng : NULL, &pass->now, &next, m);
        lathe_objects_map(pass->objects, m, next.height, next.width);
    } else if (!status)
        status = random ? type->apply(step->opts, rng, &pass->now, &next) :
                          type->still(step->opts, &pass->now, &next);
    if (!status) pass->now = next;
    return status;
}

/* Choose a member of a one_of by their probabilities. */
static int choose(const lathe_pass *pass, int number, lathe_rng *rng)
{
    double sum = 0, before = 0;
    const lathe_step *step = pass->step;
    int chosen = number + 1;
    for (int i = number + 1; i < step[number].end; i = step[i].end) sum += step[i].p;
    double at = lathe_rng_uniform(rng) * sum;
    for (int i = number + 1; i < step[number].end; i = step[i].end) {
        if (at >= before) chosen = i;
        before += step[i].p;
    }
    return chosen;
}

/* Apply step `number`; `sure`: with probability 1. */
static lathe_status do_step(lathe_pass *pass, int number, bool sure)
{
    const lathe_step *step = &pass->step[number];
    lathe_rng rng = lathe_rng_at(pass->seed, step->stream + pass->stream, pass->index);
    if (pass->still && step->p < 1 && !sure) return LATHE_OK;
    if (step->p < 1 && lathe_rng_uniform(&rng) >= step->p && !sure) return LATHE_OK;
    if (step->type) return do_type(pass, step, &rng);
    if (step->group == LATHE_STEP_SEQUENCE) return do_list(pass, number + 1, step->end);
    return do_step(pass, pass->still ? number + 1 : choose(pass, number, &rng), true);
}

static lathe_status do_list(lathe_pass *pass, int begin, int end)
{
    lathe_status status = LATHE_OK;
    for (int i = begin; i < end && !status; i = pass->step[i].end) status = do_step(pass, i, false);
    return status;
}

static lathe_status run(const lathe_transforms *transforms, int first, lathe_pass *pass,
    const lathe_image *in, uint8_t *scratch, lathe_image *out)
{
    *out = *in;
    if (!transforms || first >= transforms->count) return LATHE_OK;
    size_t needed = scratch_from(transforms, first, in->channels, in->height, in->width);
    if (needed && !scratch) return lathe_fail_null("transforms", "scratch");
    pass->step = transforms->step;
    pass->now = *in;
    pass->buffer[0] = scratch;
    pass->buffer[1] = scratch + needed / 2;
    lathe_status status = do_list(pass, first, transforms->count);
    *out = pass->now;
    return status;
}

lathe_status lathe_transforms_apply_from(const lathe_transforms *transforms, int first, uint64_t seed,
    uint64_t epoch, uint64_t index, const lathe_image *in, uint8_t *scratch, lathe_image *out)
{
    return run(transforms, first,
        &(lathe_pass){ .seed = seed, .stream = epoch_stream(epoch), .index = index }, in, scratch, out);
}

lathe_status lathe_transforms_apply(const lathe_transforms *transforms, uint64_t seed, uint64_t epoch,
    uint64_t index, const lathe_image *in, uint8_t *scratch, lathe_image *out)
{
    if (!in || !out) return lathe_fail_null("lathe_transforms_apply", in ? "out" : "in");
    return lathe_transforms_apply_from(transforms, 0, seed, epoch, index, in, scratch, out);
}

lathe_status lathe_transforms_still(const lathe_transforms *transforms, const lathe_image *in,
    uint8_t *scratch, lathe_image *out)
{
    if (!in || !out) return lathe_fail_null("lathe_transforms_still", in ? "out" : "in");
    return run(transforms, 0, &(lathe_pass){ .still = true }, in, scratch, out);
}

/* ---- objects ------------------------------------------------------------------------------------------- */

lathe_status lathe_transforms_check_objects(const lathe_transforms *transforms)
{
    for (int i = 0; transforms && i < transforms->count; i++) {
        const lathe_transform_type *type = transforms->step[i].type;
        if (!type || type->pixels_only || type->affine || type->mixes_objects) continue;
        return lathe_fail(LATHE_EARG, "%s: is not for data with objects: %s", type->name,
            type->no_objects ? type->no_objects : "it does not move pixels by an affine map");
    }
    return LATHE_OK;
}

static lathe_status move(const lathe_transforms *transforms, lathe_pass *pass, int height, int width,
    lathe_object_list *objects)
{
    lathe_status status = lathe_transforms_check_objects(transforms);
    if (!status) status = lathe_transforms_size(transforms, 1, &(int){ height }, &(int){ width });
    if (status) return status;
    pass->now = (lathe_image){ .channels = 1, .height = height, .width = width };
    pass->objects = objects;
    if (transforms) {
        pass->step = transforms->step;
        status = do_list(pass, 0, transforms->count);
    }
    if (!status) lathe_objects_drop(objects);
    return status;
}

lathe_status lathe_transforms_move(const lathe_transforms *transforms, uint64_t seed, uint64_t epoch,
    uint64_t index, int height, int width, lathe_object_list *objects)
{
    if (!objects) return lathe_fail_null("lathe_transforms_move", "objects");
    return move(transforms, &(lathe_pass){ .seed = seed, .stream = epoch_stream(epoch), .index = index },
        height, width, objects);
}

lathe_status lathe_transforms_move_still(const lathe_transforms *transforms, int height, int width,
    lathe_object_list *objects)
{
    if (!objects) return lathe_fail_null("lathe_transforms_move_still", "objects");
    return move(transforms, &(lathe_pass){ .still = true }, height, width, objects);
}
