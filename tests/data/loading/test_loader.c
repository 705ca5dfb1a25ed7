#include "support/support.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static uint8_t pixel(size_t picture, size_t place)
{
    return (uint8_t)((picture * 131 + place * 29 + picture * place) % 251);
}

/* `count` pictures whose pixels follow the rule above and whose label is their number. */
static lathe_dataset *patterned(size_t count, int channels, int height, int width)
{
    size_t bytes = (size_t)(channels * height * width);
    uint8_t *pixels = malloc(count * bytes);
    int *labels = malloc(count * sizeof *labels);
    for (size_t i = 0; i < count; i++) {
        labels[i] = (int)i;
        for (size_t p = 0; p < bytes; p++) pixels[i * bytes + p] = pixel(i, p);
    }
    static const double mean[] = { 0.1, 0.45, 0.6, 0.5 }, std[] = { 0.2, 0.3, 0.25, 1 };
    lathe_dataset *data = lathe_data_memory(pixels, labels,
        &(lathe_memory_opts){ .count = count,
            .channels = channels,
            .height = height,
            .width = width,
            .mean = mean,
            .std = std });
    assert_non_null(data);
    free(pixels);
    free(labels);
    return data;
}

static size_t stored(const lathe_batch *batch)
{
    int lanes = batch->plain ? 1 : LATHE_LANES;
    return (size_t)(batch->size + lanes - 1) / (size_t)lanes * (size_t)lanes *
        (size_t)(batch->channels * batch->height * batch->width);
}

/* One epoch's batches hashed, bit for bit: images with their tail lanes, labels, sizes. */
static uint64_t hash(uint64_t seed, const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < size; i++) seed = (seed ^ byte[i]) * 0x100000001B3u;
    return seed;
}

static uint64_t hash_batch(uint64_t seed, const lathe_batch *batch)
{
    seed = hash(seed, batch->images, stored(batch) * sizeof(lathe_real));
    seed = hash(seed, batch->labels, (size_t)batch->size * sizeof(int));
    return hash(seed, &batch->epoch, 2 * sizeof batch->epoch);
}

static void the_layout_is_that_of_the_tensor(void **state)
{
    (void)state;
    static const struct {
        int batch, channels, height, width;
    } cases[] = { { 1, 1, 1, 1 }, { 15, 1, 3, 5 }, { 16, 3, 4, 4 }, { 17, 2, 7, 5 }, { 33, 4, 1, 17 },
        { 64, 1, 28, 28 }, { 5, 3, 16, 1 } };
    enum { CASES = sizeof cases / sizeof cases[0] };
    for (size_t n = 0; n < 2 * CASES; n++) {
        size_t i = n / 2;
        lathe_layout layout = n % 2 ? LATHE_CHANNELS : LATHE_BATCHED;
        int size = cases[i].batch, channels = cases[i].channels, area = cases[i].height * cases[i].width;
        lathe_dataset *data = patterned((size_t)size, channels, cases[i].height, cases[i].width);
        lathe_loader *loader =
            lathe_loader_new(data, &(lathe_loader_opts){ .batch_size = size, .layout = layout });
        lathe_batch batch;
        assert_true(lathe_loader_next(loader, &batch));
        assert_int_equal(batch.size, size);
        assert_int_equal(batch.plain, layout == LATHE_CHANNELS);

        lathe_tape *tape = lathe_tape_new(NULL);
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_shape shape = { 4, { size, channels, cases[i].height, cases[i].width } };
        size_t count = lathe_shape_count(&shape);
        lathe_real *plain = malloc(count * sizeof *plain);
        double *exact = malloc(count * sizeof *exact);
        for (size_t k = 0; k < count; k++) {
            size_t bytes = (size_t)(channels * area), channel = k % bytes / (size_t)area;
            exact[k] = (pixel(k / bytes, k % bytes) / 255.0 - data->mean[channel]) / data->std[channel];
        }
        lathe_tensor *input = lathe_input(tape, &batch);
        assert_non_null(input);
        assert_int_equal(lathe_tensor_read(input, plain, count), LATHE_OK);
        assert_close("normalised", plain, exact, count, 1e-6, 1e-6);
        lathe_tensor *copy = lathe_tape_leaf(tape, batch.plain ? LATHE_PLAIN : LATHE_BATCHED, shape, plain);
        assert_non_null(copy);
        assert_int_equal(copy->stored, stored(&batch));
        assert_memory_equal(batch.images, copy->data,
            copy->stored * sizeof(lathe_real)); /* tail lanes too: they are 0 */
        for (int k = 0; k < size; k++) assert_int_equal(batch.labels[k], k);
        free(plain);
        free(exact);
        lathe_tape_free(tape);
        lathe_loader_free(loader);
        lathe_data_free(data);
    }
}

