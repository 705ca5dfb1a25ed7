/* How samples are chosen: folds, groups, balanced and weighted order, duplicates; and the same bits for any
 * number of workers. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/pictures.h"

static lathe_dataset *memory_set(const uint8_t *pixels, const int *labels, size_t count)
{
    return lathe_data_memory(pixels, labels,
        &(lathe_memory_opts){ .count = count, .channels = 1, .height = 1, .width = 1, .classes = 3 });
}

static void balanced_order_draws_each_class_equally_often(void **state)
{
    (void)state;
    enum { N = 3000 };
    static uint8_t pixels[N];
    static int labels[N];
    for (int i = 0; i < N; i++) labels[i] = i < 2700 ? 0 : i < 2970 ? 1 : 2;
    lathe_dataset *data = memory_set(pixels, labels, N);
    lathe_loader *loader =
        lathe_loader_new(data, &(lathe_loader_opts){ .batch_size = 64, .balanced = true, .seed = 3 });
    int first[2] = { 0 };
    for (uint64_t epoch = 0; epoch < 2; epoch++) {
        int counts[3] = { 0 };
        for (size_t i = 0; i < N; i++) counts[labels[lathe_loader_order(loader, epoch, i)]]++;
        for (int k = 0; k < 3; k++)
            if (counts[k] < 900 || counts[k] > 1100) fail_msg("class %d: %d of 3000", k, counts[k]);
        first[epoch] = (int)lathe_loader_order(loader, epoch, 0);
    }
    assert_int_not_equal(first[0], first[1]); /* another draw each epoch */
    assert_int_equal(first[0], lathe_loader_order(loader, 0, 0));
    lathe_loader_free(loader);

    double weights[N] = { 0 };
    weights[7] = 1, weights[2999] = 3;
    loader = lathe_loader_new(data, &(lathe_loader_opts){ .weights = weights });
    int often = 0;
    for (size_t i = 0; i < N; i++) {
        size_t sample = lathe_loader_order(loader, 0, i);
        if (sample != 7 && sample != 2999) fail_msg("sample %zu of weight 0", sample);
        often += sample == 2999;
    }
    assert_in_range(often, 2100, 2400);
    lathe_loader_free(loader);
    weights[9] = -1;
    assert_null(lathe_loader_new(data, &(lathe_loader_opts){ .weights = weights }));
    assert_failed(LATHE_EARG, "the weight of sample 9 is -1");
    memset(weights, 0, sizeof weights);
    assert_null(lathe_loader_new(data, &(lathe_loader_opts){ .weights = weights }));
    assert_failed(LATHE_EARG, "the weights' sum is 0");
    assert_null(lathe_loader_new(data, &(lathe_loader_opts){ .weights = weights, .balanced = true }));
    assert_failed(LATHE_EARG, "both weights and balanced");
    lathe_data_free(data);
}

static void duplicates_are_found(void **state)
{
    (void)state;
    const uint8_t a[] = { 1, 2, 3, 2 }, b[] = { 9, 2, 1, 8, 3 };
    const int labels[5] = { 0 };
    lathe_dataset *one = memory_set(a, labels, 4), *two = memory_set(b, labels, 5);
    lathe_duplicate pairs[8];
    size_t count;
    assert_int_equal(lathe_data_duplicates(one, two, pairs, 8, &count), LATHE_OK);
    assert_int_equal(count, 3);
    assert_true(pairs[0].b == 1 && pairs[0].a == 1 && pairs[1].b == 2 && pairs[1].a == 0 && pairs[2].b == 4 &&
        pairs[2].a == 2);
    assert_int_equal(lathe_data_duplicates(one, two, pairs, 1, &count), LATHE_OK);
    assert_int_equal(count, 3);
    assert_int_equal(lathe_data_duplicates(one, NULL, NULL, 0, &count), LATHE_EARG);
    lathe_error_clear();
    lathe_data_free(one);
    lathe_data_free(two);
}

static char told[2048];

static void on_message(void *context, const char *line)
{
    (void)context;
    strncat(told, line, sizeof told - strlen(told) - 2);
    strcat(told, "\n");
}

static lathe_settings settings_of(const char *data, const char *const pairs[][2], size_t count)
{
    lathe_settings settings = lathe_settings_default();
    static const char *const common[][2] = { { "model", "mlp" }, { "size", "4" }, { "channels", "1" },
        { "max_steps", "2" }, { "batch_size", "4" } };
    lathe_status status = lathe_settings_set(&settings, "data", data);
    for (size_t i = 0; i < 5 && !status; i++)
        status = lathe_settings_set(&settings, common[i][0], common[i][1]);
    for (size_t i = 0; i < count && !status; i++)
        status = lathe_settings_set(&settings, pairs[i][0], pairs[i][1]);
    if (status) fail_msg("%s", lathe_error_message());
    return settings;
}

