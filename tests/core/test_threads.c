#define _GNU_SOURCE
#include "support/support.h"

#include <sched.h>
#include <stdatomic.h>

enum { TASKS = 1000 };

typedef struct count_job {
    atomic_int done[TASKS];
} count_job;

static void count_one(void *context, int task)
{
    count_job *job = context;
    atomic_fetch_add(&job->done[task], 1);
}

static void nested(void *context, int task)
{
    (void)task;
    lathe_parallel(NULL, 10, count_one, context);
}

static void every_task_is_done_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 5; threads++) {
        assert_int_equal(lathe_threads_set(NULL, threads), LATHE_OK);
        assert_int_equal(lathe_threads(NULL), LATHE_TEST_THREADS ? threads : 1);
        for (int round = 0; round < 200; round++) {
            int tasks = round % 7 == 0 ? TASKS : round % 7;
            count_job job = { 0 };
            lathe_parallel(NULL, tasks, count_one, &job);
            for (int i = 0; i < TASKS; i++) assert_int_equal(atomic_load(&job.done[i]), i < tasks);
        }
    }
    lathe_threads_set(NULL, 0);
}

static void a_task_may_use_the_pool(void **state)
{
    (void)state;
    lathe_threads_set(NULL, 3);
    count_job job = { 0 };
    lathe_parallel(NULL, 20, nested, &job);
    for (int i = 0; i < 10; i++) assert_int_equal(atomic_load(&job.done[i]), 20);
    lathe_threads_set(NULL, 0);
}

static void look_at_processors(void *context, int task)
{
    cpu_set_t *seen = context;
    sched_getaffinity(0, sizeof *seen, &seen[task]);
}

/* Threads begin apart from each other; none stays bound to a place, and none gets out of what the process may
 * use. */
static void a_task_may_run_where_the_process_may(void **state)
{
    (void)state;
    cpu_set_t whole, one, seen[64];
    assert_int_equal(sched_getaffinity(0, sizeof whole, &whole), 0);
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    for (int bound = 0; bound < 2; bound++) {
        const cpu_set_t *allowed = bound ? &one : &whole;
        assert_int_equal(sched_setaffinity(0, sizeof *allowed, allowed), 0);
        assert_int_equal(lathe_threads_set(NULL, 4), LATHE_OK);
        for (int round = 0; round < 50; round++) {
            lathe_parallel(NULL, 64, look_at_processors, seen);
            for (int i = 0; i < 64; i++) assert_true(CPU_EQUAL(&seen[i], allowed));
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof whole, &whole), 0);
    lathe_threads_set(NULL, 0);
}

static void pool_of_other(void *context, int task)
{
    (void)task;
    lathe_parallel(context, 8, count_one, &(count_job){ 0 });
}

/* Jobs of two pools in turn, and of one inside a task of the other; one outlives the other. */
static void pools_do_not_share(void **state)
{
    (void)state;
    lathe_context *a = lathe_context_new(&(lathe_context_opts){ .threads = 3 });
    lathe_context *b = lathe_context_new(&(lathe_context_opts){ .threads = 2 });
    assert_int_equal(lathe_threads(a), LATHE_TEST_THREADS ? 3 : 1);
    assert_int_equal(lathe_threads(b), LATHE_TEST_THREADS ? 2 : 1);
    count_job job = { 0 };
    for (int round = 0; round < 50; round++) {
        lathe_parallel(a, TASKS, count_one, &job);
        lathe_parallel(b, TASKS, count_one, &job);
        lathe_parallel(a, 4, pool_of_other, b); /* in a task: one after the other */
    }
    for (int i = 0; i < TASKS; i++) assert_int_equal(atomic_load(&job.done[i]), 100);
    lathe_context_free(a);
    lathe_parallel(b, TASKS, count_one, &job);
    lathe_context_free(b);
    assert_int_equal(atomic_load(&job.done[TASKS - 1]), 101);
}

static void refuses_senseless_numbers(void **state)
{
    (void)state;
    assert_int_equal(lathe_threads_set(NULL, -1), LATHE_EARG);
    assert_failed(LATHE_EARG, "-1 threads");
    assert_int_equal(lathe_threads_set(NULL, 257), LATHE_EARG);
    lathe_error_clear();
    assert_true(lathe_threads(NULL) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_is_done_once),
        cmocka_unit_test(a_task_may_use_the_pool),
        cmocka_unit_test(a_task_may_run_where_the_process_may),
        cmocka_unit_test(pools_do_not_share),
        cmocka_unit_test(refuses_senseless_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