static void normalisation_can_be_chosen(void **state)
{
    (void)state;
    lathe_dataset *data = patterned(1, 2, 1, 2);
    double mean[] = { 0, 1 }, std[] = { 2, 0.5 };
    lathe_batch batch;
    for (int own = 0; own < 2; own++) {
        lathe_loader *loader = lathe_loader_new(data,
            &(lathe_loader_opts){ .no_normalize = !own, .mean = own ? mean : NULL, .std = own ? std : NULL });
        assert_true(lathe_loader_next(loader, &batch));
        for (size_t p = 0; p < 4; p++) {
            lathe_real got = batch.images[p * LATHE_LANES];
            double value = pixel(0, p) / 255.0, want = own ? (value - mean[p / 2]) / std[p / 2] : value;
            assert_close("pixel", &got, &want, 1, 1e-6, 1e-6);
        }
        lathe_loader_free(loader);
    }
    lathe_data_free(data);
}

static void every_sample_comes_once_an_epoch(void **state)
{
    (void)state;
    lathe_dataset *data = patterned(103, 1, 2, 2);
    for (int flags = 0; flags < 12; flags++) {
        lathe_loader_opts opts = { .batch_size = 20,
            .shuffle = flags & 1,
            .drop_last = flags & 2,
            .seed = 5,
            .workers = flags / 4 };
        lathe_loader *loader = lathe_loader_new(data, &opts);
        assert_int_equal(lathe_loader_batches(loader), opts.drop_last ? 5 : 6);
        size_t moved = 0;
        for (uint64_t epoch = 0; epoch < 3; epoch++) {
            int seen[103] = { 0 };
            size_t position = 0;
            uint64_t index = 0;
            for (lathe_batch batch; lathe_loader_next(loader, &batch); index++) {
                assert_int_equal(batch.epoch, epoch);
                assert_int_equal(batch.index, index);
                assert_int_equal(batch.size, index == 5 ? 3 : 20);
                for (int i = 0; i < batch.size; i++, position++) {
                    seen[batch.labels[i]]++;
                    moved += (size_t)batch.labels[i] != position;
                    assert_int_equal(batch.labels[i], lathe_loader_order(loader, epoch, position));
                }
            }
            assert_int_equal(lathe_loader_status(loader), LATHE_OK);
            assert_int_equal(position, opts.drop_last ? 100 : 103);
            size_t twice = 0, never = 0;
            for (int i = 0; i < 103; i++) twice += seen[i] > 1, never += seen[i] == 0;
            assert_int_equal(twice, 0);
            assert_int_equal(never, opts.drop_last ? 3 : 0);
        }
        if (opts.shuffle) assert_true(moved > 250);
        else assert_int_equal(moved, 0);
        lathe_loader_free(loader);
    }
    lathe_data_free(data);
}

static void the_order_is_keyed_by_seed_and_epoch(void **state)
{
    (void)state;
    lathe_dataset *data = patterned(1000, 1, 1, 1);
    lathe_loader *a = lathe_loader_new(data, &(lathe_loader_opts){ .shuffle = true, .seed = 1 });
    lathe_loader *b =
        lathe_loader_new(data, &(lathe_loader_opts){ .shuffle = true, .seed = 1, .batch_size = 7 });
    lathe_loader *c = lathe_loader_new(data, &(lathe_loader_opts){ .shuffle = true, .seed = 2 });
    int same_seed = 0, same_epoch = 0, other = 0;
    for (size_t i = 0; i < 1000; i++) {
        same_seed += lathe_loader_order(a, 4, i) == lathe_loader_order(b, 4, i);
        other += lathe_loader_order(a, 4, i) == lathe_loader_order(c, 4, i);
    }
    for (size_t i = 0; i < 1000; i++)
        same_epoch += lathe_loader_order(a, 4, i) == lathe_loader_order(a, 5, i);
    assert_int_equal(same_seed, 1000);
    assert_true(same_epoch < 10);
    assert_true(other < 10);
    lathe_loader_free(a);
    lathe_loader_free(b);
    lathe_loader_free(c);
    lathe_data_free(data);
}