static lathe_run *open_run(const lathe_settings *settings)
{
    told[0] = '\0';
    lathe_run *run = lathe_run_new(settings, &(lathe_run_hooks){ .on_message = on_message });
    if (!run) fail_msg("%s", lathe_error_message());
    return run;
}

static void make_folder(void)
{
    char name[64];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "set/%s/%d.pgm", i % 2 ? "odd" : "even", i);
        test_put_picture(name, 6, 5, 3 * i, 1);
    }
}

/* Five folds share no picture, miss none, and each has its part of both classes. */
static void folds_are_disjoint(void **state)
{
    (void)state;
    char data[1200];
    snprintf(data, sizeof data, "folder:%s", test_path("set"));
    size_t in_all = 0, held = 0;
    int times[256] = { 0 };
    for (int fold = 1; fold <= 4; fold++) {
        char text[16];
        snprintf(text, sizeof text, "%d/4", fold);
        lathe_settings settings = settings_of(data, (const char *const[][2]){ { "fold", text } }, 1);
        lathe_run *run = open_run(&settings);
        int classes[2] = { 0 };
        in_all = run->feed->data->count;
        held += run->feed->val->count;
        assert_int_equal(run->feed->train->count + run->feed->val->count, in_all);
        for (size_t i = 0; i < run->feed->val->count; i++) {
            const char *file = strrchr(lathe_data_sample_file(run->feed->val, i), '/');
            times[atoi(file + 1)]++;
            classes[run->feed->val->labels[i]]++;
        }
        assert_int_equal(classes[0], classes[1]);
        lathe_run_free(run);
    }
    assert_int_equal(held, in_all);
    for (int i = 0; i < 256; i++) assert_true(times[i] <= 1);
    static const char *const wrong[] = { "0/5", "6/5", "1/1", "2", "2/5x", "-1/5", "a/b" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        lathe_settings settings = settings_of(data, (const char *const[][2]){ { "fold", wrong[i] } }, 1);
        assert_int_equal(lathe_settings_check(&settings), LATHE_EARG);
        assert_failed(LATHE_EARG, wrong[i]);
    }
}

static void a_run_tells_of_duplicates_and_uses_its_own_validation_part(void **state)
{
    (void)state;
    static const char *const places[] = { "own/train/a/1.pgm", "own/train/b/2.pgm", "own/train/b/5.pgm",
        "own/train/a/6.pgm", "own/val/a/3.pgm", "own/val/b/4.pgm", "own/test/a/7.pgm", "own/test/b/8.pgm" };
    for (int i = 0; i < 8; i++) test_put_picture(places[i], 4, 4, i == 6 ? 0 : 10 * i, 1);
    char data[1200];
    snprintf(data, sizeof data, "folder:%s", test_path("own"));
    lathe_settings settings = settings_of(data, NULL, 0);
    lathe_run *run = open_run(&settings);
    assert_int_equal(run->feed->train->count, 4);
    assert_int_equal(run->feed->val->count, 2);
    assert_non_null(strstr(lathe_data_sample_file(run->feed->val, 0), "own/val/a/3.pgm"));
    assert_non_null(strstr(told, "1 picture of the test part is in the training part too: "));
    assert_non_null(strstr(told, "own/test/a/7.pgm is "));
    assert_non_null(strstr(told, "own/train/a/1.pgm"));
    lathe_run_free(run);
}

/* All bits of an epoch's batches, as a number. */
static uint64_t bits_of(const lathe_dataset *data, const lathe_transforms *transforms, int workers)
{
    uint64_t hash = 1469598103934665603u;
    lathe_loader *loader = lathe_loader_new(data,
        &(lathe_loader_opts){ .batch_size = 7,
            .shuffle = true,
            .seed = 5,
            .workers = workers,
            .transforms = transforms });
    if (!loader) fail_msg("%s", lathe_error_message());
    for (int epoch = 0; epoch < 2; epoch++)
        for (lathe_batch batch; lathe_loader_next(loader, &batch);) {
            int lanes = batch.plain ? 1 : LATHE_LANES, blocks = (batch.size + lanes - 1) / lanes;
            size_t bytes = (size_t)(blocks * lanes) * (size_t)(batch.channels * batch.height * batch.width) *
                sizeof(lathe_real);
            for (size_t i = 0; i < bytes; i++)
                hash = (hash ^ ((const uint8_t *)batch.images)[i]) * 1099511628211u;
            for (size_t i = 0; i < (size_t)batch.size * batch.answers; i++)
                hash = (hash ^ (uint64_t)batch.labels[i]) * 1099511628211u;
        }
    assert_int_equal(lathe_loader_status(loader), LATHE_OK);
    lathe_loader_free(loader);
    return hash;
}

