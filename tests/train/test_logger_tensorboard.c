/* train/logger_tensorboard.c, read back by a reader of the test's own. */
#include "support/tiny.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- a reader ------------------------------------------------------------------------------------------ */

/* Bit by bit, by the definition. */
static uint32_t sum_of(const unsigned char *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static uint64_t number_at(const unsigned char *bytes, int count)
{
    uint64_t number = 0;
    for (int i = 0; i < count; i++) number |= (uint64_t)bytes[i] << 8 * i;
    return number;
}

static uint64_t varint(const unsigned char **at)
{
    uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
        number |= (uint64_t)(**at & 0x7f) << shift;
        if (!(*(*at)++ & 0x80)) return number;
    }
}

/* A scalar as it was written. */
typedef struct point {
    char tag[32];
    uint64_t step;
    double time;
    float value;
} point;

typedef struct points {
    point at[1000];
    int count, files, versions;
} points;

static void read_value(points *all, const unsigned char *at, const unsigned char *end, uint64_t step,
    double time)
{
    point *p = &all->at[all->count++];
    assert_true(all->count <= 1000);
    *p = (point){ .step = step, .time = time };
    while (at < end) {
        const uint64_t key = varint(&at);
        if (key == (1 << 3 | 2)) {
            const uint64_t length = varint(&at);
            memcpy(p->tag, at, length);
            at += length;
        } else {
            assert_int_equal(key, 2 << 3 | 5);
            const uint32_t bits = (uint32_t)number_at(at, 4);
            memcpy(&p->value, &bits, 4);
            at += 4;
        }
    }
    assert_ptr_equal(at, end);
}

static void read_event(points *all, const unsigned char *at, const unsigned char *end)
{
    uint64_t step = 0;
    double time = -1;
    while (at < end) {
        const uint64_t key = varint(&at);
        if (key == (1 << 3 | 1)) {
            const uint64_t bits = number_at(at, 8);
            memcpy(&time, &bits, 8);
            at += 8;
        } else if (key == 2 << 3) step = varint(&at);
        else {
            const uint64_t length = varint(&at);
            const unsigned char *inner = at;
            at += length;
            if (key == (3 << 3 | 2)) {
                assert_memory_equal(inner, "brain.Event:2", 13);
                all->versions++;
            } else {
                assert_int_equal(key, 5 << 3 | 2);
                while (inner < at) {
                    assert_int_equal(varint(&inner), 1 << 3 | 2);
                    const uint64_t size = varint(&inner);
                    read_value(all, inner, inner + size, step, time);
                    inner += size;
                }
            }
        }
    }
    assert_ptr_equal(at, end);
}

static void read_file(points *all, const char *path)
{
    size_t size, at = 0;
    unsigned char *bytes = (unsigned char *)test_bytes(path, &size);
    while (at < size) {
        const uint64_t length = number_at(bytes + at, 8);
        assert_true(length < size - at - 15);
        assert_int_equal(number_at(bytes + at + 8, 4), sum_of(bytes + at, 8));
        assert_int_equal(number_at(bytes + at + 12 + length, 4), sum_of(bytes + at + 12, length));
        read_event(all, bytes + at + 12, bytes + at + 12 + length);
        at += length + 16;
    }
    assert_int_equal(at, size);
    all->files++;
    free(bytes);
}

static int is_event_file(const struct dirent *entry) { return strstr(entry->d_name, "tfevents") != NULL; }

/* All scalars of a run folder, file by file in the order of their names. */
static points *read_run(const char *run)
{
    struct dirent **names;
    points *all = calloc(1, sizeof *all);
    int count = scandir(test_path(run), &names, is_event_file, alphasort);
    for (int i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", run, names[i]->d_name);
        read_file(all, test_path(path));
        free(names[i]);
    }
    free(names);
    assert_int_equal(all->versions, all->files);
    return all;
}

/* ---- tests --------------------------------------------------------------------------------------------- */

/* The check value of the CRC, and the beginning of every event file that TensorBoard writes: a length of 24
 * and its sum. */
