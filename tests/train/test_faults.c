/*
 * Every call that a session of `lathe train --resume` makes to the file system goes wrong once, in each way
 * that there is: afterwards the checkpoint is a whole one, and the run goes on to the bits of one without
 * faults. The process that dies is a child.
 */
#include "support/tiny.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The folder before the session is saved at BEFORE; the session trains to AFTER over an epoch's end, saving
 * each step; the run has LAST. */
enum { BEFORE = 19, AFTER = 21, LAST = 30, FILES = 16, KILLED = 99, FAILED = 98 };

#if defined __SANITIZE_ADDRESS__
static const bool sanitized = true; /* seven times as slow */
#else
static const bool sanitized = false;
#endif

/* A file of the folder as it is before each session. */
typedef struct kept_file {
    char name[64];
    char *bytes;
    size_t size;
} kept_file;

static kept_file before[FILES];
static int before_count;

/* last.safetensors at BEFORE ... AFTER. */
static char *checkpoint[AFTER - BEFORE + 1];
static size_t checkpoint_size[AFTER - BEFORE + 1];

static lathe_settings settings_of(const char *out)
{
    return tiny_settings(out,
        (const tiny_pair[]){ { "epochs", "3" }, { "log", "tensorboard" }, { "optim", "sgd" },
            { "momentum", "0.9" }, { "save_every", "1" }, { "keep", "2" }, { NULL, NULL } });
}

/* Go on with the run in `out` up to a step. */
static lathe_status session(uint64_t until)
{
    static lathe_settings settings;
    if (!settings.batch_size) settings = settings_of("work");
    snprintf(settings.resume, sizeof settings.resume, "%s", settings.out);
    settings.max_steps = until == LAST ? 0 : until;
    if (until == LAST) settings.save_every[0] = '\0'; /* the faults were before */
    else strcpy(settings.save_every, "1");
    lathe_run *run = lathe_run_new(&settings, NULL);
    lathe_status status = run ? lathe_run_train(run) : lathe_error();
    lathe_run_free(run);
    return status;
}

static int prepare(void **state)
{
    (void)state;
    test_folder_in_memory();
    lathe_settings whole = settings_of("whole"), work = settings_of("work");
    lathe_run_free(tiny_train(&whole));
    for (int step = BEFORE; step <= AFTER; step++) {
        /* As the session makes it: the settings in the file have its length. */
        lathe_settings part = step == BEFORE ? work : settings_of("states");
        tiny_set(&part, "max_steps", "21");
        if (step < AFTER) tiny_train_until(&part, (uint64_t)step);
        else lathe_run_free(tiny_train(&part));
        checkpoint[step - BEFORE] =
            test_bytes(test_path(step == BEFORE ? "work/last.safetensors" : "states/last.safetensors"),
                &checkpoint_size[step - BEFORE]);
    }
    DIR *listing = opendir(test_path("work"));
    for (struct dirent *entry; (entry = readdir(listing));) {
        char path[512];
        if (entry->d_name[0] == '.') continue;
        assert_true(before_count < FILES);
        kept_file *file = &before[before_count++];
        snprintf(file->name, sizeof file->name, "%.60s", entry->d_name);
        snprintf(path, sizeof path, "work/%.300s", entry->d_name);
        file->bytes = test_bytes(test_path(path), &file->size);
    }
    closedir(listing);
    return 0;
}

/* Put the folder back as it was before the session. */
static void restore(void)
{
    char path[512];
    DIR *listing = opendir(test_path("work"));
    for (struct dirent *entry; (entry = readdir(listing));) {
        snprintf(path, sizeof path, "work/%.300s", entry->d_name);
        if (entry->d_name[0] != '.') assert_int_equal(unlink(test_path(path)), 0);
    }
    closedir(listing);
    for (int i = 0; i < before_count; i++) {
        snprintf(path, sizeof path, "work/%.60s", before[i].name);
        test_write(test_path(path), before[i].bytes, before[i].size);
    }
}

/* ---- a fault ------------------------------------------------------------------------------------------- */

typedef struct way {
    const char *name;
    lathe_fault fault;
} way;

static void die(void) { _exit(KILLED); }

static const way ways[] = { { "EIO", { .error = EIO } }, { "ENOSPC", { .error = ENOSPC } },
    { "EINTR", { .error = EINTR } }, { "a short transfer", { .kind = LATHE_FAULT_SHORT } },
    { "an end before", { .kind = LATHE_FAULT_END, .end = die } },
    { "an end after", { .kind = LATHE_FAULT_END_AFTER, .end = die } },
    { "a torn write", { .kind = LATHE_FAULT_TORN, .end = die } },
    { "a loss of power", { .kind = LATHE_FAULT_DROP, .end = die } },
    { "a disk that stays full", { .error = ENOSPC, .persistent = true } } };

enum { WAYS = sizeof ways / sizeof ways[0] };

/* A session in which call n goes wrong: 0 it went well, FAILED it said that it did not, KILLED it died.
 * *calls: how many it made. */
