/* Unpacked pictures that are kept for the next run: used if they are of the same file and whole, else made
 * anew, never an error. */
#include "support/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <zlib.h>

#include "support/folder.h"

enum { COUNT = 5, SIZE = 6, HEADER = 72 };

static void write_gzip(const char *path, const uint8_t *bytes, unsigned size)
{
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, size), size);
    assert_int_equal(gzclose(file), Z_OK);
}

/* Pictures of 2 x 3 pixels: first, first + 1, ...; and their labels. */
static void write_set(uint8_t first)
{
    uint8_t pictures[16 + COUNT * SIZE] = { 0, 0, 8, 3, 0, 0, 0, COUNT, 0, 0, 0, 2, 0, 0, 0, 3 };
    const uint8_t labels[8 + COUNT] = { 0, 0, 8, 1, 0, 0, 0, COUNT, 0, 1, 2, 3, 4 };
    for (int i = 0; i < COUNT * SIZE; i++) pictures[16 + i] = (uint8_t)(first + i);
    write_gzip(test_path("pictures"), pictures, sizeof pictures);
    test_write(test_path("labels"), labels, sizeof labels);
}

/* Open the set, which must hold these pictures, and say from where they come: "memory" or "cached". */
static const char *open_keeping(uint8_t first, size_t cache_bytes)
{
    static const double mean = 0.5, std = 0.25;
    lathe_dataset *data = lathe_data_idx(test_path("pictures"), test_path("labels"),
        &(lathe_idx_opts){ .classes = 5,
            .mean = &mean,
            .std = &std,
            .cache = true,
            .cache_bytes = cache_bytes });
    if (!data) fail_msg("%s", lathe_error_message());
    assert_true(data->count == COUNT && data->height == 2 && data->width == 3 && data->classes == 5 &&
        data->mean[0] == 0.5);
    uint8_t scratch[SIZE];
    for (size_t i = COUNT; i-- > 0;) {
        lathe_sample sample;
        assert_int_equal(lathe_data_read(data, i, scratch, &sample), LATHE_OK);
        assert_int_equal(sample.label, i);
        for (size_t k = 0; k < SIZE; k++) assert_int_equal(sample.pixels[k], (uint8_t)(first + i * SIZE + k));
    }
    const char *kind = data->type->name;
    lathe_data_free(data);
    assert_int_equal(lathe_error(), LATHE_OK);
    return kind;
}

static const char *open_set(uint8_t first) { return open_keeping(first, 1); }

/* An empty cache folder, and the set. */
static int begin(void **state)
{
    (void)state;
    lathe_error_clear();
    test_folder_remove();
    test_folder();
    setenv("LATHE_CACHE", test_path("cache/of/mine"), 1);
    write_set(10);
    return 0;
}

static char *cache_file(void)
{
    static char path[1024];
    FILE *list = popen("ls \"$LATHE_CACHE\"", "r");
    char name[256] = "";
    assert_int_equal(fscanf(list, "%255s", name), 1);
    assert_int_equal(fscanf(list, "%255s", path), EOF); /* one file, no half-written ones */
    pclose(list);
    snprintf(path, sizeof path, "%s/%s", getenv("LATHE_CACHE"), name);
    return path;
}

/* Which file is the cache: one that was used is the same as before. */
static ino_t cache_inode(void)
{
    struct stat about;
    assert_int_equal(stat(cache_file(), &about), 0);
    return about.st_ino;
}

static void pictures_are_unpacked_once(void **state)
{
    (void)state;
    assert_string_equal(open_set(10), "cached");
    ino_t made = cache_inode();
    assert_string_equal(open_set(10), "cached");
    assert_int_equal(cache_inode(), made);
    struct stat about;
    assert_int_equal(stat(cache_file(), &about), 0);
    assert_int_equal(about.st_size, HEADER + COUNT * SIZE);
    assert_int_equal(about.st_mode & 0777, 0600);
}

/* Both when the cache file is made, and when it is used; it is the same file. */
static void pictures_that_fit_stay_in_memory(void **state)
{
    (void)state;
    assert_string_equal(open_keeping(10, COUNT * SIZE), "memory");
    ino_t made = cache_inode();
    assert_string_equal(open_keeping(10, COUNT * SIZE), "memory");
    assert_string_equal(open_keeping(10, 0), "memory");
    assert_string_equal(open_keeping(10, COUNT * SIZE - 1), "cached");
    assert_int_equal(cache_inode(), made);
}