static void sums_are_those_of_the_format(void **state)
{
    (void)state;
    static const unsigned char head[] = { 0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22 };
    assert_int_equal(lathe_crc32c("123456789", 9), 0xe3069283u);
    assert_int_equal(lathe_crc32c("", 0), 0);
    assert_int_equal(lathe_crc32c_masked(head, 8), number_at(head + 8, 4));
}

/* By hand: the file's first frame, with a time of 0. */
static void the_first_frame_by_hand(void **state)
{
    (void)state;
    static const unsigned char golden_bytes[] = { 0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22, 0x09, 0,
        0, 0, 0, 0, 0, 0, 0, 0x1a, 0x0d, 'b', 'r', 'a', 'i', 'n', '.', 'E', 'v', 'e', 'n', 't', ':', '2' };
    lathe_settings settings = tiny_settings("golden",
        (const tiny_pair[]){ { "log", "tensorboard" }, { "max_steps", "2" }, { NULL, NULL } });
    lathe_run_free(tiny_train(&settings));
    size_t size;
    char *bytes = test_bytes(test_path("golden/events.out.tfevents.0000000001.lathe"), &size);
    assert_true(size > sizeof golden_bytes);
    assert_memory_equal(bytes, golden_bytes, sizeof golden_bytes);
    /* Step 0: a time, step 0 (10 00), and a summary (2a) of which the first value (0a) has the tag (0a)
     * "loss". */
    const unsigned char *second = (unsigned char *)bytes + 40;
    static const unsigned char loss[] = { 0x10, 0, 0x2a, 41, 0x0a, 11, 0x0a, 4, 'l', 'o', 's', 's', 0x15 };
    assert_memory_equal(second + 12 + 9, loss, sizeof loss);
    free(bytes);
}

static int count_of(const points *all, const char *tag, uint64_t step)
{
    int count = 0;
    for (int i = 0; i < all->count; i++)
        count += !strcmp(all->at[i].tag, tag) && (step == UINT64_MAX || all->at[i].step == step);
    return count;
}

static float value_of(const points *all, const char *tag, uint64_t step)
{
    for (int i = 0; i < all->count; i++)
        if (!strcmp(all->at[i].tag, tag) && all->at[i].step == step) return all->at[i].value;
    fail_msg("no %s at step %d", tag, (int)step);
    return 0;
}

/* Each step and epoch once, with the numbers of the tables. */
static void assert_whole(const char *run, uint64_t steps, uint64_t epochs)
{
    points *all = read_run(run);
    lathe_history history = { .steps = 0 };
    assert_int_equal(lathe_history_read(&history, test_path(run)), LATHE_OK);
    assert_int_equal(history.steps, steps);
    assert_int_equal(history.epochs, epochs);
    assert_int_equal(count_of(all, "loss", UINT64_MAX), steps);
    assert_int_equal(count_of(all, "val_accuracy", UINT64_MAX), epochs);
    for (size_t i = 0; i < history.steps; i++) {
        const lathe_step_row *row = &history.step[i];
        assert_true(value_of(all, "loss", row->step) == (float)row->loss &&
            value_of(all, "lr", row->step) == (float)row->lr);
        assert_true(value_of(all, "momentum", row->step) == (float)row->momentum);
    }
    for (size_t i = 0; i < history.epochs; i++) {
        const lathe_epoch_row *row = &history.epoch[i];
        assert_true(value_of(all, "train_loss", row->step) == (float)row->train_loss &&
            value_of(all, "val_loss", row->step) == (float)row->val_loss);
        assert_true(value_of(all, "val_accuracy", row->step) == (float)row->val[0]);
    }
    assert_int_equal(count_of(all, "test_accuracy", steps), 1);
    lathe_history_free(&history);
    free(all);
}

