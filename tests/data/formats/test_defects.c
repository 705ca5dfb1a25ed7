/* Every way in which a data set can be wrong, by name: each is refused with the file and the reason. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "support/folder.h"
#include "support/pictures.h"

static int tried, refused;

/* The failure names the file and says why. Counted, and told by name if it is not so. */
static void expect(const char *name, lathe_dataset *data, const char *file, const char *why)
{
    tried++;
    if (data) {
        lathe_data_free(data);
        fail_msg("%s: is taken", name);
    }
    const char *message = lathe_error_message();
    if (!strstr(message, file) || !strstr(message, why))
        fail_msg("%s: '%s', expected '%s' and '%s'", name, message, file, why);
    lathe_error_clear();
    refused++;
}

/* ---- IDX ----------------------------------------------------------------------------------------------- */

static const uint8_t idx_pictures[] = { 0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7,
    8 };
static const uint8_t idx_labels[] = { 0, 0, 8, 1, 0, 0, 0, 2, 0, 1 };

enum { SET, CUT, APPEND, PACKED_CUT, PACKED_SET, PACKED_APPEND, PACKED_TWICE };

static const struct {
    const char *name;
    int labels, what, at, value; /* of the pictures or the labels: byte `at`, or how many bytes */
    const char *why;
} idx_defects[] = {
    { "idx: wrong first byte", 0, SET, 0, 1, "is not an IDX file" },
    { "idx: wrong second byte", 0, SET, 1, 0xff, "is not an IDX file" },
    { "idx: the other byte order", 0, SET, 0, 3, "is not an IDX file" },
    { "idx: signed bytes", 0, SET, 2, 9, "elements of IDX type 09" },
    { "idx: 16-bit elements", 0, SET, 2, 0x0b, "elements of IDX type 0b" },
    { "idx: floating-point elements", 0, SET, 2, 0x0d, "elements of IDX type 0d" },
    { "idx: pictures of two dimensions", 0, SET, 3, 2, "has 2 dimensions" },
    { "idx: pictures of four dimensions", 0, SET, 3, 4, "has 4 dimensions" },
    { "idx: labels as pictures", 0, SET, 3, 1, "has 1 dimensions" },
    { "idx: pictures as labels", 1, SET, 3, 3, "has 3 dimensions" },
    { "idx: no pictures", 0, SET, 7, 0, "is empty" },
    { "idx: more pictures than bytes", 0, SET, 7, 3, "bytes" },
    { "idx: fewer pictures than bytes", 0, SET, 7, 1, "bytes" },
    { "idx: 2^31 pictures", 0, SET, 4, 0x80, "bytes" },
    { "idx: no rows", 0, SET, 11, 0, "0 rows" },
    { "idx: 2^31 rows", 0, SET, 8, 0x80, "rows" },
    { "idx: no columns", 0, SET, 15, 0, "0 columns" },
    { "idx: 2^24 columns", 0, SET, 12, 1, "columns" },
    { "idx: more columns than bytes", 0, SET, 15, 3, "bytes" },
    { "idx: an empty file", 0, CUT, 0, 0, "ends after 0 bytes" },
    { "idx: two bytes", 0, CUT, 2, 0, "ends after" },
    { "idx: half a header", 0, CUT, 10, 0, "ends after" },
    { "idx: a header alone", 0, CUT, 16, 0, "bytes" },
    { "idx: the last pixel is missing", 0, CUT, 23, 0, "bytes" },
    { "idx: a byte too many", 0, APPEND, 1, 0, "bytes" },
    { "idx: an empty file of labels", 1, CUT, 0, 0, "ends after 0 bytes" },
    { "idx: the last label is missing", 1, CUT, 9, 0, "bytes" },
    { "idx: a label too many", 1, APPEND, 1, 0, "bytes" },
    { "idx: another number of labels", 1, SET, 7, 1, "" },
    { "idx: a label of no class", 1, SET, 9, 2, "label 2 of picture 1" },
    { "idx: labels of another type", 1, SET, 2, 0x0c, "elements of IDX type 0c" },
    { "gz: the header alone", 0, PACKED_CUT, 10, 0, "truncated" },
    { "gz: half a header", 0, PACKED_CUT, 5, 0, "" },
    { "gz: without its trailer", 0, PACKED_CUT, -8, 0, "gzip" },
    { "gz: without its last byte", 0, PACKED_CUT, -1, 0, "gzip" },
    { "gz: a wrong CRC", 0, PACKED_SET, -8, 0x55, "damaged" },
    { "gz: a wrong length", 0, PACKED_SET, -4, 0x55, "gzip trailer" },
    { "gz: an unknown method", 0, PACKED_SET, 2, 7, "damaged" },
    { "gz: reserved flags", 0, PACKED_SET, 3, 0xe0, "damaged" },
    { "gz: damaged in the middle", 0, PACKED_SET, 12, 0xff, "gzip" },
    { "gz: trailing bytes", 0, PACKED_APPEND, 3, 0, "gzip" },
    { "gz: two members", 0, PACKED_TWICE, 0, 0, "trailing bytes" },
    { "gz: labels cut", 1, PACKED_CUT, -6, 0, "gzip" },
};

