#include "support/transform.h"

#include <stdlib.h>
#include <string.h>

static uint8_t pixel(int c, int y, int x) { return (uint8_t)(c * 101 + y * 37 + x * 5 + 3); }

static lathe_image picture(int channels, int height, int width)
{
    lathe_image image = { channels, height, width, malloc((size_t)(channels * height * width)), false };
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) image.pixels[(c * height + y) * width + x] = pixel(c, y, x);
    return image;
}

static void flips_are_flips(void **state)
{
    (void)state;
    for (int size = 1; size < 35; size++) {
        lathe_image in = picture(size % 4 + 1, 35 - size, size);
        lathe_image across = transformed("hflip:1", &in, 1, 0, 0),
                    down = transformed("vertical-flip:p=1", &in, 1, 0, 0);
        for (int c = 0; c < in.channels; c++)
            for (int y = 0; y < in.height; y++)
                for (int x = 0; x < in.width; x++) {
                    int place = (c * in.height + y) * in.width + x;
                    assert_int_equal(across.pixels[place], pixel(c, y, in.width - 1 - x));
                    assert_int_equal(down.pixels[place], pixel(c, in.height - 1 - y, x));
                }
        free(in.pixels), free(across.pixels), free(down.pixels);
    }
}

static void p_is_how_often(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        int low, high;
    } cases[] = { { "hflip", 900, 1100 }, { "hflip:0.1", 140, 260 }, { "vflip:p=0", 0, 0 },
        { "vflip:1", 2000, 2000 } };
    lathe_image in = picture(1, 3, 3);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        int done = 0;
        for (uint64_t i = 0; i < 2000; i++) {
            lathe_image out = transformed(cases[k].spec, &in, 5, 0, i);
            done += memcmp(in.pixels, out.pixels, 9) != 0;
            free(out.pixels);
        }
        assert_in_range(done, cases[k].low, cases[k].high);
    }
    free(in.pixels);
}

static void borders_are_opencvs(void **state)
{
    (void)state;
    /* a row "abcd" padded by 6, as cv2.copyMakeBorder pads it */
    static const struct {
        const char *border, *want;
    } cases[] = { { "constant", "######abcd######" }, { "replicate", "aaaaaaabcddddddd" },
        { "reflect", "cddcbaabcddcbaab" }, { "reflect_101", "abcdcbabcdcbabcd" },
        { "wrap", "cdabcdabcdabcdab" } };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char spec[64];
        snprintf(spec, sizeof spec, "pad:6:%s:35", cases[k].border);
        lathe_image row = { 1, 1, 4, (uint8_t *)"abcd", false },
                    column = { 1, 4, 1, (uint8_t *)"abcd", false };
        lathe_image a = transformed(spec, &row, 0, 0, 0), b = transformed(spec, &column, 0, 0, 0);
        assert_int_equal(a.width, 16);
        assert_int_equal(a.height, 13);
        assert_memory_equal(a.pixels + 6 * 16, cases[k].want, 16);
        for (int y = 0; y < 16; y++) assert_int_equal(b.pixels[y * 13 + 6], cases[k].want[y]);
        free(a.pixels), free(b.pixels);
    }
    lathe_image one = { 1, 1, 1, (uint8_t *)"x", false };
    lathe_image out = transformed("pad:2:reflect_101", &one, 0, 0, 0);
    for (int i = 0; i < 25; i++) assert_int_equal(out.pixels[i], 'x');
    free(out.pixels);
}

static void random_crop_is_a_window_of_the_padded_picture(void **state)
{
    (void)state;
    enum { SIDE = 8, PADDING = 2, PLACES = (2 * PADDING + 1) * (2 * PADDING + 1) };
    lathe_image in = picture(2, SIDE, SIDE);
    lathe_image padded = transformed("pad:2:constant:9", &in, 0, 0, 0);
    int found[PLACES] = { 0 };
    for (uint64_t i = 0; i < 2500; i++) {
        lathe_image out = transformed("crop:2:fill=9", &in, 1, 3, i);
        assert_int_equal(out.height, SIDE);
        int match = -1;
        for (int place = 0; place < PLACES && match < 0; place++) {
            bool same = true;
            for (int c = 0; c < 2; c++)
                for (int y = 0; y < SIDE; y++)
                    same = same &&
                        !memcmp(out.pixels + (c * SIDE + y) * SIDE,
                            padded.pixels + (c * padded.height + y + place / 5) * padded.width + place % 5,
                            SIDE);
            if (same) match = place;
        }
        assert_true(match >= 0);
        found[match]++;
        free(out.pixels);
    }
    for (int place = 0; place < PLACES; place++)
        assert_in_range(found[place], 60, 140); /* 100 each, five standard deviations are 49 */
    free(in.pixels), free(padded.pixels);
}

