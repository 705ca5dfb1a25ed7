#define _DEFAULT_SOURCE /* symlink */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/pictures.h"

static void put_pictures(void)
{
    char name[32];
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "p/%d.pgm", i);
        test_put_picture(name, 4, 4, 10 * i, 0);
    }
    test_put_picture("p/a, \"b\"\n.pgm", 4, 4, 99, 0);
}

static lathe_dataset *open_table(const char *text, lathe_split split)
{
    test_put_text("table.csv", text);
    lathe_dataset *data =
        lathe_data_csv(test_path("table.csv"), split, &(lathe_folder_opts){ .size = 4, .channels = 1 });
    if (!data) fail_msg("%s", lathe_error_message());
    return data;
}

/* The level of a sample's first pixel. */
static int level_of(const lathe_dataset *data, size_t index)
{
    uint8_t scratch[64];
    lathe_sample sample;
    assert_int_equal(lathe_data_read(data, index, scratch, &sample), LATHE_OK);
    assert_int_equal(sample.label, data->labels[index]);
    if (data->targets) assert_ptr_equal(sample.targets, data->targets + index * (size_t)data->targets_each);
    return sample.pixels[0];
}

static void one_column_is_a_class(void **state)
{
    (void)state;
    lathe_dataset *data = open_table(
        "\xEF\xBB\xBFlabel,path,split\r\ndog,p/1.pgm,train\r\n\"cat, \"\"big\"\"\",p/2.pgm,train\r\n\r\n"
        "dog,\"p/a, \"\"b\"\"\n.pgm\",train\r\ndog,p/3.pgm,test",
        LATHE_SPLIT_TRAIN);
    assert_string_equal(data->task, "classify");
    assert_int_equal(data->classes, 2);
    assert_string_equal(data->class_names[0], "cat, \"big\"");
    assert_int_equal(data->count, 3);
    assert_int_equal(level_of(data, 0), 10);
    assert_int_equal(data->labels[0], 1);
    assert_int_equal(data->labels[1], 0);
    assert_int_equal(level_of(data, 2), 99);
    assert_int_equal(lathe_data_answers(data), 1);
    lathe_data_free(data);
    data = lathe_data_open("csv:/none.csv", LATHE_SPLIT_TRAIN, NULL);
    assert_null(data);
    assert_failed(LATHE_EIO, "/none.csv");
}

/* The columns of labels may be chosen; the others are passed over. */
static void the_columns_of_labels_can_be_chosen(void **state)
{
    (void)state;
    static const char table[] = "note,path,species,colour,split\nx,p/1.pgm,cat,red,train\n"
                                "y,p/2.pgm,dog,blue,train\nz,p/3.pgm,dog,red,test\n";
    test_put_text("chosen.csv", table);
    static const struct {
        const char *columns, *task;
        int classes;
    } good[] = { { "species", "classify", 2 }, { "species,colour", "heads", 4 }, { "", "heads", 7 },
        { NULL, "heads", 7 } };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        lathe_dataset *data = lathe_data_csv(test_path("chosen.csv"), LATHE_SPLIT_TRAIN,
            &(lathe_folder_opts){ .size = 4, .channels = 1, .label_column = good[i].columns });
        if (!data) fail_msg("%s", lathe_error_message());
        assert_string_equal(data->task, good[i].task);
        assert_int_equal(data->classes, good[i].classes);
        lathe_data_free(data);
    }
    static const char *const wrong[] = { "kind", "species,kind", "path", "spec", "split", "species colour" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(lathe_data_csv(test_path("chosen.csv"), LATHE_SPLIT_TRAIN,
            &(lathe_folder_opts){ .size = 4, .label_column = wrong[i] }));
        assert_failed(LATHE_ENAME, "is not a column of labels; columns: note, path, species, colour, split");
    }
    assert_null(
        lathe_data_open("shapes", LATHE_SPLIT_TRAIN, &(lathe_data_opts){ .label_column = "species" }));
    assert_failed(LATHE_EARG, "data set shapes is no table");
}