static void make_other_sets(void)
{
    lathe_text table = { 0 }, many = { 0 };
    lathe_text_put(&table, "path,kind\n");
    lathe_text_put(&many, "path,a,b,c\n");
    for (int i = 0; i < 40; i++) {
        char name[64];
        const char *class = i % 2 ? "odd" : "even";
        lathe_text_add(&table, "%s/%d.pgm,%s\n", class, i, class);
        lathe_text_add(&many, "%s/%d.pgm,%d,%d,%d\n", class, i, i & 1, i >> 1 & 1, i >> 2 & 1);
        snprintf(name, sizeof name, "pairs/images/%d.pgm", i);
        test_put_picture(name, 6, 6, i, 1);
        snprintf(name, sizeof name, "pairs/masks/%d.pgm", i);
        test_put_picture(name, 6, 6, 0, 1);
    }
    char *texts[] = { lathe_text_take(&table), lathe_text_take(&many) };
    test_put_text("set/table.csv", texts[0]);
    test_put_text("set/many.csv", texts[1]);
    lathe_free(texts[0]);
    lathe_free(texts[1]);
    uint8_t *records = malloc(30 * 3073);
    for (int i = 0; i < 30 * 3073; i++) records[i] = (uint8_t)(i % 3073 ? i * 7 / 5 : i / 3073 % 10);
    for (int i = 1; i <= 5; i++) {
        char name[64];
        snprintf(name, sizeof name, "cifar/data_batch_%d.bin", i);
        test_make_folders(name);
        test_write(test_path(name), records, 30 * 3073);
    }
    free(records);
}

static void the_number_of_workers_changes_no_bit(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *place, *augment;
        double crop_ratio;
    } sets[] = {
        { "folder", "set", "", 0 },
        { "folder", "set", "crop:2,hflip,rotate:20,jitter:0.3", 0 },
        { "csv", "set/table.csv", "hflip,gauss_noise:0.1", 0 },
        { "csv", "set/many.csv", "random_resized_crop:8,hflip", 0 },
        { "masks", "pairs", "crop:2,vflip,rotate:30,jitter:0.2", 0 },
        { "cifar10", "cifar", "crop:4,hflip,cutout:8", 0 },
        { "shapes", "", "crop:2,hflip", 0 },
        { "folder", "set", "random_resized_crop:8,hflip,mixup:0.5", 0.75 },
        { "folder", "set", "random_sized_crop:4:12:12,hflip", 0.75 },
        { "folder", "set", "random_crop,jitter:0.3", 0.75 },
        { "masks", "pairs", "random_resized_crop:20,vflip,rotate:30", 0.9 },
    };
    make_other_sets();
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        char name[1200];
        snprintf(name, sizeof name, "%s%s%s", sets[i].kind, *sets[i].place ? ":" : "",
            *sets[i].place ? test_path(sets[i].place) : "");
        lathe_transforms *transforms = lathe_transforms_parse(sets[i].augment);
        if (!transforms) fail_msg("%s", lathe_error_message());
        bool files = strcmp(sets[i].kind, "cifar10") && strcmp(sets[i].kind, "shapes");
        uint64_t first = 0;
        for (int kept = 0; kept < 2; kept++) { /* decoded each time, and once */
            lathe_data_opts opts = { .cache_bytes = kept ? 0 : 1,
                .size = files ? 12 : 0,
                .crop_ratio = sets[i].crop_ratio };
            lathe_dataset *data = lathe_data_open(name, LATHE_SPLIT_TRAIN, &opts);
            if (!data) fail_msg("%s", lathe_error_message());
            lathe_dataset *some = lathe_data_subset(data,
                (const size_t[]){ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 }, 17);
            static const int workers[] = { 0, 1, 2, 4 };
            for (int w = 0; w < 4; w++) {
                uint64_t bits = bits_of(some, transforms, workers[w]);
                if (!first) first = bits;
                if (bits != first)
                    fail_msg("%s with '%s': other bits for %d workers", sets[i].kind, sets[i].augment,
                        workers[w]);
            }
            lathe_data_free(some);
            lathe_data_free(data);
        }
        lathe_transforms_free(transforms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balanced_order_draws_each_class_equally_often),
        cmocka_unit_test(duplicates_are_found),
        cmocka_unit_test(folds_are_disjoint),
        cmocka_unit_test(a_run_tells_of_duplicates_and_uses_its_own_validation_part),
        cmocka_unit_test(the_number_of_workers_changes_no_bit),
    };
    test_folder();
    make_folder();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_folder_remove();
    return failed;
}
