/* Loaders of several processes: their pictures, one after the other, are the batches of one process. */
#include "support/support.h"

#include <string.h>

/* What loaders are made of, beside the size of a batch and the processes. */
typedef struct kind {
    const char *augment;
    lathe_loader_opts opts;
} kind;

static const kind kinds[] = {
    { "", { .layout = LATHE_BATCHED } },
    { "crop:2,hflip", { .shuffle = true, .layout = LATHE_BATCHED } },
    { "crop:2,hflip,mixup:0.4", { .shuffle = true, .layout = LATHE_BATCHED, .workers = 2 } },
    { "cutmix", { .shuffle = true, .layout = LATHE_CHANNELS, .drop_last = true } },
    { "", { .balanced = true, .layout = LATHE_CHANNELS, .workers = 1 } },
    { "hflip", { .shuffle = true } },
};

enum { KINDS = sizeof kinds / sizeof kinds[0], MOST = 7 };

static lathe_loader *open(const lathe_dataset *data, const kind *k, const lathe_transforms *transforms,
    int batch_size, int ranks, int rank)
{
    lathe_loader_opts opts = k->opts;
    opts.batch_size = batch_size;
    opts.transforms = transforms;
    opts.seed = 7;
    opts.ranks = ranks;
    opts.rank = rank;
    lathe_loader *loader = lathe_loader_new(data, &opts);
    if (!loader) fail_msg("%s", lathe_error_message());
    return loader;
}

/* Number `place` of image b as it is stored. */
static lathe_real number_at(const lathe_batch *batch, int b, size_t place)
{
    const size_t picture = (size_t)(batch->channels * batch->height * batch->width), i = (size_t)b;
    if (batch->plain) return batch->images[i * picture + place];
    return batch->images[(i / LATHE_LANES * picture + place) * LATHE_LANES + i % LATHE_LANES];
}

/* Image b of `part` is image b + part->first of `whole`, to the bit. */
static void assert_same_picture(const lathe_batch *part, int b, const lathe_batch *whole)
{
    const int at = part->first + b;
    for (size_t p = 0; p < (size_t)(part->channels * part->height * part->width); p++)
        assert_true(number_at(part, b, p) == number_at(whole, at, p));
    assert_int_equal(part->labels[b], whole->labels[at]);
    assert_int_equal(!part->other_labels, !whole->other_labels);
    if (!part->other_labels) return;
    assert_int_equal(part->other_labels[b], whole->other_labels[at]);
    assert_true(part->share[b] == whole->share[at]);
}

/* The next batches of all loaders are parts of the same batch. */
static void assert_parts(const lathe_batch *whole, lathe_loader *const *loader, int ranks)
{
    int pictures = 0;
    for (int rank = 0; rank < ranks; rank++) {
        lathe_batch part;
        assert_true(lathe_loader_next(loader[rank], &part));
        assert_int_equal(part.whole, whole->size);
        assert_int_equal(part.plain, whole->plain);
        assert_int_equal(part.epoch, whole->epoch);
        assert_int_equal(part.index, whole->index);
        assert_int_equal(part.first % LATHE_MICRO_BATCH, 0);
        assert_in_range(part.size, 1, whole->size - part.first);
        for (int b = 0; b < part.size; b++) assert_same_picture(&part, b, whole);
        if (part.silent) continue;
        assert_int_equal(part.first, pictures);
        pictures += part.size;
    }
    assert_int_equal(pictures, whole->size);
}

static void the_parts_are_the_batch(void **state)
{
    (void)state;
    static const int sizes[] = { 1, 15, 16, 17, 40, 100, 129 }, counts[] = { 1, 2, 3, 5, MOST };
    lathe_dataset *data = lathe_data_shapes(LATHE_SPLIT_TRAIN,
        &(lathe_shapes_opts){ .count = 130, .colour = true, .size = 16 });
    for (int k = 0; k < KINDS; k++) {
        lathe_transforms *transforms = lathe_transforms_parse(kinds[k].augment);
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
            for (size_t n = 1; n < sizeof counts / sizeof counts[0]; n++) {
                lathe_loader *whole = open(data, &kinds[k], transforms, sizes[s], 0, 0), *part[MOST];
                for (int r = 0; r < counts[n]; r++)
                    part[r] = open(data, &kinds[k], transforms, sizes[s], counts[n], r);
                lathe_batch batch;
                for (int epoch = 0; epoch < 2; epoch++) {
                    while (lathe_loader_next(whole, &batch)) assert_parts(&batch, part, counts[n]);
                    for (int r = 0; r < counts[n]; r++) {
                        assert_int_equal(lathe_loader_batches(part[r]), lathe_loader_batches(whole));
                        assert_false(lathe_loader_next(part[r], &batch));
                        assert_int_equal(lathe_loader_status(part[r]), LATHE_OK);
                    }
                }
                for (int r = 0; r < counts[n]; r++) lathe_loader_free(part[r]);
                lathe_loader_free(whole);
            }
        lathe_transforms_free(transforms);
    }
    lathe_data_free(data);
}