static int faulty_session(const way *how, size_t n, size_t *calls)
{
    if (!how->fault.end) {
        lathe_file_fail_at(n, &how->fault);
        lathe_status status = session(AFTER);
        *calls = lathe_file_fail_at(0, NULL);
        if (status && !*lathe_error_message()) fail_msg("a failure without a word");
        lathe_error_clear();
        return status ? FAILED : 0;
    }
    *calls = 0;
    pid_t child = fork();
    if (!child) {
        lathe_file_fail_at(n, &how->fault);
        _exit(session(AFTER) ? FAILED : 0);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    if (!WIFEXITED(result)) fail_msg("%s at call %zu: signal %d", how->name, n, WTERMSIG(result));
    return WEXITSTATUS(result);
}

/* Which step the folder's checkpoint is of; it must be one of those that were saved, byte for byte. */
static int step_of_checkpoint(const char *what)
{
    size_t size;
    char *bytes = test_bytes(test_path("work/last.safetensors"), &size);
    int found = 0;
    for (int i = 0; i <= AFTER - BEFORE; i++)
        if (size == checkpoint_size[i] && !memcmp(bytes, checkpoint[i], size)) found = BEFORE + i;
    if (!found) fail_msg("%s: the checkpoint is none that was saved", what);
    free(bytes);
    return found;
}

static void assert_no_litter(const char *what)
{
    DIR *listing = opendir(test_path("work"));
    for (struct dirent *entry; (entry = readdir(listing));)
        if (strstr(entry->d_name, ".tmp.") || !strcmp(entry->d_name, "lock"))
            fail_msg("%s: %s was left", what, entry->d_name);
    closedir(listing);
}

/* However it is now, without faults it goes on to the end. */
static void assert_goes_on(const char *what)
{
    if (session(LAST)) fail_msg("%s: %s", what, lathe_error_message());
    tiny_assert_same_runs(what, "whole", "work");
    assert_no_litter(what);
}

static void every_call_may_fail_in_every_way(void **state)
{
    (void)state;
    const size_t every = sanitized && !tiny_long() ? 3 : 1; /* every third point, another one a way */
    size_t calls, points = 0;
    restore();
    lathe_file_fail_at(0, NULL);
    assert_int_equal(session(AFTER), LATHE_OK);
    size_t all = lathe_file_fail_at(0, NULL);
    assert_int_equal(step_of_checkpoint("without faults"), AFTER);
    for (int w = 0; w < WAYS; w++)
        for (size_t n = 1 + (size_t)w % every; n <= all; n += every, points++) {
            char what[64];
            snprintf(what, sizeof what, "%s at call %zu", ways[w].name, n);
            restore();
            int result = faulty_session(&ways[w], n, &calls), step = step_of_checkpoint(what);
            if (result != 0 && result != FAILED && result != KILLED)
                fail_msg("%s: exit %d: %s", what, result, lathe_error_message());
            if (result == 0 && step != AFTER) fail_msg("%s: success was told, and the save was lost", what);
            if (ways[w].fault.end && result == 0) fail_msg("%s: the call was not made", what);
            if (ways[w].fault.kind == LATHE_FAULT_SHORT && result)
                fail_msg("%s: %s", what, lathe_error_message());
            assert_goes_on(what);
        }
    print_message("faultpoints %zu/%zu (%zu calls x %d ways)\n", points, all * WAYS, all, WAYS);
    assert_true(points >= all * WAYS / every);
}

/* The session after a death dies or fails as well. Of the pairs every fourth; in the long ring all. */
static void faults_may_come_in_pairs(void **state)
{
    (void)state;
    enum { MOST = 40 };
    int points = 0, all = tiny_long() ? MOST * MOST : MOST * MOST / 4;
    for (size_t n = 1; n <= MOST; n++)
        for (size_t m = tiny_long() ? 1 : 1 + n % 4; m <= MOST; m += tiny_long() ? 1 : 4, points++) {
            char what[96];
            size_t calls;
            const way *first = &ways[4 + n % 4], *second = &ways[(n + m) % 2 ? 0 : 4 + m % 4];
            snprintf(what, sizeof what, "%s at call %zu, then %s at call %zu", first->name, n * 5,
                second->name, m);
            restore();
            faulty_session(first, n * 5, &calls);
            faulty_session(second, m, &calls);
            step_of_checkpoint(what);
            assert_goes_on(what);
        }
    print_message("faultpairs %d/%d\n", points, all);
}

/* The saves with a step in their name, as a session without faults leaves them: the two newest. */
static void assert_saves(const char *what)
{
    size_t count, size;
    uint64_t *steps = lathe_file_numbers(test_path("work"), "step-", ".safetensors", &count);
    if (!steps || count != 2 || steps[0] != AFTER - 1 || steps[1] != AFTER)
        fail_msg("%s: %zu saves, the last of step %d", what, count,
            steps && count ? (int)steps[count - 1] : -1);
    lathe_free(steps);
    char *bytes = test_bytes(test_path("work/step-00000021.safetensors"), &size);
    if (size != checkpoint_size[AFTER - BEFORE] || memcmp(bytes, checkpoint[AFTER - BEFORE], size))
        fail_msg("%s: step-00000021.safetensors has other bytes than last.safetensors", what);
    free(bytes);
}

/* Wherever a session is killed, the next one leaves the same saves as if it had not been. */
static void no_kill_loses_a_save(void **state)
{
    (void)state;
    size_t calls;
    for (int w = 0; w < WAYS; w++)
        for (size_t n = 1; ways[w].fault.end; n++) {
            char what[64];
            snprintf(what, sizeof what, "%s at call %zu", ways[w].name, n);
            restore();
            if (faulty_session(&ways[w], n, &calls) == 0) break;
            if (session(AFTER)) fail_msg("%s: %s", what, lathe_error_message());
            assert_saves(what);
        }
}

static int clean(void **state)
{
    (void)state;
    for (int i = 0; i < before_count; i++) free(before[i].bytes);
    for (int i = 0; i <= AFTER - BEFORE; i++) free(checkpoint[i]);
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_may_fail_in_every_way),
        cmocka_unit_test(faults_may_come_in_pairs),
        cmocka_unit_test(no_kill_loses_a_save),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
