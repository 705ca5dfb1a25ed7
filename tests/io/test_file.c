#include "support/folder.h"
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_holds(const char *path, const char *expected)
{
    size_t size;
    char *bytes = test_bytes(path, &size);
    assert_string_equal(bytes, expected);
    assert_int_equal(size, strlen(expected));
    free(bytes);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    const char *path = test_path("a");
    lathe_bytes parts[] = { { "one", 3 }, { "", 0 }, { " two", 4 } };
    assert_int_equal(lathe_file_write(path, parts, 3), LATHE_OK);
    assert_holds(path, "one two");
    size_t size;
    char *bytes = lathe_file_read(path, 7, &size);
    assert_string_equal(bytes, "one two");
    assert_int_equal(size, 7);
    lathe_free(bytes);
    assert_null(lathe_file_read(path, 6, &size));
    assert_failed(LATHE_EFORMAT, "7 bytes, more than the 6 allowed");
    assert_int_equal(lathe_file_write_text(path, ""), LATHE_OK);
    bytes = lathe_file_read(path, 0, &size);
    assert_int_equal(size, 0);
    lathe_free(bytes);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    size_t size;
    assert_null(lathe_file_read(test_path("none"), 10, &size));
    assert_failed(LATHE_EIO, "none: cannot open: No such file");
    assert_null(lathe_file_read(test_folder(), 10, &size));
    assert_failed(LATHE_EIO, "not a regular file");
    assert_int_equal(mkfifo(test_path("pipe"), 0600), 0);
    assert_null(lathe_file_read(test_path("pipe"), 10, &size));
    assert_failed(LATHE_EIO, "not a regular file");
    assert_int_equal(lathe_file_write_text(test_path("no/folder"), "x"), LATHE_EIO);
    assert_failed(LATHE_EIO, "no/folder: cannot create: No such file");
}

/* Pipes are written to, by their own name and as a file of /dev, and are not replaced by a file. */
static void pipes_are_written_to(void **state)
{
    (void)state;
    struct stat info;
    char got[8] = { 0 }, name[32];
    const char *path = test_path("stream");
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK), ends[2];
    assert_true(reader >= 0);
    assert_int_equal(lathe_file_write_text(path, "one"), LATHE_OK);
    assert_int_equal(read(reader, got, sizeof got), 3);
    assert_string_equal(got, "one");
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    close(reader);
    assert_int_equal(pipe(ends), 0);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[1]);
    assert_int_equal(lathe_file_write_text(name, "two"), LATHE_OK);
    assert_int_equal(read(ends[0], got, sizeof got), 3);
    assert_string_equal(got, "two");
    close(ends[0]);
    close(ends[1]);
}

static void folders_are_made(void **state)
{
    (void)state;
    const char *path = test_path("b/c//d/");
    assert_int_equal(lathe_file_make_folder(path), LATHE_OK);
    assert_int_equal(lathe_file_make_folder(path), LATHE_OK);
    assert_true(lathe_file_exists(test_path("b/c/d")));
    assert_int_equal(lathe_file_write_text(test_path("b/file"), "x"), LATHE_OK);
    assert_int_equal(lathe_file_make_folder(test_path("b/file")), LATHE_EIO);
    assert_failed(LATHE_EIO, "something else is there");
    assert_int_equal(lathe_file_make_folder(test_path("b/file/e")), LATHE_EIO);
    assert_failed(LATHE_EIO, "Not a directory");
    char joined[16];
    assert_int_equal(lathe_file_join("a/", "b", joined, sizeof joined), LATHE_OK);
    assert_string_equal(joined, "a/b");
    assert_int_equal(lathe_file_join("a", "0123456789abcd", joined, sizeof joined), LATHE_EARG);
    assert_failed(LATHE_EARG, "longer than 15");
}