static void any_number_of_workers_and_threads_gives_the_same_bits(void **state)
{
    (void)state;
    lathe_dataset *data = lathe_data_shapes(LATHE_SPLIT_TRAIN,
        &(lathe_shapes_opts){ .count = 700, .colour = true, .size = 19 });
    uint64_t first[2] = { 0, 0 };
    static const int workers[] = { 0, 1, 2, 4 };
    for (int threads = 1; threads <= 4; threads++)
        for (int w = 0; w < 8; w++) {
            assert_int_equal(lathe_threads_set(NULL, threads), LATHE_OK);
            lathe_loader *loader = lathe_loader_new(data,
                &(lathe_loader_opts){ .batch_size = 50,
                    .shuffle = true,
                    .seed = 3,
                    .workers = workers[w / 2],
                    .layout = w % 2 ? LATHE_CHANNELS : LATHE_BATCHED });
            uint64_t sum = 7;
            for (int epoch = 0; epoch < 2; epoch++)
                for (lathe_batch batch; lathe_loader_next(loader, &batch);) sum = hash_batch(sum, &batch);
            if (!first[w % 2]) first[w % 2] = sum;
            assert_int_equal(sum, first[w % 2]);
            lathe_loader_free(loader);
        }
    lathe_threads_set(NULL, 0);
    lathe_data_free(data);
}

static void seek_gives_what_running_there_gives(void **state)
{
    (void)state;
    enum { BATCHES = 6, EPOCHS = 3 };
    lathe_dataset *data = patterned(111, 1, 3, 3);
    lathe_loader_opts opts = { .batch_size = 20, .shuffle = true, .seed = 11 };
    uint64_t sums[EPOCHS][BATCHES];
    lathe_loader *loader = lathe_loader_new(data, &opts);
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        for (lathe_batch batch; lathe_loader_next(loader, &batch);)
            sums[epoch][batch.index] = hash_batch(1, &batch);
    lathe_loader_free(loader);
    for (opts.workers = 0; opts.workers < 4; opts.workers++) {
        loader = lathe_loader_new(data, &opts);
        for (uint64_t jump = 0; jump < 60; jump++) {
            uint64_t epoch = (uint64_t)random_int(1, jump, 0, EPOCHS - 1),
                     index = (uint64_t)random_int(2, jump, 0, BATCHES - 1);
            lathe_batch batch;
            assert_int_equal(lathe_loader_seek(loader, epoch, index), LATHE_OK);
            for (int step = random_int(3, jump, 0, 3); step >= 0 && index < BATCHES; step--, index++) {
                assert_true(lathe_loader_next(loader, &batch));
                assert_int_equal(hash_batch(1, &batch), sums[epoch][index]);
            }
        }
        lathe_batch batch;
        assert_int_equal(lathe_loader_seek(loader, 0, BATCHES), LATHE_OK); /* the end of an epoch */
        assert_false(lathe_loader_next(loader, &batch));
        assert_int_equal(lathe_loader_status(loader), LATHE_OK);
        assert_true(lathe_loader_next(loader, &batch));
        assert_int_equal(hash_batch(1, &batch), sums[1][0]);
        assert_int_equal(lathe_loader_seek(loader, 0, BATCHES + 1), LATHE_EARG);
        assert_failed(LATHE_EARG, "batch 7 of an epoch that has 6");
        lathe_loader_free(loader);
    }
    lathe_data_free(data);
}

/* A data set that cannot read one of its samples, as a folder with a damaged picture cannot. */
static atomic_int broken, reads;