static void center_crop_is_the_middle(void **state)
{
    (void)state;
    lathe_image in = picture(3, 9, 6), out = transformed("center_crop:3", &in, 0, 0, 0);
    assert_int_equal(out.height, 3);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 3; y++)
            for (int x = 0; x < 3; x++)
                assert_int_equal(out.pixels[(c * 3 + y) * 3 + x], pixel(c, y + 3, x + 1));
    free(in.pixels), free(out.pixels);
}

static void the_key_decides_and_neighbours_do_not(void **state)
{
    (void)state;
    lathe_image in = picture(1, 16, 16);
    int by_epoch = 0, by_index = 0, by_seed = 0;
    for (uint64_t i = 0; i < 50; i++) {
        lathe_image a = transformed("crop:4", &in, 1, 2, i), again = transformed("crop:4", &in, 1, 2, i);
        assert_memory_equal(a.pixels, again.pixels, 256);
        lathe_image epoch = transformed("crop:4", &in, 1, 3, i),
                    index = transformed("crop:4", &in, 1, 2, i + 50),
                    seed = transformed("crop:4", &in, 2, 2, i);
        by_epoch += !memcmp(a.pixels, epoch.pixels, 256);
        by_index += !memcmp(a.pixels, index.pixels, 256);
        by_seed += !memcmp(a.pixels, seed.pixels, 256);
        /* a transform added in front leaves the crop where it was */
        lathe_image flipped = transformed("vflip:1", &in, 1, 2, i),
                    both = transformed("vflip:1,crop:4", &in, 1, 2, i);
        lathe_image crop = transformed("crop:4", &flipped, 1, 2, i);
        assert_memory_equal(both.pixels, crop.pixels, 256);
        free(a.pixels), free(again.pixels), free(epoch.pixels), free(index.pixels), free(seed.pixels),
            free(flipped.pixels), free(both.pixels), free(crop.pixels);
    }
    assert_true(by_epoch < 8 && by_index < 8 && by_seed < 8); /* 1 in 81 by chance */
    int same = 0;                                             /* two of one kind are two throws of the dice */
    for (uint64_t i = 0; i < 100; i++) {
        lathe_image twice = transformed("hflip,hflip", &in, 1, 2, i);
        same += !memcmp(twice.pixels, in.pixels, 256);
        free(twice.pixels);
    }
    assert_in_range(same, 25, 75);
    free(in.pixels);
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    static const char *const specs[] = { NULL, "" };
    lathe_image in = picture(1, 2, 2);
    for (int i = 0; i < 2; i++) {
        lathe_transforms *none = lathe_transforms_parse(specs[i]);
        assert_non_null(none);
        assert_int_equal(lathe_transforms_scratch(none, 1, 2, 2), 0);
        lathe_image out;
        assert_int_equal(lathe_transforms_apply(none, 0, 0, 0, &in, NULL, &out), LATHE_OK);
        assert_ptr_equal(out.pixels, in.pixels);
        lathe_transforms_free(none);
    }
    lathe_transforms_free(NULL);
    free(in.pixels);
}

