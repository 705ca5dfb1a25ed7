/* Folders as nobody should have them: what is no picture of a class is passed over, quickly, and nothing
 * outside is read. */
#define _GNU_SOURCE /* symlink, mknod, clock_gettime */
#include "support/support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/pictures.h"

static char root[1024]; /* of the present layout */

static char *in_root(const char *name)
{
    static char path[4][4096];
    static int next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", root, name);
    return path[next];
}

static void picture(const char *name)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", strrchr(root, '/') + 1, name);
    test_put_picture(path, 4, 4, 7, 0);
}

static void text(const char *name, const char *what)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", strrchr(root, '/') + 1, name);
    test_put_text(path, what);
}

static void a_file_link_out(void) { assert_int_equal(symlink("/etc/passwd", in_root("a/x.png")), 0); }
static void a_folder_link_out(void) { assert_int_equal(symlink("/usr/share", in_root("a/outside")), 0); }
static void a_class_link_out(void) { assert_int_equal(symlink("/usr/share", in_root("c")), 0); }
static void a_link_that_leads_nowhere(void) { assert_int_equal(symlink("none", in_root("a/x.jpg")), 0); }
static void a_link_to_itself(void) { assert_int_equal(symlink("loop", in_root("a/loop")), 0); }
static void a_link_to_its_folder(void) { assert_int_equal(symlink(".", in_root("a/here")), 0); }
static void a_link_upwards(void) { assert_int_equal(symlink("../..", in_root("a/up")), 0); }
static void two_links_in_a_circle(void)
{
    assert_int_equal(symlink("two", in_root("a/one")), 0);
    assert_int_equal(symlink("one", in_root("a/two")), 0);
}
static void a_link_to_a_picture(void) { assert_int_equal(symlink("1.pgm", in_root("a/again.pgm")), 0); }
static void a_fifo(void) { assert_int_equal(mkfifo(in_root("a/x.jpg"), 0600), 0); }
static void a_fifo_without_ending(void) { assert_int_equal(mkfifo(in_root("a/x"), 0600), 0); }
static void a_fifo_as_class(void) { assert_int_equal(mkfifo(in_root("c"), 0600), 0); }
static void a_socket(void)
{
    int handle = socket(AF_UNIX, SOCK_STREAM, 0);
    char before[4096];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "x.png");
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(in_root("a")), 0); /* paths of sockets are short */
    assert_int_equal(bind(handle, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(chdir(before), 0);
    close(handle);
}
static void a_device(void)
{
    if (mknod(in_root("a/x.bmp"), S_IFCHR | 0600, makedev(1, 5)) && errno != EPERM)
        fail_msg("mknod: %s", strerror(errno));
}
static void a_name_that_is_no_utf8(void) { picture("a/\xff\xfe.pgm"); }
static void a_name_with_a_line_end(void) { picture("a/x\ny\x1b[31m.pgm"); }
static void a_class_that_is_no_utf8(void)
{
    picture("\xc3/1.pgm");
    picture("\xc3/2.pgm");
}
static void a_name_of_255_bytes(void)
{
    char name[300] = "a/";
    memset(name + 2, 'n', 251);
    strcpy(name + 253, ".pgm");
    picture(name);
}
static void hidden_files(void)
{
    text("a/.hidden.png", "no picture");
    text("a/.DS_Store", "no picture");
    text(".git/config", "no picture");
}
static void other_files(void)
{
    text("a/Thumbs.db", "no picture");
    text("readme.txt", "no picture");
    text("a/labels.csv", "no picture");
}
static void an_empty_class(void) { assert_int_equal(mkdir(in_root("c"), 0700), 0); }
static void a_class_of_other_files(void) { text("c/readme.txt", "no picture"); }
static void a_class_of_other_pictures(void)
{
    text("c/1.heic", "no picture");
    text("c/2.heic", "no picture");
}
static void a_folder_of_macos(void)
{
    text("__MACOSX/a/._1.pgm", "no picture");
    picture("__MACOSX/a/1.pgm");
}
static void a_class_with_splits(void)
{
    picture("c/train/1.pgm");
    picture("c/test/2.pgm");
}
static void a_folder_called_picture(void) { picture("a/x.png/2.pgm"); }
static void a_locked_folder(void)
{
    picture("a/locked/2.pgm");
    assert_int_equal(chmod(in_root("a/locked"), 0), 0);
}
static void ten_thousand_levels(void)
{
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(in_root("a")), 0);
    for (int i = 0; i < 10000; i++) assert_true(!mkdir("d", 0700) && !chdir("d"));
    assert_int_equal(chdir(before), 0);
}
static void an_empty_picture(void) { text("a/x.png", ""); }
static void a_thousand_files(void)
{
    char name[64];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "a/%d.txt", i);
        test_write(in_root(name), "x", 1);
    }
}

