#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 40, SIDE = 12, AREA = SIDE * SIDE };

/* Picture i is i * 6 everywhere, and its class is i % 4. */
static lathe_dataset *levels(void)
{
    static uint8_t pixels[COUNT * AREA];
    static int labels[COUNT];
    for (int i = 0; i < COUNT; i++) memset(pixels + i * AREA, i * 6, AREA), labels[i] = i % 4;
    return lathe_data_memory(pixels, labels,
        &(lathe_memory_opts){ .count = COUNT, .channels = 1, .height = SIDE, .width = SIDE, .classes = 4 });
}

static double pixel(const lathe_batch *batch, int image, int place)
{
    return (double)batch->images[((size_t)(image / LATHE_LANES) * AREA + (size_t)place) * LATHE_LANES +
               (size_t)(image % LATHE_LANES)] *
        255;
}

static lathe_loader *open(const lathe_dataset *data, const char *spec, int workers,
    lathe_transforms **transforms)
{
    *transforms = lathe_transforms_parse(spec);
    if (!*transforms) fail_msg("%s: %s", spec, lathe_error_message());
    lathe_loader *loader = lathe_loader_new(data,
        &(lathe_loader_opts){ .batch_size = 20,
            .no_normalize = true,
            .seed = 3,
            .workers = workers,
            .transforms = *transforms });
    if (!loader) fail_msg("%s: %s", spec, lathe_error_message());
    return loader;
}

/* Whose level the pixel is not, and the label that goes with it, must be the partner's. */
static void labels_are_mixed_as_pictures_are(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        lathe_transforms *transforms;
        lathe_dataset *data = levels();
        lathe_loader *loader = open(data, kind ? "cutmix" : "mixup:0.4", 0, &transforms);
        int mixed = 0;
        double shares = 0;
        for (int epoch = 0; epoch < 10; epoch++)
            for (lathe_batch batch; lathe_loader_next(loader, &batch);)
                for (int i = 0; i < batch.size; i++) {
                    double own = (double)((int)batch.index * 20 + i) * 6, share = (double)batch.share[i],
                           sum = 0, other = -1;
                    assert_true(share >= 0 && share <= 1);
                    for (int p = 0; p < AREA; p++) {
                        double value = pixel(&batch, i, p);
                        sum += value / AREA;
                        if (fabs(value - own) > 0.5) other = value;
                    }
                    shares += share;
                    if (other < 0) continue;
                    double level = kind ? other : (sum - share * own) / (1 - share);
                    double near = floor(level / 6 + 0.5);
                    mixed++;
                    if (kind)
                        assert_true(fabs(sum - share * own - (1 - share) * other) < 0.01); /* by the area */
                    if (share < 0.8) assert_int_equal((int)near % 4, batch.other_labels[i]);
                }
        assert_true(mixed > 250);
        assert_true(shares / 400 > 0.4 && shares / 400 < (kind ? 0.8 : 0.6));
        lathe_loader_free(loader);
        lathe_transforms_free(transforms);
        lathe_data_free(data);
    }
}

static void any_number_of_workers_gives_the_same_bits(void **state)
{
    (void)state;
    static const int workers[] = { 0, 1, 2, 4 };
    static lathe_real images[4][3 * COUNT * AREA + 3 * 2 * 16 * AREA], shares[4][3 * COUNT];
    static int labels[4][3 * COUNT];
    for (int w = 0; w < 4; w++) {
        lathe_transforms *transforms;
        lathe_dataset *data = levels();
        lathe_loader *loader =
            open(data, "crop:2,hflip,mixup:0.2:p=0.5,cutmix:p=0.7", workers[w], &transforms);
        size_t done = 0, samples = 0;
        for (int epoch = 0; epoch < 3; epoch++)
            for (lathe_batch batch; lathe_loader_next(loader, &batch); samples += (size_t)batch.size) {
                size_t stored = (size_t)(batch.size + 15) / 16 * 16 * AREA;
                memcpy(images[w] + done, batch.images, stored * sizeof **images);
                memcpy(shares[w] + samples, batch.share, (size_t)batch.size * sizeof **shares);
                memcpy(labels[w] + samples, batch.other_labels, (size_t)batch.size * sizeof **labels);
                done += stored;
            }
        assert_int_equal(samples, 3 * COUNT);
        assert_memory_equal(images[w], images[0], done * sizeof **images);
        assert_memory_equal(shares[w], shares[0], sizeof shares[0]);
        assert_memory_equal(labels[w], labels[0], sizeof labels[0]);
        lathe_loader_free(loader);
        lathe_transforms_free(transforms);
        lathe_data_free(data);
    }
}