static void wrong_text_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        lathe_status status;
        const char *message;
    } wrong[] = {
        { "hflop", LATHE_ENAME, "unknown transform 'hflop'" },
        { "crop:4,,hflip", LATHE_ENAME, "unknown transform ''" },
        { "crop:4,", LATHE_ENAME, "unknown transform ''" },
        { ",", LATHE_ENAME, "unknown transform ''" },
        { "crop:x", LATHE_EARG, "random_crop: padding = 'x' is not a whole number" },
        { "crop:-1", LATHE_EARG, "random_crop: padding = -1" },
        { "crop:4:border=round", LATHE_EARG, "round" },
        { "crop:colour=3", LATHE_ENAME, "colour" },
        { "hflip:1.5", LATHE_EARG, "horizontal_flip: p = '1.5' is not a number from 0 to 1" },
        { "hflip:nan", LATHE_EARG, "p = 'nan'" },
        { "hflip:0.5:0.5", LATHE_EARG, "'0.5' is one value too many" },
        { "hflip:", LATHE_EARG, "p = ''" },
        { "crop:4:8:wrap:0:0:0.5", LATHE_EARG, "random_crop: p = 0.5, but it decides the size" },
        { "center_crop", LATHE_EARG, "center_crop: height must be given" },
        { "pad:0", LATHE_EARG, "pad: padding" },
        { "one_of(hflip", LATHE_EARG, "one_of: its bracket is not closed" },
        { "one_of(hflip,):0.5", LATHE_ENAME, "unknown transform ''" },
        { "one_of(hflip)x:0.5", LATHE_EARG, "one_of: 'x' after its bracket" },
        { "one_of(hflip):0.5:3", LATHE_EARG, "one_of: '3' is one value too many" },
        { "one_of(hflip):colour=3", LATHE_ENAME, "one_of: has no option colour" },
        { "one_of:0.5", LATHE_ENAME, "unknown transform 'one_of'" },
        { "hflip(vflip)", LATHE_EARG, "'hflip': only one_of and sequence have brackets" },
        { "hflip)", LATHE_EARG, "a bracket is closed that was not open" },
        { "sequence(sequence(sequence(sequence(sequence(sequence(sequence(sequence(sequence(hflip)))))))))",
            LATHE_EARG, "nested deeper" },
        { "rotate:10..", LATHE_EARG, "rotate: limit = '' is not a number" },
        { "rotate:x..3", LATHE_EARG, "rotate: limit = 'x' is not a number" },
        { "rotate:nan", LATHE_EARG, "rotate: limit" },
        { "rotate:3..1", LATHE_EARG, "rotate: limit: 3 is more than 1" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(lathe_transforms_parse(wrong[i].spec));
        assert_failed(wrong[i].status, wrong[i].message);
    }
    static const struct {
        const char *spec, *message;
    } misfits[] = { { "crop:2:40", "random_crop: size 40 of pictures of 28 x 28 with padding 2" },
        { "center_crop:29", "center_crop: size 29 x 29 of pictures of 28 x 28" },
        { "one_of(center_crop:8,resize:9):1", "one_of: 8 x 8 would come out of one, 9 x 9 of another" },
        { "sequence(resize:9):0.5", "sequence: p = 0.5, but it decides the size" },
        { "one_of(hflip,resize:9):1", "one_of: 28 x 28 would come out of one, 9 x 9 of another" },
        { "pad:4096,pad:4096,pad:4096", "pad: pictures of 16412 x 16412 would come out" } };
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++) {
        lathe_transforms *transforms = lathe_transforms_parse(misfits[i].spec);
        assert_non_null(transforms);
        int height = 28, width = 28;
        assert_int_equal(lathe_transforms_size(transforms, 1, &height, &width), LATHE_ESHAPE);
        assert_failed(LATHE_ESHAPE, misfits[i].message);
        lathe_transforms_free(transforms);
    }
}

static void the_loader_transforms_by_sample(void **state)
{
    (void)state;
    lathe_dataset *data =
        lathe_data_shapes(LATHE_SPLIT_TRAIN, &(lathe_shapes_opts){ .count = 150, .colour = true });
    lathe_transforms *transforms = lathe_transforms_parse("crop:4:24,hflip,vflip:0.2");
    for (int workers = 0; workers < 4; workers++) {
        lathe_loader_opts opts = { .batch_size = 40,
            .shuffle = true,
            .seed = 6,
            .workers = workers,
            .transforms = transforms };
        lathe_loader *loader = lathe_loader_new(data, &opts);
        for (int epoch = 0; epoch < 2; epoch++)
            for (lathe_batch batch; lathe_loader_next(loader, &batch);) {
                assert_int_equal(batch.height, 24);
                assert_int_equal(batch.width, 24);
                for (int i = 0; i < batch.size; i += 7) {
                    size_t index =
                        lathe_loader_order(loader, batch.epoch, (size_t)(batch.index * 40) + (size_t)i);
                    lathe_sample sample;
                    assert_int_equal(lathe_data_read(data, index, NULL, &sample), LATHE_OK);
                    lathe_image in = { 3, 32, 32, (uint8_t *)sample.pixels, false };
                    lathe_image out = transformed("crop:4:24,hflip,vflip:0.2", &in, 6, batch.epoch, index);
                    for (int p = 0; p < 3 * 24 * 24; p++) {
                        lathe_real got =
                            batch.images[(size_t)(i / 16 * 3 * 24 * 24 + p) * LATHE_LANES + (size_t)(i % 16)];
                        double want = (out.pixels[p] / 255.0 - data->mean[p / 576]) / data->std[p / 576];
                        assert_true((double)got - want < 1e-5 && want - (double)got < 1e-5);
                    }
                    free(out.pixels);
                }
            }
        lathe_loader_free(loader);
    }
    lathe_transforms_free(transforms);
    transforms = lathe_transforms_parse("center_crop:33");
    assert_null(lathe_loader_new(data, &(lathe_loader_opts){ .transforms = transforms }));
    assert_failed(LATHE_ESHAPE, "center_crop: size 33 x 33 of pictures of 32 x 32");
    lathe_transforms_free(transforms);
    lathe_data_free(data);
}