/* Another file under the same name; the same length and times do not make it the same. */
static void a_changed_source_is_unpacked_again(void **state)
{
    (void)state;
    open_set(10);
    struct stat before;
    assert_int_equal(stat(test_path("pictures"), &before), 0);
    write_set(11);
    struct timeval times[2] = { { before.st_atim.tv_sec, 0 },
        { before.st_mtim.tv_sec, before.st_mtim.tv_nsec / 1000 } };
    assert_int_equal(utimes(test_path("pictures"), times), 0);
    assert_string_equal(open_set(11),
        "cached"); /* which is made anew, or the pictures would be the old ones */
    assert_string_equal(open_set(11), "cached");
}

static void a_torn_or_damaged_cache_is_replaced(void **state)
{
    (void)state;
    open_set(10);
    for (int damage = 0; damage < 4; damage++) {
        const char *path = cache_file();
        if (damage < 3)
            assert_int_equal(truncate(path,
                                 damage == 0     ? 0 :
                                     damage == 1 ? HEADER - 1 :
                                                   HEADER + COUNT * SIZE - 1),
                0);
        else {
            size_t size;
            char *bytes = test_bytes(path, &size);
            bytes[20] ^= 1; /* in the header */
            test_write(path, bytes, size);
            free(bytes);
        }
        ino_t damaged = cache_inode();
        assert_string_equal(open_set(10), "cached");
        assert_true(cache_inode() != damaged);
    }
}

/* Every bit of a cache file is under the header's comparison or the checksum. */
static void a_flipped_bit_is_noticed(void **state)
{
    (void)state;
    open_set(10);
    for (size_t bit = 0; bit < 8 * (HEADER + COUNT * SIZE); bit += bit < 8 * HEADER ? 37 : 7) {
        size_t size;
        char *bytes = test_bytes(cache_file(), &size);
        assert_int_equal(size, HEADER + COUNT * SIZE);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        test_write(cache_file(), bytes, size);
        free(bytes);
        ino_t flipped = cache_inode();
        assert_string_equal(open_keeping(10, bit % 2),
            bit % 2 ? "cached" : "memory"); /* the right pictures */
        assert_true(cache_inode() != flipped);
    }
}

/* What a killed process left is removed; the file of a process that lives stays, and others' files do. */
static void what_killed_processes_left_is_removed(void **state)
{
    (void)state;
    char path[4][1024];
    static const char *const names[] = { "0123456789abcdef.123", "fedcba9876543210.77", "notes.txt",
        "0123456789abcdef.old" };
    open_set(10);
    for (int i = 0; i < 4; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", getenv("LATHE_CACHE"), names[i]);
        test_write(path[i], "half", 4);
    }
    int alive = open(path[1], O_RDONLY);
    assert_int_equal(flock(alive, LOCK_EX), 0);
    assert_string_equal(open_set(10), "cached");
    for (int i = 0; i < 4; i++) assert_int_equal(access(path[i], F_OK), i ? 0 : -1);
    close(alive);
    assert_string_equal(open_set(10), "cached");
    assert_int_equal(access(path[1], F_OK), -1);
}

/* 80,000 black pictures in 80 KB, with a header that agrees. */
static void a_bomb_is_refused(void **state)
{
    (void)state;
    enum { MANY = 86000 };
    static const double mean = 0.5, std = 0.25;
    const size_t size = 16 + (size_t)MANY * 784;
    uint8_t *pictures = calloc(1, size), *labels = calloc(1, 8 + MANY);
    const uint8_t heads[2][16] = { { 0, 0, 8, 3, 0, MANY >> 16, MANY >> 8 & 255, MANY & 255, 0, 0, 0, 28, 0,
                                       0, 0, 28 },
        { 0, 0, 8, 1, 0, MANY >> 16, MANY >> 8 & 255, MANY & 255 } };
    memcpy(pictures, heads[0], 16);
    memcpy(labels, heads[1], 8);
    write_gzip(test_path("pictures"), pictures, (unsigned)size);
    test_write(test_path("labels"), labels, 8 + MANY);
    free(pictures);
    free(labels);
    assert_null(lathe_data_idx(test_path("pictures"), test_path("labels"),
        &(lathe_idx_opts){ .classes = 5, .mean = &mean, .std = &std, .cache = true }));
    assert_failed(LATHE_EFORMAT, "compressed bytes become 67424016, more than 100 times as many");
    assert_int_equal(access(getenv("LATHE_CACHE"), F_OK), -1);
}

/* A disk that is full half-way, here by a limit on the size of files: the pictures come into memory, and no
 * half file is left. */
static void a_full_disk_is_no_error(void **state)
{
    (void)state;
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t room = 0; room < HEADER + COUNT * SIZE; room += 31) {
        small.rlim_cur = room;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        const char *kind = open_keeping(10, room % 2);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_string_equal(kind, "memory");
        assert_int_equal(rmdir(getenv("LATHE_CACHE")), 0); /* empty */
    }
    assert_string_equal(open_set(10), "cached");
}

