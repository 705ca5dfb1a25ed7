/*
 * Gradients: fit a line through points by hand-written gradient descent. The tape remembers what was
 * computed; lathe_backward walks it from the loss back.
 */
#include <lathe/lathe.h>

#include <stdio.h>

enum { POINTS = 8, STEPS = 200 };

int main(void)
{
    lathe_on_error(lathe_die);

    /* Points on y = 2 x - 1. */
    lathe_real x_values[POINTS], y_values[POINTS];
    for (int i = 0; i < POINTS; i++) {
        x_values[i] = (lathe_real)i / POINTS;
        y_values[i] = 2 * x_values[i] - 1;
    }

    lathe_real slope = 0, offset = 0;
    const lathe_real rate = (lathe_real)0.5;
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int step = 0; step <= STEPS; step++) {
        lathe_tape_begin(tape, LATHE_TRAIN); /* LATHE_TRAIN: record what follows */
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { POINTS, 1 } }, x_values);
        lathe_tensor *y = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { POINTS, 1 } }, y_values);
        lathe_tensor *w = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 2, { 1, 1 } }, &slope);
        lathe_tensor *b = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { 1 } }, &offset);
        w->needs_grad = b->needs_grad = true;

        lathe_tensor *loss = lathe_mse(lathe_linear(x, w, b), y, LATHE_REDUCE_MEAN);
        lathe_backward(loss);

        lathe_real slope_gradient, offset_gradient;
        lathe_tensor_read_grad(w, &slope_gradient, 1);
        lathe_tensor_read_grad(b, &offset_gradient, 1);
        if (step % 40 == 0)
            printf("step %3d  loss %.6f  y = %.3f x %+.3f\n",
                step,
                lathe_item(loss),
                (double)slope,
                (double)offset);
        slope -= rate * slope_gradient;
        offset -= rate * offset_gradient;
    }
    lathe_tape_free(tape);
    return lathe_error() != LATHE_OK;
}
