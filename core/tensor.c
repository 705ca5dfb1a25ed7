#include "tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "chain_impl.h"
#include "tape.h"

/* The dimension that is rounded up to sixteen; -1: none. */
static int lane_dimension(lathe_layout layout)
{
    return layout == LATHE_BATCHED ? 0 : layout == LATHE_CHANNELS ? 1 : -1;
}

static int sixteens(int count) { return (count - 1) / LATHE_LANES + 1; }

static bool rank_is_fine(int rank, lathe_layout layout)
{
    if (rank < 0 || rank > LATHE_MAX_RANK)
        lathe_fail(LATHE_ESHAPE, "shape: rank %d is outside 0 to %d", rank, LATHE_MAX_RANK);
    else if (layout == LATHE_BATCHED && rank == 0)
        lathe_fail(LATHE_ESHAPE, "shape: a batched tensor needs a batch dimension, but its rank is 0");
    else if (layout == LATHE_CHANNELS && rank != 4)
        lathe_fail(LATHE_ESHAPE, "shape: rank %d, but channels lie abreast only in [B, C, H, W]", rank);
    else return true;
    return false;
}

size_t lathe_shape_stored(const lathe_shape *shape, lathe_layout layout)
{
    if (!shape) return lathe_fail_null("lathe_shape_stored", "shape"), 0;
    char text[LATHE_SHAPE_TEXT];
    if (layout != LATHE_PLAIN && layout != LATHE_BATCHED && layout != LATHE_CHANNELS) {
        lathe_fail(LATHE_ESHAPE, "shape: layout %d is none of LATHE_PLAIN, LATHE_BATCHED, LATHE_CHANNELS",
            (int)layout);
        return 0;
    }
    if (!rank_is_fine(shape->rank, layout)) return 0;
    size_t count = 1;
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] < 1) {
            lathe_fail(LATHE_ESHAPE, "shape %s: dimension %d is below 1", lathe_shape_text(shape, text), i);
            return 0;
        }
        size_t dim = (size_t)shape->dim[i];
        if (i == lane_dimension(layout)) dim = (size_t)sixteens(shape->dim[i]) * LATHE_LANES;
        if (!lathe_size_mul(count, dim, &count)) {
            lathe_fail(LATHE_ESHAPE, "shape %s: more numbers than an address space holds",
                lathe_shape_text(shape, text));
            return 0;
        }
    }
    return count;
}

size_t lathe_shape_count(const lathe_shape *shape) { return lathe_shape_stored(shape, LATHE_PLAIN); }

bool lathe_shape_equal(const lathe_shape *a, const lathe_shape *b)
{
    if (!a || !b) return false;
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]);
}

const char *lathe_shape_text(const lathe_shape *shape, char text[LATHE_SHAPE_TEXT])
{
    if (!shape || !text) return lathe_fail_null("lathe_shape_text", !shape ? "shape" : "text"), NULL;
    int rank = shape->rank < 0 ? 0 : shape->rank > LATHE_MAX_RANK ? LATHE_MAX_RANK : shape->rank;
    size_t used = 0;
    text[used++] = '[';
    for (int i = 0; i < rank; i++)
        used += (size_t)snprintf(text + used, LATHE_SHAPE_TEXT - used, i ? ", %d" : "%d", shape->dim[i]);
    text[used++] = ']';
    text[used] = '\0';
    return text;
}

int lathe_tensor_blocks(const lathe_tensor *tensor)
{
    if (!tensor) return 0;
    return sixteens(tensor->shape.dim[0]);
}

size_t lathe_tensor_planes(const lathe_tensor *tensor)
{
    if (!tensor || tensor->shape.rank < 2) return 0;
    const int *dim = tensor->shape.dim;
    if (tensor->layout == LATHE_CHANNELS) return (size_t)dim[0] * (size_t)sixteens(dim[1]);
    return (size_t)sixteens(dim[0]) * (size_t)dim[1];
}

size_t lathe_tensor_per_image(const lathe_tensor *tensor)
{
    if (!tensor) return 0;
    size_t count = 1;
    for (int i = 1; i < tensor->shape.rank; i++) count *= (size_t)tensor->shape.dim[i];
    return count;
}

size_t lathe_tensor_place(const lathe_tensor *tensor, size_t index)
{
    if (!tensor) return 0;
    if (tensor->layout == LATHE_PLAIN) return index;
    size_t per = lathe_tensor_per_image(tensor), image = index / per;
    if (tensor->layout == LATHE_CHANNELS) {
        size_t channels = (size_t)tensor->shape.dim[1], plane = per / channels, channel = index % per / plane,
               block = image * (size_t)sixteens(tensor->shape.dim[1]) + channel / LATHE_LANES;
        return (block * plane + index % plane) * LATHE_LANES + channel % LATHE_LANES;
    }
    return (image / LATHE_LANES * per + index % per) * LATHE_LANES + image % LATHE_LANES;
}

