/* Whole runs and sweeps spread over processes: the results of one process. */
#include "support/processes.h"
#include "support/tiny.h"

#include <stdlib.h>
#include <string.h>

static const char *const vary[] = { "sched=constant,cosine,linear" };

static const lathe_exchange *exchange;

/* The processes of a study do not share batches. */
static void take_exchange(void)
{
    exchange = lathe_context_exchange(NULL);
    lathe_context_set_exchange(NULL, NULL);
}

static lathe_status train(lathe_compare *compare, size_t index)
{
    lathe_run *run = lathe_compare_begin(compare, index, NULL);
    lathe_status status = run ? lathe_run_train(run) : lathe_error();
    if (!status) status = lathe_compare_end(compare, index, run);
    lathe_run_free(run);
    return status;
}

static const char *compare_all(int rank, void *job)
{
    take_exchange();
    const size_t size = exchange ? (size_t)exchange->size : 1;
    size_t index[PROCESSES], count;
    lathe_compare *plan =
        rank ? NULL : lathe_compare_new(job, &(lathe_compare_opts){ .vary = vary, .varies = 1, .seeds = 2 });
    if (!rank && (!plan || lathe_compare_open(plan))) return lathe_error_message();
    lathe_compare *compare = lathe_compare_share(plan, exchange);
    if (!compare || compare->runs != 6) return "no plan of six runs";
    while ((count = lathe_compare_next(compare, size, index))) {
        lathe_status status = (size_t)rank < count ? train(compare, index[rank]) : LATHE_OK;
        if (!status) status = lathe_compare_gather(compare, exchange, index, count);
        if (status) return lathe_error_message();
    }
    if (!rank && lathe_compare_write_rows(compare, test_path(size > 1 ? "several.csv" : "one.csv")))
        return lathe_error_message();
    lathe_compare_free(compare);
    return NULL;
}

/* The table of results, with the seconds left out. */
static void read_rows(const char *name, char *text, size_t size)
{
    char *bytes = test_bytes(test_path(name), &(size_t){ 0 });
    size_t used = 0;
    for (char *line = strtok(bytes, "\n"); line; line = strtok(NULL, "\n")) {
        *strrchr(line, ',') = '\0';
        used += (size_t)snprintf(text + used, size - used, "%s\n", line);
        assert_true(used < size);
    }
    free(bytes);
}

static void a_comparison_has_the_same_rows(void **state)
{
    (void)state;
    char one[4096], several[4096];
    const tiny_pair pairs[] = { { "epochs", "3" }, { "batch_size", "8" }, { NULL, NULL } };
    lathe_settings settings = tiny_settings("compare-1", pairs);
    processes_run(1, compare_all, &settings, NULL);
    read_rows("one.csv", one, sizeof one);
    for (int size = 2; size <= 4; size += 2) { /* six runs are not a multiple of four */
        settings = tiny_settings(size == 2 ? "compare-2" : "compare-4", pairs);
        processes_run(size, compare_all, &settings, NULL);
        read_rows("several.csv", several, sizeof several);
        assert_string_equal(several, one);
    }
    tiny_assert_same_runs("a run", "compare-1/cosine/seed-2", "compare-4/cosine/seed-2");
}

/* What lathe_lr_find says, in a file. */
static const char *find(int rank, void *job)
{
    take_exchange();
    const lathe_lr_find_opts opts = { .sweeps = 4,
        .steps = 60,
        .from = 1e-4,
        .to = 10,
        .exchange = exchange };
    lathe_run *run = lathe_run_new(job, NULL);
    lathe_lr_found *found = run ? lathe_lr_find(run, &opts) : NULL;
    if (!found) return lathe_error_message();
    char name[32];
    snprintf(name, sizeof name, "found-%d-%d", exchange ? exchange->size : 1, rank);
    test_write(test_path(name), found->raw_loss, found->steps * (size_t)found->sweeps * sizeof(double));
    lathe_lr_found_free(found);
    lathe_run_free(run);
    return NULL;
}

static void sweeps_have_the_same_losses(void **state)
{
    (void)state;
    lathe_settings settings = tiny_settings(NULL, NULL);
    processes_run(1, find, &settings, NULL);
    processes_run(3, find, &settings, NULL);
    size_t size[2];
    char *one = test_bytes(test_path("found-1-0"), &size[0]);
    for (int rank = 0; rank < 3; rank++) {
        char name[32];
        snprintf(name, sizeof name, "found-3-%d", rank);
        char *several = test_bytes(test_path(name), &size[1]);
        assert_int_equal(size[1], size[0]);
        assert_memory_equal(several, one, size[0]);
        free(several);
    }
    free(one);
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
        cmocka_unit_test(a_comparison_has_the_same_rows),
        cmocka_unit_test(sweeps_have_the_same_losses),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
