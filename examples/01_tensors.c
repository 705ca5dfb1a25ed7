/*
 * Tensors: numbers with a shape, on a tape. Run it and compare with the comments.
 */
#include <lathe/lathe.h>

#include <stdio.h>

static void print(const char *name, const lathe_tensor *tensor)
{
    lathe_real values[64];
    char shape[LATHE_SHAPE_TEXT];
    size_t count = lathe_shape_count(&tensor->shape);
    lathe_tensor_read(tensor,
        values,
        count); /* always in row-major order, however the numbers lie in memory */
    printf("%-8s %-12s", name, lathe_shape_text(&tensor->shape, shape));
    for (size_t i = 0; i < count; i++) printf(" %6.2f", (double)values[i]);
    printf("\n");
}

int main(void)
{
    lathe_on_error(lathe_die); /* a mistake prints itself and stops */

    /* Everything computed lives on a tape until the next lathe_tape_begin. */
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);

    /* Two images of three features: batched, so that sixteen images lie interleaved in memory. */
    const lathe_real pixels[] = { 1, -2, 3, -4, 5, -6 };
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { 2, 3 } }, pixels);
    print("x", x);
    print("relu", lathe_relu(x));       /* 1 0 3 0 5 0 */
    print("x + x", lathe_add(x, x));    /* 2 -4 6 -8 10 -12 */
    print("softmax", lathe_softmax(x)); /* each row sums to 1 */

    /* y = x w' + b: the shapes must fit, or one line says which do not. */
    const lathe_real weight[] = { 1, 0, 0, 0, 1, 1 }, bias[] = { 10, 20 };
    lathe_tensor *w = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 2, { 2, 3 } }, weight);
    lathe_tensor *b = lathe_tape_leaf(tape, LATHE_PLAIN, (lathe_shape){ 1, { 2 } }, bias);
    print("linear", lathe_linear(x, w, b)); /* 11 21 / 6 19 */
    print("mean", lathe_mean(x));           /* -0.50 */

    lathe_on_error(NULL);
    lathe_tensor *wrong = lathe_linear(x, b, NULL);
    printf("%s: %s\n", wrong ? "no error?" : lathe_status_name(lathe_error()), lathe_error_message());
    lathe_error_clear(); /* this one was meant */

    lathe_tape_free(tape);
    return lathe_error() != LATHE_OK;
}