bool lathe_tensor_is_tail(const lathe_tensor *tensor, size_t place)
{
    if (!tensor || tensor->layout == LATHE_PLAIN) return false;
    int count = tensor->shape.dim[lane_dimension(tensor->layout)], lane = (int)(place % LATHE_LANES);
    if (count % LATHE_LANES == 0 || lane < count % LATHE_LANES) return false;
    if (count < LATHE_LANES) return true;
    size_t per = lathe_tensor_per_image(tensor), block = place / LATHE_LANES / per,
           blocks = (size_t)sixteens(count);
    if (tensor->layout == LATHE_CHANNELS) block = place / LATHE_LANES / (per / (size_t)count) % blocks;
    return block == blocks - 1;
}

static lathe_status fail_empty(const char *what, const lathe_tensor *tensor)
{
    if (tensor->tape) {
        lathe_tape_fail(tensor->tape, LATHE_ESTATE, "%s: the tape rehearses; its tensors have no numbers",
            what);
        return lathe_error();
    }
    return lathe_fail(LATHE_ESTATE, "%s: parameter %s has no values yet: call lathe_nn_init first", what,
        tensor->name ? tensor->name : "?");
}

static lathe_status check_copy(const char *what, const lathe_tensor *tensor, const void *values, size_t count)
{
    if (!tensor || !values) return lathe_fail_null(what, tensor ? "values" : "tensor");
    lathe_status status = lathe_tape_check(what, "the tensor", tensor);
    if (status) return status;
    if (tensor->tape) lathe_chain_run(tensor->tape);
    if (!tensor->data) return fail_empty(what, tensor);
    size_t have = lathe_shape_count(&tensor->shape);
    char text[LATHE_SHAPE_TEXT];
    if (count != have)
        return lathe_fail(LATHE_ESHAPE, "%s: %zu numbers given, the tensor %s has %zu", what, count,
            lathe_shape_text(&tensor->shape, text), have);
    return LATHE_OK;
}

/* The same for what is done with data, which a norm may have left to its reader. */
static lathe_status check_numbers(const char *what, const lathe_tensor *tensor, const void *values,
    size_t count)
{
    lathe_status status = check_copy(what, tensor, values, count);
    if (status || !tensor->norm) return status;
    return lathe_fail(LATHE_ESTATE,
        "%s: the tensor is left to the convolution behind a batch norm: lathe_node_numbers computes it",
        what);
}

lathe_status lathe_tensor_read(const lathe_tensor *tensor, lathe_real *values, size_t count)
{
    lathe_status status = check_numbers("lathe_tensor_read", tensor, values, count);
    for (size_t i = 0; !status && i < count; i++) values[i] = tensor->data[lathe_tensor_place(tensor, i)];
    return status;
}

lathe_status lathe_tensor_write(lathe_tensor *tensor, const lathe_real *values, size_t count)
{
    lathe_status status = check_numbers("lathe_tensor_write", tensor, values, count);
    if (status) return status;
    if (tensor->stored != count) memset(tensor->data, 0, tensor->stored * sizeof *tensor->data);
    for (size_t i = 0; i < count; i++) tensor->data[lathe_tensor_place(tensor, i)] = values[i];
    return LATHE_OK;
}

lathe_status lathe_tensor_read_grad(const lathe_tensor *tensor, lathe_real *values, size_t count)
{
    lathe_status status = check_copy("lathe_tensor_read_grad", tensor, values, count);
    bool given = !status && tensor->grad && tensor->has_grad;
    for (size_t i = 0; !status && i < count; i++)
        values[i] = given ? tensor->grad[lathe_tensor_place(tensor, i)] : 0;
    return status;
}

double lathe_item(const lathe_tensor *tensor)
{
    if (!tensor) return lathe_fail_null("lathe_item", "tensor"), (double)NAN;
    char text[LATHE_SHAPE_TEXT];
    if (lathe_tape_check("lathe_item", "the tensor", tensor)) return NAN;
    if (tensor->tape) lathe_chain_run(tensor->tape);
    if (!tensor->data) fail_empty("lathe_item", tensor);
    else if (lathe_shape_count(&tensor->shape) == 1) return (double)tensor->data[0];
    else
        lathe_fail(LATHE_ESHAPE, "lathe_item: the tensor is %s, not a single number",
            lathe_shape_text(&tensor->shape, text));
    return NAN;
}
