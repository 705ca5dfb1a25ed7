/* No threads: the build option LATHE_THREADS=none, for a system that has none. Plain C11. */
#include "threads_impl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void lathe_mutex_init(lathe_mutex *mutex) { (void)mutex; }
void lathe_mutex_free(lathe_mutex *mutex) { (void)mutex; }
void lathe_mutex_lock(lathe_mutex *mutex) { (void)mutex; }
bool lathe_mutex_try(lathe_mutex *mutex) { return (void)mutex, true; }
void lathe_mutex_unlock(lathe_mutex *mutex) { (void)mutex; }

void lathe_condition_init(lathe_condition *condition) { (void)condition; }
void lathe_condition_free(lathe_condition *condition) { (void)condition; }
void lathe_condition_wait(lathe_condition *condition, lathe_mutex *mutex) { (void)condition, (void)mutex; }
void lathe_condition_wake(lathe_condition *condition) { (void)condition; }
void lathe_condition_wake_all(lathe_condition *condition) { (void)condition; }

bool lathe_threads_exist(void) { return false; }

bool lathe_thread_start(lathe_thread *thread, void (*run)(void *context), void *context, const int *avoid,
    int count)
{
    return (void)thread, (void)run, (void)context, (void)avoid, (void)count, false;
}

void lathe_thread_join(lathe_thread *thread) { (void)thread; }

int lathe_processors(void) { return 1; }
void lathe_processors_allowed(unsigned char *bits, size_t bytes) { memset(bits, 0, bytes); }
void lathe_host(char *name, size_t size) { snprintf(name, size, "?"); }
int lathe_processor(void) { return 0; }
void lathe_thread_move_away(const int *avoid, int count) { (void)avoid, (void)count; }
void lathe_on_fork(void (*child)(void)) { (void)child; }
void lathe_large_pages(void *block, size_t bytes) { (void)block, (void)bytes; }

int64_t lathe_nanoseconds(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