static void scalars_are_those_of_the_tables(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("run",
        (const tiny_pair[]){ { "epochs", "3" }, { "log", "tensorboard" }, { "sched", "cyclic" },
            { "base_lr", "0.01" }, { "max_lr", "0.1" }, { "step_size_up", "7" }, { "no_times", "off" },
            { NULL, NULL } });
    lathe_run_free(tiny_train(&settings));
    assert_whole("run", 30, 3);
    points *all = read_run("run");
    assert_true(
        all->files == 1 && all->at[0].time > 1.6e9 && all->at[all->count - 1].time >= all->at[0].time);
    free(all);
    /* A new run in the same folder begins anew. */
    tiny_set(&settings, "epochs", "1");
    lathe_run_free(tiny_train(&settings));
    assert_whole("run", 10, 1);
}

/* Stopped within an epoch, killed after a save (the tables and events go further than the checkpoint), and
 * lengthened after an end. */
static void breaks_double_nothing(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("broken",
        (const tiny_pair[]){ { "epochs", "2.5" }, { "log", "tensorboard" }, { "save_every", "4" },
            { NULL, NULL } });
    tiny_train_until(&settings, 14);
    tiny_set(&settings, "resume", test_path("broken/step-00000008.safetensors"));
    lathe_run_free(tiny_train(&settings));
    assert_whole("broken", 25, 3);
    points *all = read_run("broken");
    assert_int_equal(all->files, 2);
    free(all);
    tiny_set(&settings, "resume", test_path("broken"));
    tiny_set(&settings, "epochs", "4");
    lathe_run_free(tiny_train(&settings));
    assert_whole("broken", 40, 4);
    all = read_run("broken");
    assert_int_equal(all->files, 3);
    free(all);
}

/* Each row of probes.csv once, after any break; also when the run goes on without its probes. */
static void probes_are_scalars(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("probed",
        (const tiny_pair[]){ { "epochs", "2" }, { "log", "tensorboard" }, { "save_every", "4" },
            { "probe", "grad_norm,update_ratio" }, { "probe_every", "2it" }, { NULL, NULL } });
    tiny_train_until(&settings, 14);
    tiny_set(&settings, "resume", test_path("probed/step-00000008.safetensors"));
    lathe_run_free(tiny_train(&settings));
    assert_whole("probed", 20, 2);
    points *all = read_run("probed");
    lathe_history history = { .steps = 0 };
    assert_int_equal(lathe_history_read(&history, test_path("probed")), LATHE_OK);
    const lathe_probe_table *table = &history.probe;
    assert_int_equal(table->rows, 10);
    assert_int_equal(count_of(all, "probe_grad_norm", UINT64_MAX), 10);
    for (size_t i = 0; i < table->rows; i++) {
        assert_true(value_of(all, "probe_grad_norm", table->step[i]) == (float)table->value[2 * i]);
        assert_true(value_of(all, "probe_update_ratio", table->step[i]) == (float)table->value[2 * i + 1]);
    }
    free(all);
    lathe_history_free(&history);
    tiny_set(&settings, "resume", test_path("probed"));
    tiny_set(&settings, "epochs", "3");
    tiny_set(&settings, "probe", "");
    lathe_run_free(tiny_train(&settings));
    assert_whole("probed", 30, 3);
    all = read_run("probed");
    assert_int_equal(count_of(all, "probe_grad_norm", UINT64_MAX), 10);
    free(all);
}

static void unknown_logs_are_refused(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings(NULL, NULL);
    tiny_set(&settings, "log", "tensorbord");
    assert_int_equal(lathe_settings_check(&settings), LATHE_ENAME);
    assert_failed(LATHE_ENAME, "tensorboard");
    tiny_set(&settings, "log", "tensorboard, tensorboard");
    lathe_settings_check(&settings);
    assert_failed(LATHE_EARG, "twice");
    tiny_set(&settings, "log", "csv");
    lathe_settings_check(&settings);
    assert_failed(LATHE_ENAME, "csv");
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
        cmocka_unit_test(sums_are_those_of_the_format),
        cmocka_unit_test(the_first_frame_by_hand),
        cmocka_unit_test(scalars_are_those_of_the_tables),
        cmocka_unit_test(breaks_double_nothing),
        cmocka_unit_test(probes_are_scalars),
        cmocka_unit_test(unknown_logs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
