/* train/logger_jsonl.c: each line of log.jsonl is an event; that runs with and without breaks have the same
 * is in test_resume, test_faults and test_oom. */
#include <string.h>

#include "support/tiny.h"

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text += strlen(part)) count++;
    return count;
}

static char *log_of(const char *path)
{
    size_t size;
    char *text = lathe_file_read(test_path(path), 1 << 20, &size);
    assert_non_null(text);
    assert_int_equal(text[size - 1], '\n');
    return text;
}

static void every_event_is_a_line(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("run", (const tiny_pair[]){ { "epochs", "3" }, { NULL, NULL } });
    lathe_run_free(tiny_train(&settings));
    char *text = log_of("run/log.jsonl");
    assert_memory_equal(text, "{\"step\":0,\"event\":\"start\",\"data\":", 33);
    assert_non_null(strstr(text, "\"batch_size\":\"4\""));
    assert_int_equal(count_of(text, "\"event\":\"epoch\""), 3);
    assert_true(count_of(text, "\"event\":\"best\"") >= 1);
    assert_non_null(strstr(text, "{\"step\":30,\"event\":\"end\",\"how\":\"complete\",\"test_loss\":"));
    assert_int_equal(count_of(text, "\n"), count_of(text, "{\"step\":"));
    lathe_free(text);
}

static void probes_are_events(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("probed",
        (const tiny_pair[]){ { "epochs", "1" }, { "probe", "grad_norm,weight_norm" },
            { "probe_every", "5it" }, { NULL, NULL } });
    lathe_run *run = tiny_train(&settings);
    const lathe_probe_table *table = &run->keeper->history.probe;
    char *text = log_of("probed/log.jsonl"), line[128], digits[2][32];
    assert_true(table->rows == 2 && count_of(text, "\"event\":\"probe\"") == 2);
    snprintf(line, sizeof line, "{\"step\":%d,\"event\":\"probe\",\"grad_norm\":%s,\"weight_norm\":%s}\n",
        (int)table->step[1], lathe_double_text(table->value[2], digits[0]),
        lathe_double_text(table->value[3], digits[1]));
    assert_non_null(strstr(text, line));
    lathe_free(text);
    lathe_run_free(run);
}

static void a_break_is_told(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings("part", (const tiny_pair[]){ { "epochs", "3" }, { NULL, NULL } });
    tiny_train_until(&settings, 14);
    char *text = log_of("part/log.jsonl");
    assert_non_null(strstr(text, "\"event\":\"end\",\"how\":\"interrupted\",\"test_loss\":null"));
    lathe_free(text);
    tiny_set(&settings, "resume", test_path("part"));
    lathe_run_free(tiny_train(&settings));
    text = log_of("part/log.jsonl");
    assert_int_equal(count_of(text, "\"event\":\"end\""), 1);
    assert_int_equal(count_of(text, "\"event\":\"epoch\""), 3);
    lathe_free(text);
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

/* ---- a logger of the program --------------------------------------------------------------------------- */

static struct {
    lathe_logger logger;
    int steps, epochs, closed;
} own;

static const lathe_logger_type own_logger;

static lathe_logger *own_open(const lathe_keeper *keeper, const lathe_history_ends *ends)
{
    (void)keeper, (void)ends;
    own.logger.type = &own_logger;
    return &own.logger;
}

static lathe_status own_step(lathe_logger *logger, const lathe_keeper *keeper, const lathe_step_row *row)
{
    (void)logger, (void)keeper;
    own.steps += row->step == (uint64_t)own.steps;
    return LATHE_OK;
}

static lathe_status own_epoch(lathe_logger *logger, const lathe_keeper *keeper, const lathe_epoch_row *row,
    bool part)
{
    (void)logger, (void)keeper, (void)row;
    own.epochs += !part;
    return LATHE_OK;
}

static lathe_status own_close(lathe_logger *logger)
{
    own.closed += logger != NULL;
    return LATHE_OK;
}

static const lathe_logger_type own_logger = { .name = "own",
    .open = own_open,
    .step = own_step,
    .epoch = own_epoch,
    .close = own_close };

static void a_registered_logger_is_told_if_it_is_named(void **state)
{
    (void)state;
    assert_int_equal(lathe_logger_register(&own_logger), LATHE_OK);
    lathe_settings settings =
        tiny_settings("unnamed", (const tiny_pair[]){ { "epochs", "3" }, { NULL, NULL } });
    lathe_run_free(tiny_train(&settings));
    assert_int_equal(own.steps, 0);
    settings =
        tiny_settings("named", (const tiny_pair[]){ { "epochs", "3" }, { "log", "own" }, { NULL, NULL } });
    lathe_run_free(tiny_train(&settings));
    assert_int_equal(own.steps, 30);
    assert_int_equal(own.epochs, 3);
    assert_int_equal(own.closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_event_is_a_line),
        cmocka_unit_test(probes_are_events), cmocka_unit_test(a_break_is_told),
        cmocka_unit_test(a_registered_logger_is_told_if_it_is_named) };
    return cmocka_run_group_tests(tests, NULL, clean);
}