static size_t pack(const uint8_t *bytes, size_t size, uint8_t *packed, size_t room)
{
    z_stream stream = { 0 };
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (uint8_t *)bytes, stream.avail_in = (uInt)size;
    stream.next_out = packed, stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

/* The bytes with a defect. */
static size_t spoil(const uint8_t *good, size_t size, int what, int at, int value, uint8_t bytes[512])
{
    memset(bytes, 0, 512);
    if (what >= PACKED_CUT) size = pack(good, size, bytes, 256);
    else memcpy(bytes, good, size);
    size_t place = at < 0 ? size - (size_t)-at : (size_t)at;
    if (what == SET || what == PACKED_SET) bytes[place] = (uint8_t)value;
    if (what == CUT || what == PACKED_CUT) size = place;
    if (what == APPEND || what == PACKED_APPEND) size += (size_t)at;
    if (what == PACKED_TWICE) memcpy(bytes + size, bytes, size), size *= 2;
    return size;
}

static void idx_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof idx_defects / sizeof idx_defects[0]; i++) {
        uint8_t bytes[512];
        int labels = idx_defects[i].labels;
        test_write(test_path("pictures"), idx_pictures, sizeof idx_pictures);
        test_write(test_path("labels"), idx_labels, sizeof idx_labels);
        size_t size =
            spoil(labels ? idx_labels : idx_pictures, labels ? sizeof idx_labels : sizeof idx_pictures,
                idx_defects[i].what, idx_defects[i].at, idx_defects[i].value, bytes);
        test_write(test_path(labels ? "labels" : "pictures"), bytes, size);
        lathe_dataset *data =
            lathe_data_idx(test_path("pictures"), test_path("labels"), &(lathe_idx_opts){ .classes = 2 });
        expect(idx_defects[i].name, data, labels ? "labels" : "pictures", idx_defects[i].why);
    }
}

/* ---- CIFAR --------------------------------------------------------------------------------------------- */

static void cifar_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t size;
        int label, coarse; /* of the first record */
        const char *why;
    } defects[] = {
        { "cifar: an empty file", 0, 0, 0, "bytes" },
        { "cifar: a byte short", 3072, 0, 0, "3072 bytes, not a multiple of 3073" },
        { "cifar: a byte too long", 3074, 0, 0, "not a multiple of 3073" },
        { "cifar: label 10", 3073, 10, 0, "label 10 of record 0" },
        { "cifar: label 255", 3073, 255, 0, "label 255 of record 0" },
        { "cifar: records of CIFAR-100", 3074 * 2, 0, 0, "not a multiple of 3073" },
    };
    uint8_t *bytes = calloc(2, 3074);
    for (size_t i = 0; i < sizeof defects / sizeof defects[0]; i++) {
        bytes[0] = (uint8_t)defects[i].label;
        test_write(test_path("test_batch.bin"), bytes, defects[i].size);
        expect(defects[i].name, lathe_data_cifar10(test_folder(), LATHE_SPLIT_TEST), "test_batch.bin",
            defects[i].why);
    }
    bytes[0] = 0, bytes[1] = 100;
    test_write(test_path("test.bin"), bytes, 3074);
    expect("cifar-100: label 100", lathe_data_cifar100(test_folder(), LATHE_SPLIT_TEST), "test.bin",
        "label 100 of record 0");
    test_write(test_path("test.bin"), bytes, 3073);
    expect("cifar-100: records of CIFAR-10", lathe_data_cifar100(test_folder(), LATHE_SPLIT_TEST), "test.bin",
        "not a multiple of 3074");
    expect("cifar: a batch is missing", lathe_data_cifar10(test_folder(), LATHE_SPLIT_TRAIN),
        "data_batch_1.bin", "");
    free(bytes);
}

/* ---- tables -------------------------------------------------------------------------------------------- */

