/*
 * Pictures a second through the loader: read, transformed, normalised, laid out in batches.
 *     bench_data [THREADS [FOLDER]]    threads [2]; FOLDER has class folders of JPEGs, 224 pixels and more
 * Each figure is the best of five epochs. Nothing of the folder is kept decoded but where the line says so.
 */
#include "bench_support.h"

#include <stdio.h>
#include <stdlib.h>

static double wall(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Pictures a second of the best epoch; 0 after a failure. */
static double measure(const lathe_dataset *data, const char *spec, int batch_size, int workers)
{
    double best = 0;
    lathe_transforms *transforms = lathe_transforms_parse(spec);
    lathe_loader *loader = transforms ? lathe_loader_new(data,
                                            &(lathe_loader_opts){ .batch_size = batch_size,
                                                .shuffle = true,
                                                .transforms = transforms,
                                                .seed = 1,
                                                .workers = workers }) :
                                        NULL;
    for (int epoch = 0; loader && epoch < 5; epoch++) {
        size_t count = 0;
        double begin = wall();
        for (lathe_batch batch; lathe_loader_next(loader, &batch);) count += (size_t)batch.size;
        double rate = (double)count / (wall() - begin);
        if (lathe_loader_status(loader)) break;
        if (rate > best) best = rate;
    }
    lathe_loader_free(loader);
    lathe_transforms_free(transforms);
    return best;
}

static int print(const char *what, const lathe_dataset *data, const char *spec, int batch_size, int threads)
{
    double pool = measure(data, spec, batch_size, 0), workers = measure(data, spec, batch_size, threads);
    if (pool == 0 || workers == 0) {
        fprintf(stderr, "%s: %s\n", what, lathe_error_message());
        return 1;
    }
    printf("%-14s %-32s %9.0f pictures/s on %d threads of the pool, %9.0f with %d workers\n", what, spec,
        pool, threads, workers, threads);
    return 0;
}

static int small_pictures(int threads)
{
    const size_t count = 50000, bytes = count * 3 * 32 * 32;
    uint8_t *pixels = malloc(bytes);
    int *labels = calloc(count, sizeof *labels);
    for (size_t i = 0; pixels && i < bytes; i++) pixels[i] = (uint8_t)(i * 2654435761u >> 24);
    lathe_dataset *data = pixels && labels ?
        lathe_data_memory(pixels, labels,
            &(lathe_memory_opts){ .count = count, .channels = 3, .height = 32, .width = 32, .classes = 10 }) :
        NULL;
    int failed = data ? print("memory 32x32", data, "crop:4,hflip", 128, threads) : 1;
    lathe_data_free(data);
    free(pixels);
    free(labels);
    return failed;
}

static int files(const char *folder, int threads, size_t cache_bytes, const char *what)
{
    lathe_dataset *data = lathe_data_folder(folder, LATHE_SPLIT_TRAIN,
        &(lathe_folder_opts){ .size = 224, .cache_bytes = cache_bytes });
    if (!data) {
        fprintf(stderr, "%s\n", lathe_error_message());
        return 1;
    }
    int failed = print(what, data, "random_resized_crop:224,hflip", 64, threads);
    lathe_data_free(data);
    return failed;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (lathe_threads_set(NULL, threads)) return 1;
    if (small_pictures(threads)) return 1;
    if (argc < 3) return 0;
    return files(argv[2], threads, 1, "JPEG 224") | files(argv[2], threads, (size_t)1 << 30, "kept decoded");
}
