/* The feed: sets, shares of a step, a place that is restored. */
#include "support/tiny.h"

#include <math.h>
#include <string.h>

#include "support/folder.h"
#include "support/pictures.h"

const lathe_model_type *lathe_model_type_at(int index) { return index ? NULL : &tiny_model; }

/* 40 pictures to train on and 10 to validate with: see tiny_settings. */
static lathe_feed *feed_of(int workers)
{
    lathe_settings settings = tiny_settings(NULL, NULL);
    lathe_feed *feed = lathe_feed_new(&(lathe_feed_opts){ .data = settings.data,
        .val_split = settings.val_split,
        .augment = "horizontal_flip",
        .batch_size = 12,
        .workers = workers,
        .seed = 3 });
    if (!feed) fail_msg("%s", lathe_error_message());
    return feed;
}

static void sets_and_shares(void **state)
{
    (void)state;
    double samples;
    lathe_batch batch;
    lathe_feed *feed = feed_of(0);
    assert_int_equal(feed->train->count, 40);
    assert_int_equal(feed->val->count, 10);
    assert_int_equal(feed->batches, 4); /* 12, 12, 12 and 4 */
    assert_int_equal(lathe_feed_share(feed, 3, &samples), 3);
    assert_true(samples == 36);
    for (int i = 0; i < 3; i++) assert_true(lathe_feed_next(feed, &batch));
    assert_int_equal(lathe_feed_share(feed, 3, &samples), 1);
    assert_true(samples == 4);
    assert_true(lathe_feed_next(feed, &batch));
    assert_int_equal(batch.size, 4);
    assert_false(lathe_feed_next(feed, &batch));
    assert_int_equal(lathe_feed_status(feed), LATHE_OK);
    assert_int_equal(feed->taken, 4);
    lathe_feed_free(feed);
}

/* The batch after a seek is the one that an unbroken feed gives there, with any number of workers. */
static void a_place_is_restored(void **state)
{
    (void)state;
    lathe_batch batch, again;
    lathe_feed *whole = feed_of(0), *other = feed_of(2);
    for (uint64_t taken = 0; taken < 11; taken++) {
        if (!lathe_feed_next(whole, &batch)) assert_true(lathe_feed_next(whole, &batch));
        assert_int_equal(lathe_feed_seek(other, taken), LATHE_OK);
        assert_true(lathe_feed_next(other, &again));
        assert_int_equal(again.epoch, batch.epoch);
        assert_memory_equal(again.labels, batch.labels, (size_t)batch.size * sizeof *batch.labels);
        assert_memory_equal(again.images, batch.images, 36 * sizeof *batch.images);
    }
    lathe_feed_free(other);
    lathe_feed_free(whole);
}

static void listen(void *context, const char *line)
{
    int *heard = context;
    *heard += strstr(line, "crops are taken from the whole photographs") != NULL;
}

static lathe_feed *feed_of_photographs(const char *augment, double crop_ratio, int workers, int *heard)
{
    char data[1200];
    snprintf(data, sizeof data, "folder:%s", test_path("photographs"));
    lathe_feed *feed = lathe_feed_new(&(lathe_feed_opts){ .data = data,
        .size = 8,
        .crop_ratio = crop_ratio,
        .augment = augment,
        .batch_size = 4,
        .val_split = 0.25,
        .cache_mib = 64,
        .workers = workers,
        .seed = 5,
        .context = heard,
        .on_message = listen });
    if (!feed) fail_msg("%s", lathe_error_message());
    return feed;
}

/* With a crop ratio, crops of whole photographs are told of, and they resume as any others. */
static void crops_of_whole_photographs_are_told_and_resume(void **state)
{
    (void)state;
    static const struct {
        const char *augment;
        double crop_ratio;
        int told;
    } cases[] = { { "random_resized_crop:8,hflip", 0.8, 1 }, { "random_resized_crop:8,hflip", 0, 0 },
        { "hflip", 0.8, 0 }, { NULL, 0.8, 0 } };
    for (int i = 0; i < 12; i++) {
        char name[64];
        snprintf(name, sizeof name, "photographs/%s/%d.pgm", i % 2 ? "dark" : "light", i);
        test_put_picture(name, 12 + 3 * i, 14, 10 + 15 * i, 1);
    }
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        int heard = 0;
        lathe_batch batch, again;
        lathe_feed *whole = feed_of_photographs(cases[k].augment, cases[k].crop_ratio, 0, &heard);
        assert_int_equal(heard, cases[k].told);
        lathe_feed *other = feed_of_photographs(cases[k].augment, cases[k].crop_ratio, 2, &heard);
        for (uint64_t taken = 0; taken < 7; taken++) {
            if (!lathe_feed_next(whole, &batch)) assert_true(lathe_feed_next(whole, &batch));
            assert_int_equal(lathe_feed_seek(other, taken), LATHE_OK);
            assert_true(lathe_feed_next(other, &again));
            assert_memory_equal(again.images, batch.images, 3 * 64 * sizeof *batch.images);
        }
        lathe_feed_free(other);
        lathe_feed_free(whole);
    }
}

static void lengths_are_those_of_a_loader(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings(NULL, NULL);
    for (int drop = 0; drop < 2; drop++)
        for (int size = 1; size <= 40; size += 3) {
            lathe_feed_opts opts = { .data = settings.data,
                .val_split = 0.2,
                .batch_size = size,
                .drop_last = drop };
            uint64_t batches = 0;
            lathe_feed *feed = lathe_feed_new(&opts);
            assert_non_null(feed);
            assert_int_equal(lathe_feed_length(&opts, &batches), LATHE_OK);
            assert_int_equal(batches, feed->batches);
            lathe_feed_free(feed);
        }
}

