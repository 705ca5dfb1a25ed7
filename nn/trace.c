#include "trace.h"

#include "layer_impl.h"

static lathe_status run_once(lathe_layer *net, const lathe_shape *image, lathe_trace *trace)
{
    lathe_tape *tape = lathe_tape_new(NULL);
    if (!tape) return lathe_error();
    lathe_shape batch = { image->rank + 1, { 1 } };
    for (int i = 0; i < image->rank; i++) batch.dim[i + 1] = image->dim[i];
    bool no_fusion = net->model->no_fusion;
    lathe_nn_fusion(net->model, false);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_trace_open(trace, tape);
    lathe_tensor *y = lathe_nn_forward(net, lathe_tape_leaf(tape, LATHE_BATCHED, batch, NULL));
    lathe_status status = lathe_trace_close(trace, tape, y);
    lathe_nn_fusion(net->model, !no_fusion);
    lathe_tape_free(tape);
    return y ? status : lathe_error();
}

lathe_trace *lathe_nn_trace(lathe_layer *net, lathe_shape image)
{
    const char *message;
    lathe_status problem = lathe_layer_problem(net, &message);
    if (!problem && (image.rank < 1 || image.rank >= LATHE_MAX_RANK)) {
        problem = LATHE_ESHAPE;
        message = "an image has 1 to 4 dimensions";
    }
    if (problem) return lathe_fail(problem, "lathe_nn_trace: %s", message), NULL;
    lathe_trace *trace = lathe_trace_new();
    if (trace && !run_once(net, &image, trace)) return trace;
    lathe_trace_free(trace);
    return NULL;
}
