#define _DEFAULT_SOURCE /* symlink, mkfifo */
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/folder.h"

static void make_folders(const char *path)
{
    char part[2048];
    for (const char *c = path; *c; c++)
        if (*c == '/') {
            snprintf(part, sizeof part, "%.*s", (int)(c - path), path);
            mkdir(test_path(part), 0700);
        }
}

/* A grey PGM of w x h of one level. */
static void put_picture(const char *path, int width, int height, int level)
{
    static char bytes[70000];
    int header = sprintf(bytes, "P5 %d %d 255\n", width, height);
    memset(bytes + header, level, (size_t)(width * height));
    make_folders(path);
    test_write(test_path(path), bytes, (size_t)(header + width * height));
}

static void put_text(const char *path, const char *text)
{
    make_folders(path);
    test_write(test_path(path), text, strlen(text));
}

/* The level of each sample's first pixel, in order, as text: "10 20 30". */
static const char *levels(const lathe_dataset *data)
{
    static char text[4096];
    size_t used = 0;
    uint8_t *scratch = malloc((size_t)(data->channels * data->height * data->width));
    text[0] = '\0';
    for (size_t i = 0; i < data->count; i++) {
        lathe_sample sample;
        if (lathe_data_read(data, i, scratch, &sample)) fail_msg("%s", lathe_error_message());
        assert_int_equal(sample.label, data->labels[i]);
        used += (size_t)sprintf(text + used, "%s%d", i ? " " : "", sample.pixels[0]);
    }
    free(scratch);
    return text;
}

static lathe_dataset *open_folder(const char *path, lathe_split split, const lathe_folder_opts *opts)
{
    lathe_dataset *data = lathe_data_folder(test_path(path), split, opts);
    if (!data) fail_msg("%s", lathe_error_message());
    return data;
}

static void train_and_val_folders(void **state)
{
    (void)state;
    put_picture("two/train/bees/2.pgm", 4, 4, 20);
    put_picture("two/train/bees/1.pgm", 4, 4, 10);
    put_picture("two/train/ants/deep/er/x.PGM", 9, 4, 30);
    put_picture("two/val/bees/v.pgm", 4, 9, 40);
    put_picture("two/test/bees/t.pgm", 4, 9, 50);
    lathe_dataset *data = open_folder("two", LATHE_SPLIT_TRAIN, &(lathe_folder_opts){ .size = 2 });
    assert_int_equal(data->classes, 2);
    assert_string_equal(data->class_names[0], "ants");
    assert_string_equal(data->class_names[1], "bees");
    assert_string_equal(levels(data), "30 10 20");
    assert_int_equal(data->labels[0], 0);
    assert_int_equal(data->labels[2], 1);
    assert_int_equal(data->channels, 3);
    assert_int_equal(data->width, 2);
    assert_close_double("mean", data->mean, (double[]){ 20 / 255.0, 20 / 255.0, 20 / 255.0 }, 3, 1e-12, 0);
    lathe_data_free(data);
    data = open_folder("two", LATHE_SPLIT_TEST, NULL); /* no ants in it: the classes are still train's */
    assert_int_equal(data->classes, 2);
    assert_int_equal(data->labels[0], 1);
    assert_string_equal(levels(data), "50");
    assert_int_equal(data->width, 64);
    lathe_data_free(data);
    data = open_folder("two", LATHE_SPLIT_VAL, NULL);
    assert_string_equal(levels(data), "40");
    lathe_data_free(data);
    put_picture("two/test/wasps/w.pgm", 4, 4, 1);
    assert_null(lathe_data_folder(test_path("two"), LATHE_SPLIT_TEST, NULL));
    assert_failed(LATHE_EFORMAT, "two/test/wasps: a class that ");
}

