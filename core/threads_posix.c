/* Threads of POSIX; on Linux, also which processor a thread runs on. */
#define _GNU_SOURCE
#include "threads_impl.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "quota_impl.h"

void lathe_mutex_init(lathe_mutex *mutex) { pthread_mutex_init(mutex, NULL); }
void lathe_mutex_free(lathe_mutex *mutex) { pthread_mutex_destroy(mutex); }
void lathe_mutex_lock(lathe_mutex *mutex) { pthread_mutex_lock(mutex); }
bool lathe_mutex_try(lathe_mutex *mutex) { return !pthread_mutex_trylock(mutex); }
void lathe_mutex_unlock(lathe_mutex *mutex) { pthread_mutex_unlock(mutex); }

void lathe_condition_init(lathe_condition *condition) { pthread_cond_init(condition, NULL); }
void lathe_condition_free(lathe_condition *condition) { pthread_cond_destroy(condition); }
void lathe_condition_wait(lathe_condition *condition, lathe_mutex *mutex)
{
    pthread_cond_wait(condition, mutex);
}
void lathe_condition_wake(lathe_condition *condition) { pthread_cond_signal(condition); }
void lathe_condition_wake_all(lathe_condition *condition) { pthread_cond_broadcast(condition); }

bool lathe_threads_exist(void) { return true; }
void lathe_thread_join(lathe_thread *thread) { pthread_join(thread->handle, NULL); }
void lathe_on_fork(void (*child)(void)) { pthread_atfork(NULL, NULL, child); }

void lathe_large_pages(void *block, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    size_t page = (size_t)sysconf(_SC_PAGESIZE), begin = ((size_t)block + page - 1) / page * page,
           end = ((size_t)block + bytes) / page * page;
    if (begin < end) madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#else
    (void)block, (void)bytes;
#endif
}

int64_t lathe_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#ifdef __linux__

_Static_assert(sizeof(cpu_set_t) == sizeof((lathe_thread *)0)->allowed, "a thread holds a set of processors");

/* The processors that this thread may use, and those of them that are not in `avoid`. False if there are none
 * of the latter. */
static bool free_processors(const int *avoid, int count, cpu_set_t *allowed, cpu_set_t *unused)
{
    if (sched_getaffinity(0, sizeof *allowed, allowed)) return false;
    *unused = *allowed;
    for (int i = 0; i < count; i++)
        if (avoid[i] > 0 && avoid[i] <= CPU_SETSIZE) CPU_CLR((size_t)avoid[i] - 1, unused);
    return CPU_COUNT(unused) > 0;
}

int lathe_processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) ? 0 : CPU_COUNT(&set);
    const int quota = lathe_cpu_quota(lathe_read_system_text, NULL);
    if (quota && quota < count) count = quota;
    return count < 1 ? 1 : count;
}

void lathe_processors_allowed(unsigned char *bits, size_t bytes)
{
    cpu_set_t set;
    memset(bits, 0, bytes);
    if (sched_getaffinity(0, sizeof set, &set)) return;
    for (size_t i = 0; i < 8 * bytes && i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &set)) bits[i / 8] |= (unsigned char)(1U << i % 8);
}

int lathe_processor(void) { return sched_getcpu() + 1; }

void lathe_thread_move_away(const int *avoid, int count)
{
    cpu_set_t allowed, unused;
    if (!free_processors(avoid, count, &allowed, &unused)) return;
    if (!sched_setaffinity(0, sizeof unused, &unused)) sched_setaffinity(0, sizeof allowed, &allowed);
}

/* The place where a thread begins: glibc takes it with the attributes, other libraries when it runs. */
static void place_thread(lathe_thread *thread, pthread_attr_t *attributes, const int *avoid, int count)
{
    cpu_set_t allowed, unused;
    CPU_ZERO(&allowed);
    bool some = free_processors(avoid, count, &allowed, &unused);
    memcpy(thread->allowed, &allowed, sizeof allowed);
#ifdef __GLIBC__
    if (some) pthread_attr_setaffinity_np(attributes, sizeof unused, &unused);
#else
    (void)attributes, (void)some;
#endif
}

static void begin_where_allowed(const lathe_thread *thread)
{
    cpu_set_t allowed;
    memcpy(&allowed, thread->allowed, sizeof allowed);
    sched_setaffinity(0, sizeof allowed, &allowed);
}

#else

int lathe_processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > INT32_MAX ? INT32_MAX : (int)count;
}

void lathe_processors_allowed(unsigned char *bits, size_t bytes) { memset(bits, 0, bytes); }
int lathe_processor(void) { return 0; }
void lathe_thread_move_away(const int *avoid, int count) { (void)avoid, (void)count; }

static void place_thread(lathe_thread *thread, pthread_attr_t *attributes, const int *avoid, int count)
{
    (void)thread, (void)attributes, (void)avoid, (void)count;
}

static void begin_where_allowed(const lathe_thread *thread) { (void)thread; }

#endif

static void *thread_main(void *context)
{
    lathe_thread *thread = context;
    begin_where_allowed(thread);
    thread->run(thread->context);
    return NULL;
}

/* Block the process's signals, but not those of the thread's own faults. */
static void refuse_signals(sigset_t *before)
{
    static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    sigset_t refused;
    sigfillset(&refused);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) sigdelset(&refused, own[i]);
    pthread_sigmask(SIG_SETMASK, &refused, before);
}

/* Kernels keep panels of up to a MiB on their stacks, in double of two. Some C libraries give less. */
static void widen_stack(pthread_attr_t *attributes)
{
    const size_t wanted = (size_t)4 << 20;
    size_t size;
    if (!pthread_attr_getstacksize(attributes, &size) && size < wanted)
        pthread_attr_setstacksize(attributes, wanted);
}

bool lathe_thread_start(lathe_thread *thread, void (*run)(void *context), void *context, const int *avoid,
    int count)
{
    pthread_attr_t attributes;
    sigset_t before;
    if (pthread_attr_init(&attributes)) return false;
    thread->run = run;
    thread->context = context;
    widen_stack(&attributes);
    place_thread(thread, &attributes, avoid, count);
    refuse_signals(&before);
    bool started = !pthread_create(&thread->handle, &attributes, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

void lathe_host(char *name, size_t size)
{
    memset(name, 0, size);
    if (gethostname(name, size - 1)) snprintf(name, size, "?");
}