static void tables(void **state)
{
    (void)state;
    static const char *const defects[][3] = { { "csv: an empty file", "", "is empty" },
        { "csv: blank lines alone", "\n\r\n\n", "is empty" },
        { "csv: a header alone", "path,c\n", "a header and no rows" },
        { "csv: no column of paths", "name,c\na.pgm,x\n", "no column of paths" },
        { "csv: two columns of paths", "path,file,c\na.pgm,a.pgm,x\n", "two columns of paths" },
        { "csv: no column of labels", "path,split\na.pgm,train\n", "no column of labels" },
        { "csv: a column without a name", "path,,c\na.pgm,1,x\n", "column 2 has no name" },
        { "csv: a column twice", "path,c,c\na.pgm,1,x\n", "two columns are named 'c'" },
        { "csv: a cell too few", "path,c\na.pgm\n", ":2: 1 cells, the header has 2" },
        { "csv: a cell too many", "path,c\na.pgm,x,y\n", ":2: 3 cells, the header has 2" },
        { "csv: a quote that stays open", "path,c\n\"a.pgm,x\n", ":2: a quote that is never closed" },
        { "csv: text behind a quote", "path,c\n\"a\".pgm,x\n", ":2: text behind the closing quote" },
        { "csv: a quote in the middle", "path,c\na\"b\".pgm,x\n", ":2: a quote inside a cell" },
        { "csv: a lone carriage return", "path,c\na.pgm,x\ry\n", ":2: a carriage return" },
        { "csv: an empty path", "path,c,split\n,x,train\na.pgm,x,test\n", "the path is empty" },
        { "csv: an empty label", "path,c\na.pgm,x\nb.pgm,\n", ":3: column c is empty" },
        { "csv: an empty class among tags", "path,c\na.pgm,x||y\n", ":2: an empty class" },
        { "csv: tags that end in a bar", "path,c\na.pgm,x|\n", ":2: an empty class" },
        { "csv: an empty group", "path,c,group\na.pgm,x,\n", ":2: column group is empty" },
        { "csv: an unknown split", "path,c,split\na.pgm,x,tain\n", ":2: split is 'tain'" },
        { "csv: no training rows", "path,c,split\na.pgm,x,test\n", "no row of split train" },
        { "csv: no test rows", "path,c,split\na.pgm,x,train\n", "no row of split test" },
        { "csv: a class that is not trained", "path,c,split\na.pgm,x,train\na.pgm,y,test\n",
            ":3: class 'y'" },
        { "csv: an absolute path", "path,c,split\n/etc/a.pgm,x,train\na.pgm,x,test\n",
            ":2: an absolute path" },
        { "csv: a path upwards", "path,c,split\n../a.pgm,x,train\na.pgm,x,test\n",
            ":2: a path through '..'" },
        { "csv: a file that is not there", "path,c,split\nnone.pgm,x,train\na.pgm,x,test\n",
            "none.pgm: cannot be opened" },
        { "csv: a file that is no picture", "path,c,split\nt.csv,x,train\na.pgm,x,test\n",
            "t.csv: not a JPEG" },
        { "csv: the table's folder as a picture", "path,c,split\n.,x,train\na.pgm,x,test\n",
            ":2: a link out" },
        { "csv: one row cannot be split", "path,c\na.pgm,x\n", "cannot be split" } };
    test_put_picture("a.pgm", 4, 4, 1, 0);
    for (size_t i = 0; i < sizeof defects / sizeof defects[0]; i++) {
        test_put_text("t.csv", defects[i][1]);
        expect(defects[i][0], lathe_data_csv(test_path("t.csv"), LATHE_SPLIT_TRAIN, NULL),
            strstr(defects[i][2], "none.pgm") ? "none.pgm" : "t.csv", defects[i][2]);
    }
    test_write(test_path("t.csv"), "path,c\na\0b,x\n", 13);
    expect("csv: a zero byte", lathe_data_csv(test_path("t.csv"), LATHE_SPLIT_TRAIN, NULL), "t.csv",
        "byte 8 is zero");
}

/* ---- folders ------------------------------------------------------------------------------------------- */

/* Make what "path WxH level; path text" says below a new folder. */
static void lay_out(const char *folder, const char *layout)
{
    char line[256], path[128], full[200];
    while (*layout) {
        int width, height, level, length = (int)strcspn(layout, ";");
        snprintf(line, sizeof line, "%.*s", length, layout);
        layout += length + (layout[length] == ';');
        int numbers = sscanf(line, " %127s %dx%d %d", path, &width, &height, &level);
        snprintf(full, sizeof full, "%s/%s", folder, path);
        if (numbers == 4) test_put_picture(full, width, height, level, 0);
        else test_put_text(full, "no picture at all");
    }
}