/* A new folder's entry is synced in its parent: each of the calls may fail, and is told. */
static void a_new_folder_is_synced_in_its_parent(void **state)
{
    (void)state;
    assert_int_equal(lathe_file_make_folder(test_path("parent")), LATHE_OK);
    char path[256];
    snprintf(path, sizeof path, "%s", test_path("parent"));
    assert_int_equal(chdir(path), 0);
    static const char *const told[] = { "new: cannot make the folder", ".: cannot open", ".: cannot sync" };
    for (size_t n = 1; n <= 3; n++) {
        lathe_file_fail_at(n, &(lathe_fault){ .error = EIO });
        lathe_status status = lathe_file_make_folder("new");
        lathe_file_fail_at(0, NULL);
        assert_int_equal(status, LATHE_EIO);
        assert_failed(LATHE_EIO, told[n - 1]);
        rmdir("new");
    }
    assert_int_equal(chdir("/"), 0);
}

/* Several processes number their folders at once: each gets one of its own. */
static void a_numbered_folder_has_one_owner(void **state)
{
    (void)state;
    enum { PROCESSES = 8, EACH = 20 };
    pid_t child[PROCESSES];
    char path[512], parent[256];
    snprintf(parent, sizeof parent, "%s", test_path("numbered"));
    for (int i = 0; i < PROCESSES; i++) {
        child[i] = fork();
        if (child[i]) continue;
        int bad = 0;
        for (int k = 0; k < EACH; k++)
            bad |= lathe_file_number_folder(parent, "run-", path, sizeof path) != LATHE_OK;
        _exit(bad);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int result;
        assert_int_equal(waitpid(child[i], &result, 0), child[i]);
        assert_int_equal(result, 0);
    }
    assert_int_equal(lathe_file_number_folder(parent, "run-", path, sizeof path), LATHE_OK);
    assert_string_equal(strrchr(path, '/'), "/run-161"); /* 8 x 20 were made */
    assert_int_equal(lathe_file_number_folder(parent, "run-", path, 8), LATHE_EARG);
    assert_failed(LATHE_EARG, "longer than 7");
}

/* Links under the names that lathe writes: the file behind them keeps its bytes. */
static void links_are_not_followed(void **state)
{
    (void)state;
    char victim[256], path[256], temporary[320];
    snprintf(victim, sizeof victim, "%s", test_path("victim"));
    snprintf(path, sizeof path, "%s", test_path("linked"));
    snprintf(temporary, sizeof temporary, "%s.tmp.%ld", path, (long)getpid());
    assert_int_equal(lathe_file_write_text(victim, "precious"), LATHE_OK);
    for (int hard = 0; hard < 2; hard++) {
        int (*make)(const char *, const char *) = hard ? link : symlink;
        assert_int_equal(make(victim, path), 0);
        assert_null(lathe_lock_take(path));
        assert_failed(LATHE_EIO, "a link");
        if (!hard) assert_null(lathe_writer_open(path, 3));
        lathe_writer *writer = lathe_writer_open(path, 0);
        assert_non_null(writer);
        assert_int_equal(lathe_writer_add(writer, "rows"), LATHE_OK);
        assert_int_equal(lathe_writer_close(writer), LATHE_OK);
        assert_holds(path, "rows");
        assert_int_equal(make(victim, temporary), 0);
        assert_int_equal(lathe_file_write_text(path, "whole"), LATHE_OK);
        assert_holds(path, "whole");
        assert_holds(victim, "precious");
        assert_int_equal(unlink(path), 0);
    }
}

/* The order of calls that makes a write safe, counted: open, write, fsync, close, rename, open the folder,
 * fsync. */
enum { CALLS_OF_A_WRITE = 7, RENAME = 5 };

static void a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    const char *path = test_path("kept");
    static const int errors[] = { EIO, ENOSPC, EACCES };
    int points = 0;
    for (size_t e = 0; e < sizeof errors / sizeof errors[0]; e++)
        for (int persistent = 0; persistent < 2; persistent++)
            for (size_t n = 1; n <= CALLS_OF_A_WRITE + 1; n++, points++) {
                assert_int_equal(lathe_file_write_text(path, "old"), LATHE_OK);
                int before = test_folder_entries();
                lathe_file_fail_at(n, &(lathe_fault){ .error = errors[e], .persistent = persistent });
                lathe_status status = lathe_file_write_text(path, "newer");
                lathe_file_fail_at(0, NULL);
                assert_int_equal(status, n <= CALLS_OF_A_WRITE ? LATHE_EIO : LATHE_OK);
                assert_holds(path, n <= RENAME ? "old" : "newer");
                assert_int_equal(test_folder_entries(), before);
                if (status) assert_failed(LATHE_EIO, strerror(errors[e]));
            }
    print_message("fault points %d/%d\n", points, points);
}