/* Resumed with another number of processes: both go to the same batch, with and without workers. */
static void seek_goes_to_the_same_batch(void **state)
{
    (void)state;
    lathe_dataset *data =
        lathe_data_shapes(LATHE_SPLIT_TRAIN, &(lathe_shapes_opts){ .count = 130, .size = 16 });
    for (int k = 1; k < 3; k++) {
        lathe_transforms *transforms = lathe_transforms_parse(kinds[k].augment);
        lathe_loader *whole = open(data, &kinds[k], transforms, 40, 0, 0), *part[3];
        lathe_batch batch;
        for (int r = 0; r < 3; r++) part[r] = open(data, &kinds[k], transforms, 40, 3, r);
        for (uint64_t jump = 0; jump < 20; jump++) {
            const uint64_t epoch = (uint64_t)random_int(1, jump, 0, 3),
                           index = (uint64_t)random_int(2, jump, 0, 3);
            assert_int_equal(lathe_loader_seek(whole, epoch, index), LATHE_OK);
            for (int r = 0; r < 3; r++) assert_int_equal(lathe_loader_seek(part[r], epoch, index), LATHE_OK);
            for (uint64_t i = index; i < 4 && i < index + 2; i++) {
                assert_true(lathe_loader_next(whole, &batch));
                assert_parts(&batch, part, 3);
            }
            for (size_t position = 0; position < 130; position += 13)
                assert_int_equal(lathe_loader_order(part[1], epoch, position),
                    lathe_loader_order(whole, epoch, position));
        }
        for (int r = 0; r < 3; r++) lathe_loader_free(part[r]);
        lathe_loader_free(whole);
        lathe_transforms_free(transforms);
    }
    lathe_data_free(data);
}

/* A set that counts its reads. */
static size_t reads;

static lathe_status read_one(const lathe_dataset *data, size_t index, uint8_t *scratch, lathe_sample *sample)
{
    reads++;
    scratch[0] = (uint8_t)index;
    *sample = (lathe_sample){ .pixels = scratch,
        .channels = 1,
        .height = 1,
        .width = 1,
        .label = data->labels[index] };
    return LATHE_OK;
}

static void a_process_reads_its_own_pictures_alone(void **state)
{
    (void)state;
    static const lathe_dataset_type type = { .name = "counting", .read = read_one };
    static int labels[128];
    lathe_dataset data = { .type = &type,
        .name = "counting",
        .count = 128,
        .channels = 1,
        .height = 1,
        .width = 1,
        .classes = 1,
        .labels = labels,
        .std = { 1 } };
    lathe_threads_set(NULL, 1);
    for (int rank = 0; rank < 4; rank++) {
        lathe_loader *loader =
            lathe_loader_new(&data, &(lathe_loader_opts){ .batch_size = 64, .ranks = 4, .rank = rank });
        reads = 0;
        for (lathe_batch batch; lathe_loader_next(loader, &batch);) assert_int_equal(batch.size, 16);
        assert_int_equal(reads, 32);
        lathe_loader_free(loader);
    }
    lathe_threads_set(NULL, 0);
}

static void one_process_shares_nothing(void **state)
{
    (void)state;
    lathe_dataset *data =
        lathe_data_shapes(LATHE_SPLIT_TRAIN, &(lathe_shapes_opts){ .count = 20, .size = 16 });
    lathe_loader *loader = lathe_loader_new(data, &(lathe_loader_opts){ .ranks = 1 });
    lathe_batch batch;
    assert_true(lathe_loader_next(loader, &batch));
    assert_int_equal(batch.size, 20);
    assert_int_equal(batch.whole, 0);
    lathe_loader_free(loader);
    static const lathe_loader_opts wrong[] = { { .rank = 1 }, { .ranks = 2, .rank = 2 }, { .ranks = -1 },
        { .ranks = 2, .rank = -1 } };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(lathe_loader_new(data, &wrong[i]));
        assert_failed(LATHE_EARG, "lathe_loader_new: rank is");
    }
    lathe_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_are_the_batch),
        cmocka_unit_test(seek_goes_to_the_same_batch),
        cmocka_unit_test(a_process_reads_its_own_pictures_alone),
        cmocka_unit_test(one_process_shares_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