static void class_folders_are_held_out_in_part(void **state)
{
    (void)state;
    char name[64];
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "one/%s/%02d.pgm", i < 30 ? "a" : i < 49 ? "b" : "c", i);
        put_picture(name, 1, 1, i);
    }
    put_picture("one/c/50.pgm", 1, 1, 50);
    for (uint64_t seed = 0; seed < 3; seed++) {
        int seen[51] = { 0 }, counts[2][3] = { { 0 } };
        for (int split = 0; split < 2; split++) {
            lathe_dataset *data = open_folder("one", (lathe_split)split,
                &(lathe_folder_opts){ .size = 1, .channels = 1, .seed = seed });
            uint8_t scratch[1];
            for (size_t i = 0; i < data->count; i++) {
                lathe_sample sample;
                assert_int_equal(lathe_data_read(data, i, scratch, &sample), LATHE_OK);
                assert_int_equal(sample.label, sample.pixels[0] < 30 ? 0 : sample.pixels[0] < 49 ? 1 : 2);
                seen[sample.pixels[0]]++;
                counts[split][sample.label]++;
            }
            lathe_data_free(data);
        }
        for (int i = 0; i <= 50; i++) assert_int_equal(seen[i], 1);
        assert_memory_equal(counts[1], ((int[]){ 6, 4, 1 }),
            3 * sizeof(int)); /* a fifth of 30, 19 and 2, at least one */
    }
}

static void pictures_are_scaled_and_the_middle_is_cut_out(void **state)
{
    (void)state;
    /* three squares side by side: 10, 200, 30; the middle one stays */
    char bytes[256];
    int header = sprintf(bytes, "P5 12 4 255\n");
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 12; x++) bytes[header + y * 12 + x] = (char)(x < 4 ? 10 : x < 8 ? 200 : 30);
    make_folders("crop/train/a/x");
    make_folders("crop/val/a/x");
    test_write(test_path("crop/train/a/wide.pgm"), bytes, (size_t)header + 48);
    test_write(test_path("crop/val/a/wide.pgm"), bytes, (size_t)header + 48);
    static const int sizes[] = { 2, 4, 8 };
    for (int k = 0; k < 3; k++) {
        lathe_dataset *data =
            open_folder("crop", LATHE_SPLIT_TRAIN, &(lathe_folder_opts){ .size = sizes[k], .channels = 1 });
        lathe_sample sample;
        assert_int_equal(lathe_data_read(data, 0, NULL, &sample), LATHE_OK);
        assert_int_equal(sample.width, sizes[k]);
        if (k != 0) assert_int_equal(sample.pixels[(sizes[k] / 2) * (sizes[k] + 1)], 200);
        else assert_in_range(sample.pixels[0], 150, 199); /* the filter reaches a little beyond the square */
        if (k == 1)
            for (int i = 0; i < sizes[k] * sizes[k]; i++) assert_int_equal(sample.pixels[i], 200);
        lathe_data_free(data);
    }
}

/* Columns of a picture that needs no scaling say where the middle was cut out; halves go to even numbers. */
static void crop_ratio_scales_the_shorter_side_and_cuts_the_middle(void **state)
{
    (void)state;
    static const struct {
        int width, left;
    } cases[] = { { 10, 1 }, { 20, 6 }, { 21, 6 }, { 23, 8 }, { 50, 21 } };
    make_folders("ratio/train/a/x");
    make_folders("ratio/val/a/x");
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        static char bytes[600];
        int width = cases[k].width, header = sprintf(bytes, "P5 %d 10 255\n", width);
        for (int y = 0; y < 10; y++)
            for (int x = 0; x < width; x++) bytes[header + y * width + x] = (char)(4 * x + y);
        test_write(test_path("ratio/train/a/1.pgm"), bytes, (size_t)(header + 10 * width));
        test_write(test_path("ratio/val/a/1.pgm"), bytes, (size_t)(header + 10 * width));
        lathe_dataset *data = open_folder("ratio", LATHE_SPLIT_TRAIN,
            &(lathe_folder_opts){ .size = 8, .channels = 1, .crop_ratio = 0.8, .cache_bytes = k % 2 });
        lathe_sample sample;
        uint8_t scratch[64];
        assert_int_equal(lathe_data_read(data, 0, scratch, &sample), LATHE_OK);
        for (int i = 0; i < 64; i++)
            assert_int_equal(sample.pixels[i], 4 * (cases[k].left + i % 8) + 1 + i / 8);
        lathe_data_free(data);
    }
    static const double wrong[] = { -0.1, 1.01, NAN };
    for (int i = 0; i < 3; i++) {
        assert_null(lathe_data_folder(test_path("ratio"), LATHE_SPLIT_TRAIN,
            &(lathe_folder_opts){ .crop_ratio = wrong[i] }));
        assert_failed(LATHE_EARG, "crop_ratio");
    }
    assert_null(lathe_data_open("shapes", LATHE_SPLIT_TRAIN, &(lathe_data_opts){ .crop_ratio = 0.875 }));
    assert_failed(LATHE_EARG, "crop_ratio");
}