/* Batches, and what a checkpoint says of its pictures, follow the given mean and std. */
static void pictures_are_normalised_as_asked(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings(NULL, NULL);
    const double std[] = { 1, 0.25 };
    lathe_batch batch[2];
    lathe_feed *feed[2];
    for (int i = 0; i < 2; i++) {
        feed[i] = lathe_feed_new(&(lathe_feed_opts){ .data = settings.data,
            .val_split = 0.2,
            .batch_size = 4,
            .layout = LATHE_BATCHED,
            .mean = { i ? 0.5 : 0 },
            .std = { std[i] },
            .normals = 1 });
        assert_non_null(feed[i]);
        assert_true(feed[i]->test->mean[0] == (i ? 0.5 : 0) && feed[i]->val->std[0] == std[i]);
        assert_true(lathe_feed_next(feed[i], &batch[i]));
    }
    const size_t area = (size_t)batch[0].channels * (size_t)batch[0].height * (size_t)batch[0].width;
    for (size_t i = 0; i < area * LATHE_LANES; i++) {
        if (i % LATHE_LANES >= 4) continue; /* a lane without a picture */
        const lathe_real plain = batch[0].images[i], scaled = batch[1].images[i];
        assert_true(plain >= 0 && plain <= 1);
        assert_true(fabs((double)(plain - (lathe_real)0.5) * 4 - (double)scaled) < 1e-5);
    }
    for (int i = 0; i < 2; i++) lathe_feed_free(feed[i]);
    assert_null(lathe_feed_new(&(lathe_feed_opts){ .data = settings.data, .normals = 1 }));
    assert_failed(LATHE_EARG, "std must be above 0");
    assert_int_equal(lathe_settings_set(&settings, "std", "1"), LATHE_OK);
    assert_int_equal(lathe_settings_check(&settings), LATHE_EARG);
    assert_failed(LATHE_EARG, "mean = '', std = '1'");
    assert_int_equal(lathe_settings_set(&settings, "mean", "0"), LATHE_OK);
    assert_int_equal(lathe_settings_check(&settings), LATHE_OK);
}

static void bad_options_are_told(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings(NULL, NULL);
    assert_null(lathe_feed_new(&(lathe_feed_opts){ .batch_size = 4 }));
    assert_failed(LATHE_EARG, "opts.data");
    assert_null(lathe_feed_new(&(lathe_feed_opts){ .data = settings.data, .val_split = 1 }));
    assert_failed(LATHE_EARG, "val_split = 1");
    assert_null(lathe_feed_new(&(lathe_feed_opts){ .data = settings.data, .fold = 6, .folds = 5 }));
    assert_failed(LATHE_EARG, "fold = 6");
    assert_null(lathe_feed_new(&(lathe_feed_opts){ .data = settings.data, .train_count = 51 }));
    assert_failed(LATHE_EARG, "train_count = 51, but there are 50");
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

/* Six pictures of 2 x 2, all of one label. */
static void put_idx(const char *part, uint8_t label)
{
    uint8_t pictures[16 + 24] = { 0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 2, 0, 0, 0, 2 },
                          labels[8 + 6] = { 0, 0, 8, 1, 0, 0, 0, 6 };
    char name[64];
    for (int i = 0; i < 24; i++) pictures[16 + i] = (uint8_t)(9 * i);
    memset(labels + 8, label, 6);
    test_put_text("labels/made", "");
    snprintf(name, sizeof name, "labels/%s-images-idx3-ubyte", part);
    test_write(test_path(name), pictures, sizeof pictures);
    snprintf(name, sizeof name, "labels/%s-labels-idx1-ubyte", part);
    test_write(test_path(name), labels, sizeof labels);
}

/* A folder, a table or an IDX set of one class is no training set. */
static void one_class_alone_is_refused(void **state)
{
    (void)state;
    char spec[3][1100];
    for (int i = 0; i < 12; i++) {
        char name[32];
        snprintf(name, sizeof name, "one/train/a/%d.pgm", i);
        test_put_picture(name, 4, 4, i, 0);
    }
    test_put_text("one/t.csv",
        "path,class\ntrain/a/1.pgm,a\ntrain/a/2.pgm,a\ntrain/a/3.pgm,a\ntrain/a/4.pgm,a\ntrain/a/5.pgm,a\n");
    snprintf(spec[0], sizeof spec[0], "folder:%s", test_path("one"));
    snprintf(spec[1], sizeof spec[1], "csv:%s", test_path("one/t.csv"));
    snprintf(spec[2], sizeof spec[2], "mnist:%s", test_path("labels"));
    put_idx("train", 3);
    put_idx("t10k", 3);
    for (int i = 0; i < 3; i++) {
        assert_null(
            lathe_feed_new(&(lathe_feed_opts){ .data = spec[i], .batch_size = 2, .size = i < 2 ? 4 : 0 }));
        assert_failed(LATHE_EFORMAT, i < 2 ? "has one class alone, 'a'" : "has one class alone, '3'");
    }
    test_folder_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sets_and_shares),
        cmocka_unit_test(a_place_is_restored),
        cmocka_unit_test(crops_of_whole_photographs_are_told_and_resume),
        cmocka_unit_test(lengths_are_those_of_a_loader), cmocka_unit_test(pictures_are_normalised_as_asked),
        cmocka_unit_test(bad_options_are_told), cmocka_unit_test(one_class_alone_is_refused) };
    return cmocka_run_group_tests(tests, NULL, clean);
}
