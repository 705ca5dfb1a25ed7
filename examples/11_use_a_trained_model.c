/*
 * A trained model in a program of one's own: the pixels come from anywhere in memory, here from a
 * file. The model is a run folder or one checkpoint; its data are not needed.
 *
 *     11_use_a_trained_model RUN PICTURE, such as 11_use_a_trained_model runs/first shirt.png
 */
#include <lathe/lathe.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    lathe_on_error(lathe_die);
    if (argc != 3) return printf("usage: 11_use_a_trained_model RUN PICTURE\n"), 2;
    lathe_trained *model = lathe_trained_open(argv[1], NULL);
    lathe_picture picture = { 0 };
    lathe_picture_read(argv[2], NULL, &picture);

    double *probabilities = malloc((size_t)model->data.classes * sizeof *probabilities);
    lathe_predict_pixels(model,
        picture.pixels,
        picture.height,
        picture.width,
        picture.channels,
        probabilities);

    int best = 0;
    for (int k = 1; k < model->data.classes; k++)
        if (probabilities[k] > probabilities[best]) best = k;
    printf("%s %.1f %%\n", model->data.class_names[best], 100 * probabilities[best]);

    free(probabilities);
    lathe_picture_free(&picture);
    lathe_trained_free(model);
    return lathe_error() != LATHE_OK;
}