static void kept_or_not_the_pixels_are_the_same(void **state)
{
    (void)state;
    lathe_dataset *kept = open_folder("one", LATHE_SPLIT_TRAIN, &(lathe_folder_opts){ .size = 5 });
    lathe_dataset *read =
        open_folder("one", LATHE_SPLIT_TRAIN, &(lathe_folder_opts){ .size = 5, .cache_bytes = 1 });
    char *first = strdup(levels(kept));
    assert_string_equal(first, levels(read));
    assert_int_equal(kept->count, 24 + 15 + 1);
    for (int c = 0; c < 3; c++) assert_true(read->mean[c] > 0 && read->std[c] > 0);
    uint64_t sums[2] = { 0 };
    for (int k = 0; k < 2; k++)
        for (int workers = 0; workers < 3; workers++) { /* read by several threads at once */
            lathe_loader *loader = lathe_loader_new(k ? read : kept,
                &(lathe_loader_opts){ .batch_size = 9, .workers = workers, .no_normalize = true });
            uint64_t sum = 0;
            for (lathe_batch batch; lathe_loader_next(loader, &batch);)
                for (int i = 0; i < batch.size; i++)
                    sum = sum * 31 + (uint64_t)(batch.images[i] * 255 + (lathe_real)0.5);
            assert_int_equal(lathe_loader_status(loader), LATHE_OK);
            if (workers) assert_int_equal(sum, sums[k]);
            sums[k] = sum;
            lathe_loader_free(loader);
        }
    assert_int_equal(sums[0], sums[1]);
    free(first);
    lathe_data_free(kept);
    lathe_data_free(read);
}

