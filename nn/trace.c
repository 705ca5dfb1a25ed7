#include "trace_impl.h"

#include <stdio.h>

#include "../core/replay_impl.h"
#include "layer_impl.h"

lathe_trace *lathe_trace_of(lathe_layer *net, lathe_tensor *x)
{
    lathe_trace *trace = x ? lathe_trace_new() : NULL;
    if (!trace) return NULL;
    lathe_status status = lathe_trace_input(trace, x);
    lathe_trace_open(trace, x->tape);
    lathe_tensor *y = lathe_nn_forward(net, x);
    if (lathe_trace_close(trace, x->tape, y) || status || !y || lathe_tape_status(x->tape)) {
        lathe_trace_free(trace);
        return NULL;
    }
    return trace;
}

/* The trace of one image of zeros, or of its shape alone; NULL after a failure. */
static lathe_trace *trace_image(lathe_layer *net, lathe_shape image, bool rehearse)
{
    lathe_tape *tape = lathe_tape_new(NULL);
    if (!tape) return NULL;
    lathe_shape batch = { image.rank + 1, { 1 } };
    for (int i = 0; i < image.rank; i++) batch.dim[i + 1] = image.dim[i];
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tape_rehearse(tape, rehearse);
    lathe_trace *trace = lathe_trace_of(net, lathe_tape_leaf(tape, LATHE_BATCHED, batch, NULL));
    lathe_tape_free(tape);
    return trace;
}

lathe_trace *lathe_trace_shapes(lathe_layer *net, lathe_shape image, bool *reads_numbers)
{
    const char *message;
    lathe_status problem = lathe_layer_problem(net, &message);
    *reads_numbers = false;
    if (!problem && (image.rank < 1 || image.rank >= LATHE_MAX_RANK)) {
        problem = LATHE_ESHAPE;
        message = "an image has 1 to 4 dimensions";
    }
    if (problem) return lathe_fail(problem, "lathe_nn_trace: %s", message), NULL;
    bool failed = lathe_error(), held = lathe_error_hold(true);
    lathe_trace *trace = trace_image(net, image, true);
    lathe_error_hold(held);
    if (trace) return trace;
    *reads_numbers = lathe_error() == LATHE_ESTATE;
    if (*reads_numbers) {
        if (!failed) lathe_error_clear();
        return NULL;
    }
    char text[LATHE_MESSAGE_SIZE];
    snprintf(text, sizeof text, "%s", lathe_error_message());
    return lathe_fail(lathe_error(), "%s", text), NULL;
}

/* Shapes are enough for most nets, and take neither time nor memory; a layer may read numbers. */
lathe_trace *lathe_nn_trace(lathe_layer *net, lathe_shape image)
{
    bool reads_numbers;
    lathe_trace *trace = lathe_trace_shapes(net, image, &reads_numbers);
    return trace || !reads_numbers ? trace : trace_image(net, image, false);
}