/* Damaged gzip data is told, and not kept. */
static void a_damaged_source_is_an_error(void **state)
{
    (void)state;
    size_t size;
    char *bytes = test_bytes(test_path("pictures"), &size);
    bytes[size - 6] ^= 1; /* in the CRC */
    test_write(test_path("pictures"), bytes, size);
    free(bytes);
    static const double mean = 0.5, std = 0.25;
    assert_null(lathe_data_idx(test_path("pictures"), test_path("labels"),
        &(lathe_idx_opts){ .classes = 5, .mean = &mean, .std = &std, .cache = true }));
    assert_failed(LATHE_EFORMAT, "the gzip data is damaged");
    assert_int_equal(rmdir(getenv("LATHE_CACHE")), 0);
}

static void no_cache_is_no_error(void **state)
{
    (void)state;
    static const char *const none[] = { "off", "", "/dev/null/nowhere" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        setenv("LATHE_CACHE", none[i], 1);
        assert_string_equal(open_set(10), "memory");
        assert_string_equal(open_set(10), "memory");
    }
    unsetenv("LATHE_CACHE"); /* the user's own folder */
    setenv("XDG_CACHE_HOME", test_path("xdg"), 1);
    open_set(10);
    setenv("LATHE_CACHE", test_path("xdg/lathe"), 1);
    assert_string_equal(open_set(10), "cached");
    unsetenv("LATHE_CACHE");
    setenv("XDG_CACHE_HOME", "relative", 1); /* the specification: ignore it */
    setenv("HOME", test_path("home"), 1);
    open_set(10);
    setenv("LATHE_CACHE", test_path("home/.cache/lathe"), 1);
    assert_string_equal(open_set(10), "cached");
}

/* A file that becomes shorter under an open set: a failure that names it. */
static void a_cache_cut_while_in_use_is_told(void **state)
{
    (void)state;
    static const double mean = 0.5, std = 0.25;
    open_set(10);
    lathe_dataset *data = lathe_data_idx(test_path("pictures"), test_path("labels"),
        &(lathe_idx_opts){ .name = "five",
            .classes = 5,
            .mean = &mean,
            .std = &std,
            .cache = true,
            .cache_bytes = 1 });
    assert_string_equal(data->type->name, "cached");
    assert_int_equal(truncate(cache_file(), HEADER + 3), 0);
    uint8_t scratch[SIZE];
    lathe_sample sample;
    assert_int_equal(lathe_data_read(data, 4, scratch, &sample), LATHE_EIO);
    assert_failed(LATHE_EIO, "five: picture 4 cannot be read from the cache file: it became shorter");
    lathe_data_free(data);
}

/* Each allocation fails once, while a cache is made and while it is used: an error or the set, and nothing is
 * lost. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const double mean = 0.5, std = 0.25;
    for (size_t way = 0; way < 4; way++) /* made or used; in memory or not */
        for (size_t nth = 1, made = 0; !made; nth++) {
            if (way % 2 == 0) write_set(10); /* another file: a new cache */
            lathe_alloc_fail_at(nth, false);
            lathe_dataset *data = lathe_data_idx(test_path("pictures"), test_path("labels"),
                &(lathe_idx_opts){ .classes = 5,
                    .mean = &mean,
                    .std = &std,
                    .cache = true,
                    .cache_bytes = way / 2 });
            made = lathe_alloc_fail_at(0, false) < nth;
            assert_true(data || !made);
            if (!data) assert_failed(LATHE_ENOMEM, "");
            lathe_data_free(data);
            lathe_error_clear();
        }
}

static int end(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pictures_are_unpacked_once, begin),
        cmocka_unit_test_setup(pictures_that_fit_stay_in_memory, begin),
        cmocka_unit_test_setup(a_changed_source_is_unpacked_again, begin),
        cmocka_unit_test_setup(a_torn_or_damaged_cache_is_replaced, begin),
        cmocka_unit_test_setup(a_flipped_bit_is_noticed, begin),
        cmocka_unit_test_setup(what_killed_processes_left_is_removed, begin),
        cmocka_unit_test_setup(a_bomb_is_refused, begin),
        cmocka_unit_test_setup(a_full_disk_is_no_error, begin),
        cmocka_unit_test_setup(a_damaged_source_is_an_error, begin),
        cmocka_unit_test_setup(no_cache_is_no_error, begin),
        cmocka_unit_test_setup(a_cache_cut_while_in_use_is_told, begin),
        cmocka_unit_test_setup(every_allocation_may_fail, begin),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