static void what_is_no_picture_is_passed_over(void **state)
{
    (void)state;
    static const char png[] = "\x89PNG\r\n\x1a\n";
    put_picture("nasty/train/a/1.pgm", 2, 2, 1);
    put_picture("nasty/val/a/1.pgm", 2, 2, 1);
    put_picture("nasty/train/a/2\n\x1b[31m\xff.pgm", 2, 2, 2); /* a name of no alphabet */
    put_picture("nasty/train/a/=cmd.pgm", 2, 2, 3);
    put_picture("nasty/train/a/folder.jpg/4.pgm", 2, 2, 4); /* a folder named as a picture */
    put_text("nasty/train/a/readme.txt", "not a picture");
    put_text("nasty/train/a/Thumbs.db", "not a picture either");
    put_text("nasty/train/a/empty", "");
    put_picture("nasty/train/a/.hidden.pgm", 2, 2, 99);
    put_picture("nasty/train/a/.git/x.pgm", 2, 2, 99);
    put_picture("nasty/train/.cache/x.pgm", 2, 2, 99);
    put_picture("nasty/stray.pgm", 2, 2, 99);
    put_picture("nasty/train/stray.pgm", 2, 2, 99);
    put_picture("outside/secret.pgm", 2, 2, 99);
    assert_int_equal(symlink("../../../outside/secret.pgm", test_path("nasty/train/a/link.pgm")), 0);
    assert_int_equal(symlink("../../../outside", test_path("nasty/train/a/out")), 0);
    assert_int_equal(symlink("../../train", test_path("nasty/train/a/loop")), 0);
    assert_int_equal(symlink(".", test_path("nasty/train/self")), 0);
    assert_int_equal(symlink("/nowhere", test_path("nasty/train/a/dangling.pgm")), 0);
    assert_int_equal(symlink("../../outside", test_path("nasty/train/linked-class")), 0);
    assert_int_equal(mkfifo(test_path("nasty/train/a/pipe.jpg"), 0600), 0);
    assert_int_equal(mkfifo(test_path("nasty/train/a/pipe"), 0600), 0);
    char longest[256 + 32] = "nasty/train/a/";
    memset(longest + 14, 'n', 255);
    strcpy(longest + 14 + 251, ".pgm");
    put_picture(longest, 2, 2, 5);
    put_text("nasty/train/a/only-a-signature", png);
    lathe_dataset *data =
        open_folder("nasty", LATHE_SPLIT_TRAIN, &(lathe_folder_opts){ .size = 1, .skip_bad = true });
    assert_string_equal(levels(data), "1 2 3 4 5");
    assert_int_equal(data->classes, 1);
    assert_string_equal(data->passed_over,
        "1 .db file: Thumbs.db; 2 .pgm files, such as stray.pgm; 1 .txt file: readme.txt; 1 file: empty; "
        "2 links, such as dangling.pgm; 4 linked folders, such as linked-class; 2 special files, such as "
        "pipe");
    assert_int_equal(data->skipped, 1);
    assert_true(strstr(data->skipped_why[0], "only-a-signature: the PNG is truncated") != NULL);
    lathe_data_free(data);
}