static void folders(void **state)
{
    (void)state;
    static const struct {
        const char *name, *layout, *file, *why;
        int masks, split;
    } defects[] = {
        { "folder: no class folders", "a.pgm 4x4 1", "", "has no folders", 0, 0 },
        { "folder: a class without pictures", "a/1.pgm 4x4 1;a/2.pgm 4x4 1;b/x.txt", "/b",
            "a class without pictures", 0, 0 },
        { "folder: a class of one picture", "a/1.pgm 4x4 1;a/2.pgm 4x4 1;b/1.pgm 4x4 1", "/b",
            "a class of one picture", 0, 0 },
        { "folder: a damaged picture", "a/1.pgm 4x4 1;a/2.png", "2.png", "not a JPEG", 0, 0 },
        { "folder: splits beside classes",
            "train/a/1.pgm 4x4 1;val/a/1.pgm 4x4 1;b/1.pgm 4x4 1;c/1.pgm 4x4 1", "", "splits or classes", 0,
            0 },
        { "folder: splits by other names",
            "training_set/a/1.pgm 4x4 1;training_set/b/1.pgm 4x4 1;test_set/a/1.pgm 4x4 1", "",
            "splits or classes", 0, 0 },
        { "folder: a test class that is not trained", "train/a/1.pgm 4x4 1;val/b/1.pgm 4x4 1", "val/b",
            "a class that", 0, 1 },
        { "folder: training pictures without classes", "train/1.pgm 4x4 1;val/a/1.pgm 4x4 1", "train",
            "has no folders", 0, 0 },
        { "masks: no images", "masks/1.pgm 4x4 1", "", "has no folder images/", 1, 0 },
        { "masks: no masks", "images/1.pgm 4x4 1", "", "has no folder masks/", 1, 0 },
        { "masks: a picture without a mask", "images/1.pgm 4x4 1;images/2.pgm 4x4 1;masks/1.pgm 4x4 1",
            "images/2.pgm", "has no mask", 1, 0 },
        { "masks: a mask without a picture", "images/1.pgm 4x4 1;masks/1.pgm 4x4 1;masks/3.pgm 4x4 1",
            "masks/3.pgm", "without a picture", 1, 0 },
        { "masks: two pictures for a mask",
            "images/1.pgm 4x4 1;images/1.bmp 4x4 1;masks/1.pgm 4x4 1;masks/1.png 4x4 1", "images",
            "two pictures for one mask", 1, 0 },
        { "masks: of one level", "images/1.pgm 4x4 1;masks/1.pgm 4x4 7;images/2.pgm 4x4 1;masks/2.pgm 4x4 7",
            "", "have 1 level", 1, 0 },
        { "masks: of another size",
            "train/images/1.pgm 4x4 1;train/masks/1.pgm 4x5 0;train/images/2.pgm 4x4 1;train/masks/2.pgm 4x4 "
            "1;"
            "val/images/1.pgm 4x4 1;val/masks/1.pgm 4x4 0",
            "masks/1.pgm", "a mask of 4 x 5", 1, 0 },
        { "masks: a level that is not trained",
            "train/images/1.pgm 4x4 1;train/masks/1.pgm 4x4 0;train/images/2.pgm 4x4 1;"
            "train/masks/2.pgm 4x4 255;val/images/1.pgm 4x4 1;val/masks/1.pgm 4x4 9",
            "val/masks/1.pgm", "level 9", 1, 1 },
        { "masks: a damaged mask",
            "train/images/1.pgm 4x4 1;train/masks/1.png;train/images/2.pgm 4x4 1;train/masks/2.pgm 4x4 1;"
            "train/images/3.pgm 4x4 1;train/masks/3.pgm 4x4 0;val/images/1.pgm 4x4 1;val/masks/1.pgm 4x4 0",
            "masks/1.png", "not a JPEG", 1, 0 },
    };
    for (size_t i = 0; i < sizeof defects / sizeof defects[0]; i++) {
        char folder[32];
        snprintf(folder, sizeof folder, "layout-%zu", i);
        lay_out(folder, defects[i].layout);
        lathe_split split = defects[i].split ? LATHE_SPLIT_TEST : LATHE_SPLIT_TRAIN;
        lathe_dataset *data = defects[i].masks ? lathe_data_masks(test_path(folder), split, NULL) :
                                                 lathe_data_folder(test_path(folder), split, NULL);
        expect(defects[i].name, data, *defects[i].file ? defects[i].file : folder, defects[i].why);
    }
    expect("folder: is not there", lathe_data_folder(test_path("none"), LATHE_SPLIT_TRAIN, NULL), "none",
        "cannot be opened");
    expect("masks: is not there", lathe_data_masks(test_path("none"), LATHE_SPLIT_TRAIN, NULL), "none",
        "cannot be opened");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idx_files),
        cmocka_unit_test(cifar_files),
        cmocka_unit_test(tables),
        cmocka_unit_test(folders),
    };
    test_folder();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_folder_remove();
    printf("dataset defects: %d/%d\n", refused, tried);
    return failed || refused != tried || tried < 60;
}