static lathe_status sometimes(const lathe_dataset *data, size_t index, uint8_t *scratch, lathe_sample *sample)
{
    atomic_fetch_add(&reads, 1);
    if ((int)index == atomic_load(&broken))
        return lathe_fail(LATHE_EFORMAT, "picture-%zu.jpg: is damaged", index);
    scratch[0] = (uint8_t)index;
    *sample = (lathe_sample){ .pixels = scratch,
        .channels = 1,
        .height = 1,
        .width = 1,
        .label = data->labels[index] };
    return LATHE_OK;
}

static const lathe_dataset_type sometimes_type = { .name = "sometimes", .read = sometimes };
static atomic_int handled;
static pthread_t handled_on;

static void handler(lathe_status status, const char *message)
{
    (void)status, (void)message;
    handled_on = pthread_self();
    atomic_fetch_add(&handled, 1);
}

static void a_failure_is_reported_on_the_callers_thread(void **state)
{
    (void)state;
    static int labels[200];
    for (int i = 0; i < 200; i++) labels[i] = i;
    lathe_dataset data = { .type = &sometimes_type,
        .name = "sometimes",
        .count = 200,
        .channels = 1,
        .height = 1,
        .width = 1,
        .classes = 200,
        .labels = labels,
        .mean = { 0 },
        .std = { 1 } };
    lathe_on_error(handler);
    for (int workers = 0; workers < 4; workers++) {
        atomic_store(&broken, 95);
        atomic_store(&handled, 0);
        lathe_loader *loader =
            lathe_loader_new(&data, &(lathe_loader_opts){ .batch_size = 30, .workers = workers });
        lathe_batch batch;
        for (int i = 0; i < 3; i++) assert_true(lathe_loader_next(loader, &batch));
        for (int again = 0; again < 2; again++) {
            lathe_error_clear();
            assert_false(lathe_loader_next(loader, &batch));
            assert_int_equal(lathe_loader_status(loader), LATHE_EFORMAT);
            assert_failed(LATHE_EFORMAT, "picture-95.jpg: is damaged");
            assert_int_equal(atomic_load(&handled), again + 1);
            assert_true(pthread_equal(handled_on, pthread_self()));
        }
        atomic_store(&broken, -1); /* mended: the same batch comes whole */
        assert_true(lathe_loader_next(loader, &batch));
        assert_int_equal(lathe_loader_status(loader), LATHE_OK);
        assert_int_equal(batch.index, 3);
        for (int i = 0; i < 30; i++) assert_int_equal(batch.labels[i], 90 + i);
        lathe_loader_free(loader);
    }
    lathe_on_error(NULL);
    lathe_error_clear();
}

static void a_loader_may_be_freed_at_any_moment(void **state)
{
    (void)state;
    lathe_dataset *data = patterned(300, 3, 40, 40);
    for (int round = 0; round < 60; round++) {
        lathe_loader *loader = lathe_loader_new(data,
            &(lathe_loader_opts){ .batch_size = 16, .shuffle = true, .workers = 1 + round % 4 });
        lathe_batch batch;
        for (int i = 0; i < round % 23; i++) lathe_loader_next(loader, &batch);
        if (round % 5 == 4) lathe_loader_seek(loader, 3, 1);
        lathe_loader_free(loader);
    }
    lathe_loader_free(NULL);
    lathe_data_free(data);
}