static void interruptions_and_short_writes_are_no_failures(void **state)
{
    (void)state;
    const char *path = test_path("short");
    for (size_t n = 1; n <= CALLS_OF_A_WRITE; n++) {
        lathe_file_fail_at(n, &(lathe_fault){ .error = EINTR });
        lathe_status status = lathe_file_write_text(path, "interrupted");
        lathe_file_fail_at(0, NULL);
        assert_int_equal(status, n == RENAME ? LATHE_EIO : LATHE_OK); /* rename never says EINTR */
    }
    lathe_file_fail_at(1, &(lathe_fault){ .kind = LATHE_FAULT_SHORT, .persistent = true });
    assert_int_equal(lathe_file_write_text(path, "byte by byte"), LATHE_OK);
    size_t size;
    char *bytes = lathe_file_read(path, 100, &size);
    lathe_file_fail_at(0, NULL);
    assert_non_null(bytes);
    assert_string_equal(bytes, "byte by byte");
    lathe_free(bytes);
}

static void end_here(void) { _exit(99); }

/* A process that ends before, after or in the middle of call n leaves the old file or the new, and its litter
 * is cleared away. */
static void a_killed_write_leaves_old_or_new(void **state)
{
    (void)state;
    const char *path = test_path("killed");
    static const lathe_fault_kind faults[] = { LATHE_FAULT_END, LATHE_FAULT_END_AFTER, LATHE_FAULT_TORN };
    for (size_t f = 0; f < 3; f++)
        for (size_t n = 1; n <= CALLS_OF_A_WRITE; n++) {
            assert_int_equal(lathe_file_write_text(path, "old"), LATHE_OK);
            int before = test_folder_entries();
            pid_t child = fork();
            if (!child) {
                lathe_file_fail_at(n, &(lathe_fault){ .kind = faults[f], .end = end_here });
                lathe_file_write_text(path, "newer");
                _exit(0);
            }
            int result;
            assert_int_equal(waitpid(child, &result, 0), child);
            assert_int_equal(WEXITSTATUS(result), 99);
            bool renamed = n > RENAME || (n == RENAME && f > 0);
            assert_holds(path, renamed ? "newer" : "old");
            assert_int_equal(lathe_file_remove_stale(test_folder()), LATHE_OK);
            assert_int_equal(test_folder_entries(), before);
        }
}

