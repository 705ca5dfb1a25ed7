#include "shape.h"

#include <limits.h>
#include <string.h>

#include "../alloc.h"
#include "op_impl.h"

static lathe_status reshape_backward(lathe_node *node)
{
    lathe_grad_pass(node->out, node->in[0]);
    return LATHE_OK;
}

const lathe_op lathe_reshape_op = { "reshape", reshape_backward };

static lathe_tensor *view(lathe_tape *tape, lathe_tensor *x, lathe_shape shape)
{
    lathe_tensor *y = lathe_tape_view(tape, x, shape);
    return y ? lathe_tape_record(tape, &lathe_reshape_op, y, &x, 1, NULL) : NULL;
}

lathe_tensor *lathe_flatten(lathe_tensor *x)
{
    lathe_tape *tape = lathe_tape_of("lathe_flatten", &x, 1);
    if (!tape) return NULL;
    if (x->shape.rank < 1) return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_flatten: x is a single number, without a batch to keep");
    size_t per_image = lathe_tensor_per_image(x);
    if (per_image > INT_MAX)
        return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_flatten: %zu numbers an image do not fit one dimension", per_image);
    return view(tape, x, (lathe_shape){ 2, { x->shape.dim[0], (int)per_image } });
}

/* Replace a dimension of -1 by what is left. False if the shape is none, or does not hold `count` numbers. */
static bool fill_in(lathe_shape *shape, size_t count)
{
    int *open = NULL;
    size_t known = 1;
    if (shape->rank < 0 || shape->rank > LATHE_MAX_RANK) return false;
    for (int i = 0; i < shape->rank; i++) {
        int *dim = &shape->dim[i];
        if (*dim == -1 && !open) open = dim;
        else if (*dim < 1 || !lathe_size_mul(known, (size_t)*dim, &known)) return false;
    }
    if (!open) return known == count;
    if (count % known || count / known < 1 || count / known > INT_MAX) return false;
    *open = (int)(count / known);
    return true;
}

lathe_tensor *lathe_reshape(lathe_tensor *x, lathe_shape shape)
{
    lathe_tape *tape = lathe_tape_of("lathe_reshape", &x, 1);
    if (!tape) return NULL;
    char from[LATHE_SHAPE_TEXT], to[LATHE_SHAPE_TEXT];
    size_t count = lathe_shape_count(&x->shape);
    lathe_shape filled = shape;
    if (!fill_in(&filled, count))
        return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_reshape: %s does not hold the %zu numbers of x, %s",
            lathe_shape_text(&shape, to), count, lathe_shape_text(&x->shape, from));
    if (x->layout == LATHE_BATCHED && (filled.rank < 1 || filled.dim[0] != x->shape.dim[0]))
        return lathe_tape_fail(tape, LATHE_ESHAPE, "lathe_reshape: %s does not keep the batch of x, %s",
            lathe_shape_text(&shape, to), lathe_shape_text(&x->shape, from));
    return view(tape, x, filled);
}