static void several_columns_are_heads(void **state)
{
    (void)state;
    lathe_dataset *data = open_table(
        "path,colour,shape,split\np/1.pgm,red,round,train\np/2.pgm,blue,round,val\np/3.pgm,red,long,train\n",
        LATHE_SPLIT_TRAIN);
    assert_string_equal(data->task, "heads");
    assert_int_equal(data->heads, 2);
    assert_int_equal(data->classes, 4);
    static const char *const names[] = { "colour=blue", "colour=red", "shape=long", "shape=round" };
    for (int i = 0; i < 4; i++) assert_string_equal(data->class_names[i], names[i]);
    assert_int_equal(data->head[1].first, 2);
    assert_string_equal(data->head[1].name, "shape");
    assert_memory_equal(data->targets, ((int[]){ 1, 1, 1, 0 }), 4 * sizeof(int));
    lathe_data_free(data);
}

static void yes_and_no_or_tags_are_any_number_of_classes(void **state)
{
    (void)state;
    static const char *const tables[] = {
        "path,a,b,split\np/1.pgm,0,1,train\np/2.pgm,1,1,train\np/3.pgm,0,0,train\np/3.pgm,0,1,test\n",
        "path,tags,split\np/1.pgm,b,train\np/2.pgm,b|a,train\np/3.pgm,,train\np/3.pgm,b,test\n"
    };
    for (int i = 0; i < 2; i++) {
        lathe_dataset *data = open_table(tables[i], LATHE_SPLIT_TRAIN);
        assert_string_equal(data->task, "tags");
        assert_int_equal(data->targets_each, 2);
        assert_string_equal(data->class_names[1], "b");
        assert_memory_equal(data->targets, ((int[]){ 0, 1, 1, 1, 0, 0 }), 6 * sizeof(int));
        assert_int_equal(data->labels[0], 1);
        assert_int_equal(level_of(data, 2), 30);

        /* A subset and a batch have the targets of their samples. */
        lathe_dataset *part = lathe_data_subset(data, (const size_t[]){ 2, 1 }, 2);
        assert_memory_equal(part->targets, ((int[]){ 0, 0, 1, 1 }), 4 * sizeof(int));
        lathe_loader *loader = lathe_loader_new(part, &(lathe_loader_opts){ .batch_size = 2 });
        lathe_batch batch;
        assert_true(lathe_loader_next(loader, &batch));
        assert_int_equal(batch.answers, 2);
        assert_memory_equal(batch.labels, part->targets, 4 * sizeof(int));
        lathe_loader_free(loader);
        lathe_data_free(part);
        lathe_data_free(data);
    }
}

static void without_a_split_column_a_part_is_held_out(void **state)
{
    (void)state;
    const char *text = "path,kind,group\np/0.pgm,a,x\np/1.pgm,a,x\np/2.pgm,b,y\np/3.pgm,b,y\np/4.pgm,a,z\np/"
                       "5.pgm,b,z\np/6.pgm,a,w\n"
                       "p/7.pgm,b,w\np/8.pgm,a,v\np/9.pgm,b,v\n";
    int group_part[10] = { 0 };
    size_t count = 0;
    for (int split = 0; split < 2; split++) {
        lathe_dataset *data = open_table(text, (lathe_split)split);
        for (size_t i = 0; i < data->count; i++) group_part[level_of(data, i) / 10] = split;
        assert_non_null(data->groups);
        count += data->count;
        lathe_data_free(data);
    }
    assert_int_equal(count, 10);
    for (int i = 0; i < 10; i += 2)
        assert_int_equal(group_part[i], group_part[i + 1]); /* a group is never split */
}

static void paths_stay_below_the_table(void **state)
{
    (void)state;
    test_put_picture("outside.pgm", 4, 4, 1, 0);
    test_make_folders("in/x");
    char target[1024];
    snprintf(target, sizeof target, "%s", test_path("outside.pgm"));
    assert_int_equal(symlink(target, test_path("in/link.pgm")), 0);
    static const char *const paths[][2] = { { "../outside.pgm", "a path through '..'" },
        { "/etc/passwd", "an absolute path" }, { "link.pgm", "a link out of the table's folder" },
        { "x/../../outside.pgm", "a path through '..'" } };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "path,c,split\n%s,a,train\n%s,a,test\n", paths[i][0], paths[i][0]);
        test_put_text("in/t.csv", text);
        assert_null(lathe_data_csv(test_path("in/t.csv"), LATHE_SPLIT_TRAIN, NULL));
        assert_failed(LATHE_EFORMAT, paths[i][1]);
    }
}