static void nothing_is_mixed_in_validation(void **state)
{
    (void)state;
    lathe_dataset *data = levels();
    lathe_transforms *transforms = lathe_transforms_parse("mixup");
    lathe_loader *loader = lathe_loader_new(data,
        &(lathe_loader_opts){ .batch_size = 20,
            .no_normalize = true,
            .still = true,
            .transforms = transforms });
    lathe_batch batch;
    assert_true(lathe_loader_next(loader, &batch));
    assert_null(batch.other_labels);
    for (int i = 0; i < 20; i++) assert_true(fabs(pixel(&batch, i, 5) - i * 6) < 1e-3);
    lathe_loader_free(loader);
    lathe_transforms_free(transforms);
    lathe_data_free(data);
}

/* Four views of a level each, with masks of that level / 50. */
static void make_views(lathe_view view[4], uint8_t pixels[4][AREA], uint8_t masks[4][AREA])
{
    for (int k = 0; k < 4; k++) {
        memset(pixels[k], 50 * k, AREA);
        memset(masks[k], k, AREA);
        view[k] = (lathe_view){ .picture = { 1, SIDE, SIDE, pixels[k], LATHE_NO_MASK },
            .mask = { 1, SIDE, SIDE, masks[k], LATHE_CLASS_MASK } };
    }
}

static const lathe_transform_type *type_of(const char *name)
{
    for (int i = 0;; i++) {
        const lathe_transform_type *type = lathe_transform_at(i);
        if (!type || !strcmp(type->name, name)) return type;
    }
}

static void masks_move_with_their_pictures(void **state)
{
    (void)state;
    static const char *const names[] = { "mosaic", "cutmix", "copy_paste" };
    for (int n = 0; n < 3; n++) {
        lathe_view view[4], made;
        uint8_t pixels[4][AREA], masks[4][AREA], picture[AREA], mask[AREA];
        const lathe_transform_type *type = type_of(names[n]);
        double opts[4] = { 0 }, share;
        assert_non_null(type);
        if (n < 2)
            assert_int_equal(lathe_fields_resolve(type->name, type->fields, (double[4]){ 0 }, opts,
                                 type->opts_size),
                LATHE_OK);
        int seen[4] = { 0 };
        for (uint64_t i = 0; i < 20; i++) {
            make_views(view, pixels, masks);
            if (n == 2) memset(masks[1], 0, AREA / 2); /* half of it is background */
            lathe_rng rng = lathe_rng_at(5, 6, i);
            made = (lathe_view){ .picture = { 1, SIDE, SIDE, picture, LATHE_NO_MASK },
                .mask = { 1, SIDE, SIDE, mask, LATHE_CLASS_MASK } };
            type->mix(opts, &rng, view, &made, &share);
            for (int p = 0; p < AREA; p++) {
                assert_int_equal(picture[p], 50 * mask[p]);
                seen[mask[p]]++;
            }
            if (n == 0)
                assert_true(
                    mask[0] == 0 && mask[SIDE - 1] == 1 && mask[AREA - SIDE] == 2 && mask[AREA - 1] == 3);
            if (n == 2) assert_true(mask[0] == 0 && mask[AREA - 1] == 1);
        }
        for (int k = 0; k < type->mixes; k++) assert_true(seen[k] > 0);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        { "mixup,hflip", "mixup: mixes pictures and must come after horizontal_flip" },
        { "one_of(mixup,cutmix)", "mixup: mixes pictures and cannot be in a group" }, { "mixup:0", "alpha" }
    };
    for (size_t i = 0; i < 2; i++) {
        assert_null(lathe_transforms_parse(wrong[i][0]));
        assert_failed(LATHE_EARG, wrong[i][1]);
    }
    lathe_dataset *data = levels();
    lathe_transforms *transforms = lathe_transforms_parse("hflip,mosaic");
    assert_non_null(transforms);
    assert_null(lathe_loader_new(data, &(lathe_loader_opts){ .transforms = transforms }));
    assert_failed(LATHE_EARG, "mosaic: is for pictures with masks");
    lathe_transforms_free(transforms);
    lathe_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_mixed_as_pictures_are),
        cmocka_unit_test(any_number_of_workers_gives_the_same_bits),
        cmocka_unit_test(nothing_is_mixed_in_validation),
        cmocka_unit_test(masks_move_with_their_pictures),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