/* Power is lost at the first call after a write that succeeded: nothing of it is. */
static void what_was_written_outlives_the_power(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s", test_path("durable"));
    assert_int_equal(lathe_file_write_text(path, "old"), LATHE_OK);
    pid_t child = fork();
    if (!child) {
        lathe_file_fail_at(CALLS_OF_A_WRITE + 1, &(lathe_fault){ .kind = LATHE_FAULT_DROP, .end = end_here });
        if (!lathe_file_write_text(path, "newer")) lathe_file_write_text(test_path("next"), "lost");
        _exit(0);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(WEXITSTATUS(result), 99);
    assert_holds(path, "newer");
}

/* Whoever reads while another process replaces the file sees all of the old or all of the new. */
static void readers_see_whole_files(void **state)
{
    (void)state;
    enum { READS = 10000, SIZE = 20000 };
    static char text[SIZE + 1];
    char path[256];
    snprintf(path, sizeof path, "%s", test_path("replaced"));
    memset(text, 'a', SIZE);
    assert_int_equal(lathe_file_write_text(path, text), LATHE_OK);
    pid_t writer = fork();
    while (!writer) { /* until it is killed */
        text[0] = text[0] == 'a' ? 'b' : 'a';
        memset(text, text[0], SIZE);
        if (lathe_file_write_text(path, text)) _exit(1);
    }
    int seen[2] = { 0 };
    for (int i = 0; i < READS; i++) {
        size_t size;
        char *bytes = test_bytes(path, &size);
        bool whole = size == SIZE && (bytes[0] == 'a' || bytes[0] == 'b');
        for (size_t k = 1; k < SIZE && whole; k++) whole = bytes[k] == bytes[0];
        if (!whole) fail_msg("read %d is neither the old nor the new", i);
        seen[bytes[0] == 'b']++;
        free(bytes);
    }
    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    assert_int_equal(lathe_file_remove_stale(test_folder()), LATHE_OK);
    print_message("whole reads %d/%d (%d old, %d new)\n", seen[0] + seen[1], READS, seen[0], seen[1]);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    if (!lathe_file_exists("/dev/full")) skip();
    lathe_writer *writer = lathe_writer_open("/dev/full", 0);
    assert_non_null(writer);
    assert_int_equal(lathe_writer_add(writer, "a line\n"), LATHE_OK);
    assert_int_equal(lathe_writer_flush(writer, false), LATHE_EIO);
    assert_failed(LATHE_EIO, "/dev/full: cannot write: No space left");
    assert_int_equal(lathe_writer_add(writer, "a line\n"), LATHE_EIO);
    assert_int_equal(lathe_writer_close(writer), LATHE_EIO);
    lathe_error_clear();
}

static void a_growing_file_can_go_on_from_any_place(void **state)
{
    (void)state;
    const char *path = test_path("log");
    lathe_writer *writer = lathe_writer_open(path, 0);
    char line[64], long_line[20000];
    for (int i = 0; i < 3000; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        assert_int_equal(lathe_writer_add(writer, line), LATHE_OK);
    }
    memset(long_line, 'x', sizeof long_line - 1);
    long_line[sizeof long_line - 1] = '\0';
    assert_int_equal(lathe_writer_add(writer, long_line), LATHE_OK);
    uint64_t length = lathe_writer_position(writer);
    assert_int_equal(lathe_writer_close(writer), LATHE_OK);
    size_t size;
    char *bytes = test_bytes(path, &size);
    assert_int_equal(size, length);
    assert_string_equal(bytes + size - 7, "xxxxxxx");
    free(bytes);

    writer = lathe_writer_open(path, 14);
    assert_int_equal(lathe_writer_add(writer, "end\n"), LATHE_OK);
    assert_int_equal(lathe_writer_flush(writer, true), LATHE_OK);
    assert_holds(path, "line 0\nline 1\nend\n");
    assert_int_equal(lathe_writer_close(writer), LATHE_OK);
    assert_null(lathe_writer_open(path, 19));
    assert_failed(LATHE_EIO, "has 18 bytes, expected at least 19");
}

static void memory_may_run_out(void **state)
{
    (void)state;
    const char *path = test_path("memory");
    assert_int_equal(lathe_file_write_text(path, "old"), LATHE_OK);
    lathe_alloc_fail_at(1, false);
    assert_int_equal(lathe_file_write_text(path, "new"), LATHE_ENOMEM);
    for (size_t n = 1; n <= 2; n++) {
        lathe_alloc_fail_at(n, false);
        assert_null(lathe_writer_open(path, 0));
    }
    lathe_alloc_fail_at(0, false);
    assert_failed(LATHE_ENOMEM, "out of memory");
    assert_holds(path, "old");
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
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(pipes_are_written_to),
        cmocka_unit_test(folders_are_made),
        cmocka_unit_test(links_are_not_followed),
        cmocka_unit_test(a_new_folder_is_synced_in_its_parent),
        cmocka_unit_test(a_numbered_folder_has_one_owner),
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
        cmocka_unit_test(interruptions_and_short_writes_are_no_failures),
        cmocka_unit_test(a_killed_write_leaves_old_or_new),
        cmocka_unit_test(what_was_written_outlives_the_power),
        cmocka_unit_test(readers_see_whole_files),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(a_growing_file_can_go_on_from_any_place),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