static void columns_are_counted(void **state)
{
    (void)state;
    enum { COLUMNS = 1025 };
    char text[8 * COLUMNS];
    size_t length = 0;
    for (int i = 0; i < COLUMNS; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%sc%d", i ? "," : "", i);
    test_put_text("wide.csv", text);
    assert_null(lathe_data_csv(test_path("wide.csv"), LATHE_SPLIT_TRAIN, NULL));
    assert_failed(LATHE_EFORMAT, "more than 1024 columns");
}

static void a_validation_part_needs_rows_of_both(void **state)
{
    (void)state;
    static const char *const tables[] = {
        "path,class,split\np/1.pgm,a,train\np/2.pgm,a,val\n",
        "path,class,split\np/1.pgm,a,train\np/2.pgm,a,test\n",
    };
    for (int i = 0; i < 2; i++) {
        test_put_text("table.csv", tables[i]);
        assert_null(lathe_data_csv(test_path("table.csv"), LATHE_SPLIT_VAL,
            &(lathe_folder_opts){ .size = 4, .channels = 1 }));
        assert_failed(LATHE_ESTATE, "does not have rows of both val and test");
        lathe_dataset *data = open_table(tables[i], LATHE_SPLIT_TEST);
        assert_int_equal(level_of(data, 0), 20);
        lathe_data_free(data);
    }
    lathe_dataset *data =
        open_table("path,class,split\np/1.pgm,a,Training\np/2.pgm,a,valid\np/3.pgm,a,TEST\n",
            LATHE_SPLIT_VAL);
    assert_int_equal(data->count, 1);
    assert_int_equal(level_of(data, 0), 20);
    lathe_data_free(data);
}

/* More rows than the first room, and more tags. */
static void tables_may_be_long(void **state)
{
    (void)state;
    enum { ROWS = 700 };
    static char text[ROWS * 32];
    size_t length = (size_t)snprintf(text, sizeof text, "path,tags,split\n");
    for (int i = 0; i < ROWS; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "p/%d.pgm,t%03d|all,%s\n", i % 10, i,
            i ? "train" : "test");
    lathe_dataset *data = open_table(text, LATHE_SPLIT_TRAIN);
    assert_int_equal(data->count, ROWS - 1);
    assert_int_equal(data->classes, ROWS + 1);
    for (int i = 1; i < ROWS; i++) {
        const int *targets = data->targets + (i - 1) * data->targets_each;
        assert_int_equal(targets[0], 1); /* "all" comes before "t..." */
        assert_int_equal(targets[i + 1], 1);
    }
    lathe_data_free(data);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    static const char *const tables[] = {
        "path,class\np/1.pgm,a\np/2.pgm,b\np/3.pgm,a\np/4.pgm,b\n",
        "path,red,round,split\np/1.pgm,1,0,train\np/2.pgm,1,1,test\n",
        "path,tags,split\np/1.pgm,a|b,train\np/2.pgm,b|c,train\np/3.pgm,,test\n",
        ("path,group,colour,shape\np/1.pgm,1,red,round\np/2.pgm,2,red,round\n"
         "p/3.pgm,3,red,round\np/4.pgm,4,red,round\np/5.pgm,5,red,round\n"),
    };
    for (int i = 0; i < 4; i++) {
        test_put_text("table.csv", tables[i]);
        lathe_dataset *data = NULL;
        size_t nth = 1;
        for (; !data; nth++) {
            lathe_error_clear();
            lathe_alloc_fail_at(nth, nth % 2);
            data = lathe_data_csv(test_path("table.csv"), LATHE_SPLIT_TRAIN,
                &(lathe_folder_opts){ .size = 4, .channels = 1 });
            lathe_alloc_fail_at(0, false);
            if (!data && lathe_error() != LATHE_ENOMEM)
                fail_msg("allocation %zu of table %d: %s", nth, i, lathe_error_message());
        }
        assert_true(nth > 20);
        lathe_data_free(data);
    }
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_column_is_a_class),
        cmocka_unit_test(the_columns_of_labels_can_be_chosen),
        cmocka_unit_test(several_columns_are_heads),
        cmocka_unit_test(yes_and_no_or_tags_are_any_number_of_classes),
        cmocka_unit_test(without_a_split_column_a_part_is_held_out),
        cmocka_unit_test(paths_stay_below_the_table),
        cmocka_unit_test(columns_are_counted),
        cmocka_unit_test(a_validation_part_needs_rows_of_both),
        cmocka_unit_test(tables_may_be_long),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    test_folder();
    put_pictures();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_folder_remove();
    return failed;
}
