/*
 * Private: the system's threads, from threads_posix.c. In a build with threads_none.c a program has one
 * thread, and these calls do nothing.
 */
#ifndef LATHE_CORE_THREADS_IMPL_H
#define LATHE_CORE_THREADS_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef LATHE_THREADS_NONE
typedef struct lathe_mutex {
    char unused;
} lathe_mutex;
typedef lathe_mutex lathe_condition;
typedef lathe_mutex lathe_thread;
#define LATHE_MUTEX \
    { \
        0 \
    }
#define LATHE_CONDITION \
    { \
        0 \
    }
#else
#include <pthread.h>
typedef pthread_mutex_t lathe_mutex;
typedef pthread_cond_t lathe_condition;
typedef struct lathe_thread {
    pthread_t handle;
    void (*run)(void *context);
    void *context;
    unsigned long allowed[1024 / (8 * sizeof(unsigned long))]; /* processors, one bit each */
} lathe_thread;
#define LATHE_MUTEX PTHREAD_MUTEX_INITIALIZER
#define LATHE_CONDITION PTHREAD_COND_INITIALIZER
#endif

/** Make a mutex; LATHE_MUTEX is one that is made already. The functions below do what pthread's do. */
void lathe_mutex_init(lathe_mutex *mutex);
void lathe_mutex_free(lathe_mutex *mutex);
void lathe_mutex_lock(lathe_mutex *mutex);
/** Returns false if another thread holds it. */
bool lathe_mutex_try(lathe_mutex *mutex);
void lathe_mutex_unlock(lathe_mutex *mutex);

void lathe_condition_init(lathe_condition *condition);
void lathe_condition_free(lathe_condition *condition);
/** Give `mutex` back, sleep until woken, and take it again. */
void lathe_condition_wait(lathe_condition *condition, lathe_mutex *mutex);
void lathe_condition_wake(lathe_condition *condition);
void lathe_condition_wake_all(lathe_condition *condition);

/** False in a build without threads. */
bool lathe_threads_exist(void);

/**
 * Call `run` in a thread of its own, which takes no signals of the process. It begins on none of the `count`
 * processors of `avoid` if another is allowed, and may then go wherever its creator may. *thread stays where
 * it is until lathe_thread_join. Returns false if the system gives no thread.
 */
bool lathe_thread_start(lathe_thread *thread, void (*run)(void *context), void *context, const int *avoid,
    int count);
void lathe_thread_join(lathe_thread *thread);

/** How many processors this process may use, by its affinity and its control group's quota; at least 1. */
int lathe_processors(void);

/** Which processors this process may use: a bit each in bits [bytes]; all 0 where that is not known. */
void lathe_processors_allowed(unsigned char *bits, size_t bytes);

/** The name of this host, cut to fit name [size]; "?" where it has none. */
void lathe_host(char *name, size_t size);

/** The processor that this thread runs on, counted from 1; 0 if the system does not say. */
int lathe_processor(void);

/** Move this thread to a processor that is not in `avoid`, if one is allowed; it may move on from there. */
void lathe_thread_move_away(const int *avoid, int count);

/** Call `child` in every forked process, which has the memory of its parent but one thread only. */
void lathe_on_fork(void (*child)(void));

/** Ask for large pages under a block: fewer are touched and looked up. The system may do nothing. */
void lathe_large_pages(void *block, size_t bytes);

/** A clock that never goes back. */
int64_t lathe_nanoseconds(void);

#endif