static void damaged_pictures_fail_or_are_left_out(void **state)
{
    (void)state;
    char name[64];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "bad/train/%c/%02d.pgm", 'a' + i % 2, i);
        if (i == 4) put_text(name, "P5 3 3 255\nshort");
        else if (i == 7) put_text(name, "GIF89a......");
        else if (i == 11) put_text(name, "");
        else put_picture(name, 3, 3, i);
    }
    put_picture("bad/val/a/x.pgm", 3, 3, 1);
    for (size_t cache = 0; cache < 2; cache++) {
        lathe_folder_opts opts = { .size = 3, .cache_bytes = cache, .skip_bad = true };
        lathe_dataset *data = open_folder("bad", LATHE_SPLIT_TRAIN, &opts);
        assert_int_equal(data->count, 17);
        assert_string_equal(levels(data), "0 2 6 8 10 12 14 16 18 1 3 5 9 13 15 17 19");
        assert_int_equal(data->skipped, 3);
        assert_true(strstr(data->skipped_why[0], "bad/train/a/04.pgm: the PNM is truncated") != NULL);
        assert_true(strstr(data->skipped_why[1], "bad/train/b/07.pgm: is a GIF") != NULL);
        assert_true(strstr(data->skipped_why[2], "bad/train/b/11.pgm: 0 bytes are not a picture") != NULL);
        assert_int_equal(lathe_error(), LATHE_OK);
        lathe_dataset *part = lathe_data_subset(data, (size_t[]){ 3 }, 1);
        assert_int_equal(part->skipped, 0);
        lathe_data_free(part);
        lathe_data_free(data);
    }
    assert_null(lathe_data_folder(test_path("bad"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EFORMAT, "bad/train/a/04.pgm: the PNM is truncated");
    lathe_dataset *data =
        open_folder("bad", LATHE_SPLIT_TRAIN, &(lathe_folder_opts){ .size = 3, .cache_bytes = 1 });
    assert_int_equal(data->count, 20); /* not looked at before it is read */
    uint8_t scratch[27];
    lathe_sample sample;
    lathe_error_clear();
    assert_int_equal(lathe_data_read(data, 2, scratch, &sample), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "04.pgm: the PNM is truncated");
    lathe_data_free(data);
    put_text("worst/train/a/1.png", "no");
    put_text("worst/val/a/1.png", "no");
    static const size_t caches[] = { 0, 1 };
    for (int k = 0; k < 4; k++) {
        lathe_folder_opts opts = { .skip_bad = k & 1, .cache_bytes = caches[k / 2] };
        assert_null(lathe_data_folder(test_path("worst"), LATHE_SPLIT_TRAIN, &opts));
        assert_failed(LATHE_EFORMAT,
            opts.skip_bad ? "worst: 0 of 1 pictures can be read: " : "1.png: 2 bytes are not a picture");
    }
}

static void layouts_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    assert_null(lathe_data_folder(test_path("absent"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EIO, "absent: cannot be opened: No such file");
    put_text("file", "x");
    assert_null(lathe_data_folder(test_path("file"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EIO, "file: cannot be opened: Not a directory");
    put_picture("flat/1.pgm", 1, 1, 1);
    assert_null(lathe_data_folder(test_path("flat"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EFORMAT, "flat: has no folders: one folder a class is expected");
    put_picture("hollow/train/a/1.pgm", 1, 1, 1);
    make_folders("hollow/train/b/x");
    make_folders("hollow/val/x");
    assert_null(lathe_data_folder(test_path("hollow"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EFORMAT, "hollow/train/b: a class without pictures");
    assert_null(lathe_data_folder(test_path("hollow"), LATHE_SPLIT_TEST, NULL));
    assert_failed(LATHE_EFORMAT, "hollow/val: has no folders");
    put_picture("single/a/1.pgm", 1, 1, 1);
    assert_null(lathe_data_folder(test_path("single"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EFORMAT, "single/a: a class of one picture cannot be split");
    make_folders("mixed/train/x");
    make_folders("mixed/val/x");
    make_folders("mixed/cats/x");
    make_folders("mixed/dogs/x");
    assert_null(lathe_data_folder(test_path("mixed"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EFORMAT, "mixed: has train/ and val/ and other folders");
    char deep[256] = "deep/train/a/";
    for (int i = 0; i < 20; i++) strcat(deep, "d/");
    make_folders(deep);
    make_folders("deep/val/x");
    assert_null(lathe_data_folder(test_path("deep"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EIO, "folders are nested deeper than 16");
}

/* Folders and pictures of formats that are not read, beside those that are: counted, in each split. */
static void what_is_passed_over_is_counted(void **state)
{
    (void)state;
    static const char *const pictures[] = { "over/train/a/1.pgm", "over/train/b/1.pgm", "over/test/a/1.pgm",
        "over/more/a/1.pgm" };
    for (size_t i = 0; i < 4; i++) put_picture(pictures[i], 1, 1, 1);
    lathe_dataset *data = open_folder("over", LATHE_SPLIT_TEST, NULL);
    assert_string_equal(data->passed_over, "1 folder: more");
    lathe_data_free(data);
    put_text("over/train/a/2.HEIC", "x");
    put_text("over/train/b/3.heic", "x");
    put_text("over/train/b/4.avif", "x");
    put_text("over/train/b/5.CR2", "x");
    put_text("over/test/a/6.dng", "x");
    data = open_folder("over", LATHE_SPLIT_TRAIN, NULL);
    assert_string_equal(data->passed_over,
        "1 .avif file: 4.avif; 1 .cr2 file: 5.CR2; 2 .heic files, such as 2.HEIC; 1 folder: more");
    lathe_dataset *part = lathe_data_subset(data, (size_t[]){ 0 }, 1);
    assert_null(part->passed_over);
    lathe_data_free(part);
    lathe_data_free(data);
    data = open_folder("over", LATHE_SPLIT_TEST, NULL);
    assert_string_equal(data->passed_over, "1 .dng file: 6.dng; 1 folder: more");
    lathe_data_free(data);
    data = open_folder("two", LATHE_SPLIT_TRAIN, NULL);
    assert_null(data->passed_over);
    lathe_data_free(data);
    put_text("links/read.me", "x");
    assert_int_equal(symlink("../over/train/a", test_path("links/a")), 0);
    assert_null(lathe_data_folder(test_path("links"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EFORMAT,
        "links: has no folders: one folder a class is expected; it has 1 .me file: read.me; 1 linked folder: "
        "a");
}

/* Classes cat and dog, with their pictures' levels in each split, under the usual names of folders. */
static void the_usual_names_of_splits_are_known(void **state)
{
    (void)state;
    static const char *const names[][3] = { { "train", "valid", NULL }, { "train", "validation", NULL },
        { "Train", NULL, "Test" }, { "training", NULL, "testing" }, { "TRAIN", "Dev", "TESTING" },
        { "Training", "Validation", "test" } };
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char root[32];
        snprintf(root, sizeof root, "usual-%zu", i);
        for (int k = 0; k < 6; k++) {
            if (!names[i][k / 2]) continue;
            snprintf(path, sizeof path, "%s/%s/%s/1.pgm", root, names[i][k / 2], k % 2 ? "dog" : "cat");
            put_picture(path, 1, 1, 10 * (k / 2 + 1) + k % 2);
        }
        static const char *const expected[] = { "10 11", "20 21", "30 31" };
        static const lathe_split splits[] = { LATHE_SPLIT_TRAIN, LATHE_SPLIT_VAL, LATHE_SPLIT_TEST };
        for (int k = 0; k < 3; k++) {
            if (k == 1 && !(names[i][1] && names[i][2])) {
                assert_null(lathe_data_folder(test_path(root), LATHE_SPLIT_VAL, NULL));
                assert_failed(LATHE_ESTATE, "has no train/, val/ and test/");
                continue;
            }
            lathe_dataset *data = open_folder(root, splits[k], &(lathe_folder_opts){ .size = 1 });
            assert_int_equal(data->classes, 2);
            assert_string_equal(data->class_names[0], "cat");
            assert_string_equal(levels(data), expected[k == 2 && !names[i][2] ? 1 : k]);
            lathe_data_free(data);
        }
    }
    for (int i = 0; i < 10; i++) { /* alone, its folders are the classes */
        snprintf(path, sizeof path, "alone/Training/%s/%d.pgm", i < 5 ? "cat" : "dog", i);
        put_picture(path, 1, 1, i);
    }
    lathe_dataset *train = open_folder("alone", LATHE_SPLIT_TRAIN, &(lathe_folder_opts){ .size = 1 });
    lathe_dataset *test = open_folder("alone", LATHE_SPLIT_TEST, &(lathe_folder_opts){ .size = 1 });
    assert_int_equal(train->classes, 2);
    assert_int_equal(train->count, 8);
    assert_int_equal(test->count, 2);
    lathe_data_free(train);
    lathe_data_free(test);
    for (int i = 0; i < 6; i++) { /* classes may have such names */
        snprintf(path, sizeof path, "vehicles/%s/%d.pgm", i < 3 ? "train" : "bus", i);
        put_picture(path, 1, 1, i);
    }
    train = open_folder("vehicles", LATHE_SPLIT_TRAIN, &(lathe_folder_opts){ .size = 1 });
    assert_string_equal(train->class_names[1], "train");
    lathe_data_free(train);
}

/* A class of the test that looks like one of training: the message says what differs. */
static void names_that_look_alike_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *train, *test, *differs; /* NULL: they look different */
    } pairs[] = { { "cat", "cat ", "blanks" }, { "cat", " cat", "blanks" },
        { "big cat", "big  cat", "blanks" },
        { "big cat",
            "big\xc2\xa0"
            "cat",
            "blanks" },
        { "caf\xc3\xa9", "cafe\xcc\x81", "the bytes of an accent" },
        { "\xc5\xa0koda", "S\xcc\x8ckoda", "the bytes of an accent" }, { "caf\xc3\xa9", "cafe", NULL },
        { "caf\xc3\xa9", "cafe\xcc\x80", NULL }, { "cat", "dog", NULL }, { "cat", "Cat", NULL },
        { "\xc3\x86on", "AEon", NULL } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char root[32], path[128], message[128];
        snprintf(root, sizeof root, "alike-%zu", i);
        snprintf(path, sizeof path, "%s/train/%s/1.pgm", root, pairs[i].train);
        put_picture(path, 1, 1, 1);
        snprintf(path, sizeof path, "%s/test/%s/1.pgm", root, pairs[i].test);
        put_picture(path, 1, 1, 1);
        assert_null(lathe_data_folder(test_path(root), LATHE_SPLIT_TEST, NULL));
        snprintf(message, sizeof message, "looks like '%s' there, but %s differ", pairs[i].train,
            pairs[i].differs ? pairs[i].differs : "");
        if (!pairs[i].differs) assert_null(strstr(lathe_error_message(), "looks like"));
        assert_failed(LATHE_EFORMAT, pairs[i].differs ? message : "does not have");
    }
}

static void names_of_splits_that_are_ambiguous_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pictures[4], *message;
    } wrong[] = {
        { { "twice/train/a/1.pgm", "twice/val/a/1.pgm", "twice/valid/a/1.pgm" },
            "twice: has val/ and valid/, which mean the same part" },
        { { "cases/Train/a/1.pgm", "cases/train/a/1.pgm", "cases/test/a/1.pgm" },
            "cases: has Train/ and train/, which mean the same part" },
        { { "untrained/Val/a/1.pgm", "untrained/test/a/1.pgm" }, "untrained: has Val/ and no train/" },
        { { "half/train/a/1.pgm", "half/images/a/1.pgm" }, "half: has train/ and other folders" },
        { { "dev/dev/a/1.pgm", "dev/prod/1.pgm" }, "dev: has dev/ and other folders" },
        { { "zip/set/train/a/1.pgm", "zip/set/test/a/1.pgm" },
            "zip: has one folder, with folders inside: is the data set " },
        { { "lone/set/train/a/1.pgm" }, "lone: has one folder, with folders inside: is the data set " },
        { { "img/all/a/1.pgm", "img/all/a/2.pgm", "img/all/b/1.pgm", "img/all/b/2.pgm" },
            "img: has one folder, with folders inside: is the data set " },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        for (int k = 0; k < 4 && wrong[i].pictures[k]; k++) put_picture(wrong[i].pictures[k], 1, 1, 1);
        char root[32];
        snprintf(root, sizeof root, "%.*s", (int)strcspn(wrong[i].message, ":"), wrong[i].message);
        for (int split = 0; split < 2; split++) {
            assert_null(lathe_data_folder(test_path(root), (lathe_split)split, NULL));
            assert_failed(LATHE_EFORMAT, wrong[i].message);
        }
    }
}

/* A limit of pixels can be lowered and raised; raised, it lets long pictures in. */
static void the_limit_of_pixels_can_be_set(void **state)
{
    (void)state;
    put_picture("limited/train/long/a.pgm", 20000, 2, 60);
    put_picture("limited/train/small/b.pgm", 8, 8, 90);
    put_picture("limited/test/small/b.pgm", 8, 8, 90);
    lathe_folder_opts opts = { .size = 4, .channels = 1 };
    assert_null(lathe_data_folder(test_path("limited"), LATHE_SPLIT_TRAIN, &opts));
    assert_failed(LATHE_EFORMAT, "20000 x 2 pixels, the longest side allowed is 16384");
    opts.max_pixels = LATHE_PICTURE_PIXELS + 1;
    lathe_dataset *data = open_folder("limited", LATHE_SPLIT_TRAIN, &opts);
    assert_string_equal(levels(data), "60 90");
    lathe_data_free(data);
    opts.max_pixels = 63;
    assert_null(lathe_data_folder(test_path("limited"), LATHE_SPLIT_TEST, &opts));
    assert_failed(LATHE_EFORMAT, "8 x 8 pixels, at most 63 are allowed");
    const char *file = test_path("limited/train/small/b.pgm");
    assert_null(lathe_data_files(&file, 1, &(lathe_files_opts){ .max_pixels = 63 }));
    assert_failed(LATHE_EFORMAT, "8 x 8 pixels, at most 63 are allowed (max_megapixels)");
    assert_null(lathe_data_files(&file, 1, &(lathe_files_opts){ .max_pixels = ((size_t)1 << 30) + 1 }));
    assert_failed(LATHE_EARG, "max_pixels is 1073741825");
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    static const struct {
        lathe_folder_opts opts;
        const char *message;
    } wrong[] = { { { .size = -1 }, "size is -1" }, { { .size = 5000 }, "size is 5000" },
        { { .channels = 2 }, "channels is 2" }, { { .channels = 4 }, "channels is 4" },
        { { .held_out = 1 }, "held_out is 1" }, { { .held_out = -0.5 }, "held_out is -0.5" } };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(lathe_data_folder(test_path("one"), LATHE_SPLIT_TRAIN, &wrong[i].opts));
        assert_failed(LATHE_EARG, wrong[i].message);
    }
    assert_null(lathe_data_folder(NULL, LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EARG, "lathe_data_folder: dir is NULL");
    assert_null(lathe_data_folder(test_path("one"), (lathe_split)3, NULL));
    assert_failed(LATHE_EARG, "split 3");
    assert_null(lathe_data_open("folder", LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EARG, "data set folder needs an argument: folder:DIR");
    char spec[2100];
    snprintf(spec, sizeof spec, "folder:%s", test_path("one"));
    lathe_dataset *data =
        lathe_data_open(spec, LATHE_SPLIT_TEST, &(lathe_data_opts){ .size = 7, .channels = 1 });
    assert_non_null(data);
    assert_int_equal(data->width, 7);
    assert_int_equal(data->channels, 1);
    lathe_data_free(data);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    for (size_t cache = 0; cache < 2; cache++) {
        lathe_dataset *data = NULL;
        size_t nth = 1;
        lathe_threads_set(NULL, 1);
        for (; !data; nth++) {
            lathe_alloc_fail_at(nth, true);
            data = lathe_data_folder(test_path("two"), LATHE_SPLIT_TRAIN,
                &(lathe_folder_opts){ .size = 2, .cache_bytes = cache });
            lathe_alloc_fail_at(0, false);
            if (!data) assert_int_equal(lathe_error(), LATHE_ENOMEM);
        }
        assert_true(nth > 30);
        lathe_data_free(data);
        lathe_threads_set(NULL, 0);
    }
    lathe_error_clear();
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(train_and_val_folders),
        cmocka_unit_test(class_folders_are_held_out_in_part),
        cmocka_unit_test(pictures_are_scaled_and_the_middle_is_cut_out),
        cmocka_unit_test(crop_ratio_scales_the_shorter_side_and_cuts_the_middle),
        cmocka_unit_test(kept_or_not_the_pixels_are_the_same),
        cmocka_unit_test(what_is_no_picture_is_passed_over),
        cmocka_unit_test(damaged_pictures_fail_or_are_left_out),
        cmocka_unit_test(layouts_that_make_no_sense_are_refused),
        cmocka_unit_test(what_is_passed_over_is_counted),
        cmocka_unit_test(the_usual_names_of_splits_are_known),
        cmocka_unit_test(names_that_look_alike_are_told_apart),
        cmocka_unit_test(names_of_splits_that_are_ambiguous_are_refused),
        cmocka_unit_test(the_limit_of_pixels_can_be_set),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