/* How often each of the levels that a member leaves behind is seen in 3000 pictures. */
static void count_levels(const char *spec, int seen[256])
{
    lathe_image in = picture(1, 1, 1);
    memset(seen, 0, 256 * sizeof *seen);
    in.pixels[0] = 100;
    for (uint64_t i = 0; i < 3000; i++) {
        lathe_image out = transformed(spec, &in, 4, 0, i);
        seen[out.pixels[0]]++;
        free(out.pixels);
    }
    free(in.pixels);
}

/* cutout leaves its fill value: 1, 2, 3 tell the members apart, 100 is none of them. */
static void one_of_and_sequences(void **state)
{
    (void)state;
    int seen[256];
    count_levels("one_of(cutout:fill=1,cutout:fill=2,cutout:fill=3)", seen);
    assert_in_range(seen[100], 1370, 1630);
    for (int k = 1; k <= 3; k++) assert_in_range(seen[k], 400, 600);
    count_levels("one_of(cutout:fill=1:p=0.1,cutout:fill=2:p=0.3):1",
        seen); /* weights: 1 to 3, one of them always */
    assert_in_range(seen[1], 640, 860);
    assert_int_equal(seen[1] + seen[2], 3000);
    count_levels("sequence(cutout:fill=1,one_of(cutout:fill=2,cutout:fill=3):p=0.5):p=0.2", seen);
    assert_in_range(seen[100], 2280, 2520);
    assert_in_range(seen[1], 230, 370);
    assert_in_range(seen[2], 105, 200);
    assert_int_equal(seen[100] + seen[1] + seen[2] + seen[3], 3000);
    count_levels("one_of(sequence(cutout:fill=1,cutout:fill=2):1,cutout:fill=3):1", seen);
    assert_in_range(seen[2], 1370, 1630);
    assert_int_equal(seen[2] + seen[3], 3000);
    lathe_image in = picture(1, 20, 20),
                out = transformed("one_of(center_crop:8,resize:8):1,hflip", &in, 1, 0, 0);
    assert_int_equal(out.width, 8);
    free(in.pixels), free(out.pixels);
}

/* What is done where nothing is left to chance. */
static void still_is_what_is_not_random(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *same;
    } cases[] = { { "crop:4,hflip,rotate:90:p=1,jitter:1,cutout:4", "" }, { "crop:2:16", "center_crop:16" },
        { "random_resized_crop:10", "resize:10" },
        { "random_sized_crop:5:9:10,vflip:1", "resize:10,vflip:1" },
        { "pad:3:wrap,equalize:p=1,to_gray:0.5", "pad:3:wrap,equalize:p=1" },
        { "one_of(resize:8,center_crop:8):1", "resize:8" }, { "sequence(equalize:p=1):0.9", "" },
        { "sequence(equalize:p=1):1", "equalize:p=1" } };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        lathe_image in = picture(3, 20, 20), want = transformed(cases[k].same, &in, 1, 0, 0), out;
        lathe_transforms *transforms = lathe_transforms_parse(cases[k].spec);
        int height = 20, width = 20;
        assert_int_equal(lathe_transforms_size(transforms, 3, &height, &width), LATHE_OK);
        uint8_t *scratch = malloc(lathe_transforms_scratch(transforms, 3, 20, 20));
        assert_int_equal(lathe_transforms_still(transforms, &in, scratch, &out), LATHE_OK);
        assert_int_equal(out.height, height);
        assert_int_equal(out.height, want.height);
        assert_memory_equal(out.pixels, want.pixels, (size_t)(3 * want.height * want.width));
        free(in.pixels), free(want.pixels), free(scratch);
        lathe_transforms_free(transforms);
    }
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    lathe_transforms *transforms = NULL;
    size_t nth = 1;
    for (; !transforms; nth++) {
        lathe_alloc_fail_at(nth, nth % 2);
        transforms = lathe_transforms_parse("crop:4,hflip");
        lathe_alloc_fail_at(0, false);
        if (!transforms) assert_int_equal(lathe_error(), LATHE_ENOMEM);
    }
    assert_int_equal(nth, 9); /* seven allocations, then none refused */
    lathe_transforms_free(transforms);
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flips_are_flips),
        cmocka_unit_test(p_is_how_often),
        cmocka_unit_test(borders_are_opencvs),
        cmocka_unit_test(random_crop_is_a_window_of_the_padded_picture),
        cmocka_unit_test(center_crop_is_the_middle),
        cmocka_unit_test(the_key_decides_and_neighbours_do_not),
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(wrong_text_is_refused),
        cmocka_unit_test(the_loader_transforms_by_sample),
        cmocka_unit_test(one_of_and_sequences),
        cmocka_unit_test(still_is_what_is_not_random),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