/* Each beside classes a and b of two pictures each. */
static const struct {
    void (*make)(void);
    size_t pictures; /* that are found, training and test together; 0: refused ... */
    const char *why; /* ... for this */
} layouts[] = {
    { a_file_link_out, 4, NULL },
    { a_folder_link_out, 4, NULL },
    { a_class_link_out, 4, NULL },
    { a_link_that_leads_nowhere, 4, NULL },
    { a_link_to_itself, 4, NULL },
    { a_link_to_its_folder, 4, NULL },
    { a_link_upwards, 4, NULL },
    { two_links_in_a_circle, 4, NULL },
    { a_link_to_a_picture, 4, NULL },
    { a_fifo, 4, NULL },
    { a_fifo_without_ending, 4, NULL },
    { a_fifo_as_class, 4, NULL },
    { a_socket, 4, NULL },
    { a_device, 4, NULL },
    { a_name_that_is_no_utf8, 5, NULL },
    { a_name_with_a_line_end, 5, NULL },
    { a_class_that_is_no_utf8, 6, NULL },
    { a_name_of_255_bytes, 5, NULL },
    { hidden_files, 4, NULL },
    { other_files, 4, NULL },
    { an_empty_class, 0, "c: a class without pictures" },
    { a_class_of_other_files, 0, "c: a class without pictures" },
    { a_class_of_other_pictures, 0, "c: a class without pictures; it has 2 .heic files, such as 1.heic" },
    { a_folder_of_macos, 4, NULL },
    { a_class_with_splits, 0, "c: has train/ and test/: splits are expected above the classes" },
    { a_folder_called_picture, 5, NULL },
    { a_locked_folder, 0, "locked: Permission denied" },
    { ten_thousand_levels, 0, "nested deeper than 16" },
    { an_empty_picture, 0, "x.png: " },
    { a_thousand_files, 4, NULL },
};

static size_t passed;
static double slowest;
static size_t slowest_layout;

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/* How many pictures both parts have; 0 after a failure. */
static size_t count_pictures(void)
{
    size_t count = 0;
    for (int split = 0; split < 2; split++) {
        lathe_dataset *data = lathe_data_folder(root, (lathe_split)split, &(lathe_folder_opts){ .size = 4 });
        if (!data) return 0;
        count += data->count;
        lathe_data_free(data);
    }
    return count;
}

static void each_layout_is_gone_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        char name[32];
        snprintf(name, sizeof name, "layout-%02zu", i);
        snprintf(root, sizeof root, "%s", test_path(name));
        static const char *const four[] = { "a/1.pgm", "a/2.pgm", "b/1.pgm", "b/2.pgm" };
        for (int k = 0; k < 4; k++) picture(four[k]);
        layouts[i].make();
        bool any_permission = layouts[i].make == a_locked_folder && geteuid() == 0; /* root may read it */
        double start = milliseconds();
        size_t count = count_pictures();
        double took = milliseconds() - start;
        if (took > slowest) slowest = took, slowest_layout = i;
        if (any_permission) assert_int_equal(count, 5);
        else if (count != layouts[i].pictures)
            fail_msg("layout %zu: %zu pictures, expected %zu: %s", i, count, layouts[i].pictures,
                lathe_error_message());
        if (!count && !strstr(lathe_error_message(), layouts[i].why))
            fail_msg("layout %zu: '%s'", i, lathe_error_message());
        lathe_error_clear();
        passed++;
    }
}

/* The test's folder is removed by a walk with paths, which 10,000 levels are too deep for. */
static int remove_deep_levels(void **state)
{
    (void)state;
    char before[4096];
    if (!getcwd(before, sizeof before)) return -1;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        char name[48];
        snprintf(name, sizeof name, "layout-%02zu/a", i);
        if (layouts[i].make != ten_thousand_levels || chdir(test_path(name))) continue;
        int depth = 0;
        while (!chdir("d")) depth++;
        for (; depth; depth--)
            if (chdir("..") || rmdir("d")) break;
    }
    return chdir(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_layout_is_gone_through) };
    test_folder_in_memory();
    test_folder();
    int failed = cmocka_run_group_tests(tests, NULL, remove_deep_levels);
    test_folder_remove();
    printf("folder layouts: %zu/%zu, the slowest, number %zu, in %.0f ms\n", passed,
        sizeof layouts / sizeof layouts[0], slowest_layout, slowest);
    return failed || passed < 25;
}