static void workers_go_no_further_ahead_than_their_queue(void **state)
{
    (void)state;
    static int labels[200];
    lathe_dataset data = { .type = &sometimes_type,
        .name = "sometimes",
        .count = 200,
        .channels = 1,
        .height = 1,
        .width = 1,
        .classes = 200,
        .labels = labels,
        .mean = { 0 },
        .std = { 1 } };
    atomic_store(&broken, -1);
    atomic_store(&reads, 0);
    lathe_loader *loader = lathe_loader_new(&data, &(lathe_loader_opts){ .batch_size = 1, .workers = 3 });
    lathe_batch batch;
    for (int i = 0; i < 50; i++) assert_true(lathe_loader_next(loader, &batch));
    lathe_loader_free(loader); /* when all threads have ended, the count stands still */
    assert_in_range(atomic_load(&reads), 50, 50 + 3 + 2);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    lathe_dataset *data = patterned(10, 1, 1, 1);
    double mean[] = { 0 }, zero[] = { 0 }, infinite[] = { INFINITY };
    const struct {
        lathe_loader_opts opts;
        const char *message;
    } wrong[] = {
        { { .batch_size = -1 }, "batch_size is -1" },
        { { .batch_size = 2000000000 }, "batch_size is 2000000000" },
        { { .workers = -1 }, "workers is -1" },
        { { .workers = 1000 }, "workers is 1000" },
        { { .mean = mean }, "mean and std go together" },
        { { .mean = mean, .std = zero }, "std 0 of channel 0" },
        { { .mean = infinite, .std = mean }, "mean inf" },
        { { .drop_last = true }, "memory has 10 samples, not one batch of 64" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(lathe_loader_new(data, &wrong[i].opts));
        assert_failed(LATHE_EARG, wrong[i].message);
    }
    assert_null(lathe_loader_new(NULL, NULL));
    assert_failed(LATHE_EARG, "lathe_loader_new: data is NULL");
    lathe_loader *loader = lathe_loader_new(data, NULL);
    lathe_batch batch;
    assert_false(lathe_loader_next(NULL, &batch));
    assert_failed(LATHE_EARG, "lathe_loader_next: loader is NULL");
    assert_int_equal(lathe_loader_order(loader, 0, 10), (size_t)-1);
    assert_failed(LATHE_EARG, "position 10 of 10");
    assert_int_equal(lathe_loader_seek(NULL, 0, 0), LATHE_EARG);
    lathe_error_clear();
    assert_int_equal(lathe_loader_batches(loader), 1);
    lathe_loader_free(loader);
    lathe_data_free(data);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    lathe_dataset *data = patterned(50, 1, 4, 4);
    for (int workers = 0; workers < 3; workers += 2) {
        lathe_loader *loader = NULL;
        size_t nth = 1;
        for (; !loader; nth++) {
            lathe_alloc_fail_at(nth, nth % 2);
            loader = lathe_loader_new(data, &(lathe_loader_opts){ .shuffle = true, .workers = workers });
            lathe_alloc_fail_at(0, false);
            if (!loader) assert_int_equal(lathe_error(), LATHE_ENOMEM);
        }
        assert_true(nth > (workers ? 20 : 6));
        lathe_batch batch;
        assert_true(lathe_loader_next(loader, &batch));
        lathe_alloc_fail_at(0, false);
        lathe_loader_next(loader, &batch);
        assert_int_equal(lathe_alloc_fail_at(0, false), 0); /* no allocation in a step */
        lathe_loader_free(loader);
    }
    lathe_error_clear();
    lathe_data_free(data);
}

/* A mistyped name, and no handler: nothing comes, and the status is that of the name until the end. */
static void a_loop_over_nothing_is_no_success(void **state)
{
    (void)state;
    lathe_error_clear();
    lathe_dataset *data = lathe_data_open("shaeps", LATHE_SPLIT_TRAIN, NULL);
    lathe_loader *loader = lathe_loader_new(data, NULL);
    lathe_batch batch;
    assert_null(data);
    assert_null(loader);
    assert_false(lathe_loader_next(loader, &batch));
    assert_true(isnan(lathe_item(NULL)));
    assert_non_null(strstr(lathe_error_message(), "shaeps"));
    assert_int_equal(lathe_error(), lathe_loader_status(loader));
    lathe_error_clear();
    assert_false(lathe_loader_next(NULL, &batch)); /* also where the status was cleared before */
    assert_int_equal(lathe_error(), LATHE_EARG);
    lathe_error_clear();
    assert_true(isnan(lathe_item(NULL)));
    assert_int_equal(lathe_error(), LATHE_EARG);
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_is_that_of_the_tensor),
        cmocka_unit_test(normalisation_can_be_chosen),
        cmocka_unit_test(every_sample_comes_once_an_epoch),
        cmocka_unit_test(the_order_is_keyed_by_seed_and_epoch),
        cmocka_unit_test(any_number_of_workers_and_threads_gives_the_same_bits),
        cmocka_unit_test(seek_gives_what_running_there_gives),
        cmocka_unit_test(a_failure_is_reported_on_the_callers_thread),
        cmocka_unit_test(a_loader_may_be_freed_at_any_moment),
        cmocka_unit_test(workers_go_no_further_ahead_than_their_queue),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(a_loop_over_nothing_is_no_success),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
