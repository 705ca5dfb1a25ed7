/* A project of somebody else's: the gradient of sum(2 relu(x)) at x = (1, -2, 3, 4). */
#include <lathe/lathe.h>

#include <stdio.h>

int main(void)
{
    lathe_on_error(lathe_die);
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_TRAIN);
    const lathe_real values[] = { 1, -2, 3, 4 };
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { 4 } }, values);
    x->needs_grad = true;
    const lathe_real twos[] = { 2, 2, 2, 2 };
    lathe_backward_from(lathe_relu(x), twos, 4);
    lathe_real gradient[4];
    lathe_tensor_read_grad(x, gradient, 4);
    printf("%g %g %g %g\n", (double)gradient[0], (double)gradient[1], (double)gradient[2],
        (double)gradient[3]);
    lathe_tape_free(tape);
    return gradient[0] == 2 && gradient[1] == 0 ? 0 : 1;
}
