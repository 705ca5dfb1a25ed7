/*
 * One job at a time, cut into one run of neighbouring tasks a thread, so that a thread finds in its own cache
 * what it made of the same images in the job before; whoever is done with his own run helps the others. A run
 * is published as a ticket: the job's number in the high half, the tasks left in the low half. A thread takes
 * a task by lowering the ticket, which fails once the job is another, so a late thread cannot take part in a
 * job it has not seen. The publisher waits until every task taken has been done.
 */
#include <stdatomic.h>
#include <stdint.h>

#include "alloc.h"
#include "pool_impl.h"
#include "threads_impl.h"

enum { MAX_THREADS = 256, SPIN_NANOSECONDS = 50000, NANOSECONDS_BETWEEN_MOVES = 1000000 };

/* Tasks of one thread, the next first: `end` - the tasks left. Alone in its cache line. */
typedef struct share {
    _Alignas(64) _Atomic uint64_t ticket;
    uint32_t end;
    atomic_int processor; /* where this thread was seen last, from 1; 0: not yet */
    lathe_pool *pool;
} share;

struct lathe_pool {
    lathe_thread worker[MAX_THREADS];
    int workers;       /* running, besides the calling thread */
    atomic_int wanted; /* threads in all; 0: not asked for yet */
    lathe_pool *next;  /* in the list of pools that have had workers */
    bool listed;

    lathe_mutex owner; /* held by the thread whose job this is, and while the pool changes */
    lathe_task_fn *run;
    void *context;
    uint32_t tasks;
    share runs[MAX_THREADS]; /* the first is the publisher's, whose ticket is published last */
    uint32_t job;            /* the last one's number */
    atomic_int shares;       /* runs of this job */
    atomic_uint first_job;   /* the last one before the workers were started */
    _Alignas(64) _Atomic uint32_t done;
    _Alignas(64) atomic_bool stop; /* read by threads that wait; not beside what others write */

    lathe_mutex sleep;
    lathe_condition wake, finished;
    atomic_int sleepers; /* workers asleep */
    atomic_bool owner_sleeps;
};

static lathe_pool default_pool = { .owner = LATHE_MUTEX,
    .sleep = LATHE_MUTEX,
    .wake = LATHE_CONDITION,
    .finished = LATHE_CONDITION };

static _Thread_local bool inside_task;

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static uint32_t job_of(uint64_t ticket) { return (uint32_t)(ticket >> 32); }
static uint32_t left_in(uint64_t ticket) { return (uint32_t)ticket; }

/* Tasks of one run. Those done are told at once, so that threads do not take the count from each other. */
static void work_on_share(lathe_pool *pool, share *own, uint32_t job)
{
    uint32_t done = 0;
    uint64_t ticket = atomic_load(&own->ticket);
    while (job_of(ticket) == job && left_in(ticket)) {
        if (!atomic_compare_exchange_weak(&own->ticket, &ticket, ticket - 1)) continue;
        /* The task is ours, so the job cannot end and its fields stay as they are. */
        pool->run(pool->context, (int)(own->end - left_in(ticket)));
        done++;
        ticket = atomic_load(&own->ticket);
    }
    if (!done) return;
    uint32_t tasks = pool->tasks;
    if (atomic_fetch_add(&pool->done, done) + done == tasks && atomic_load(&pool->owner_sleeps)) {
        lathe_mutex_lock(&pool->sleep);
        lathe_condition_wake(&pool->finished);
        lathe_mutex_unlock(&pool->sleep);
    }
}

/* Thread number `self`: its own run, then those of the others. */
static void work_on(lathe_pool *pool, int self, int shares, uint32_t job)
{
    for (int i = 0; i < shares; i++) work_on_share(pool, &pool->runs[(self + i) % shares], job);
}

static uint32_t published_job(lathe_pool *pool) { return job_of(atomic_load(&pool->runs[0].ticket)); }

static bool news(lathe_pool *pool, uint32_t seen)
{
    return published_job(pool) != seen || atomic_load(&pool->stop);
}

static void wait_for_news(lathe_pool *pool, uint32_t seen)
{
    int64_t until = lathe_nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < 64; i++) {
            if (news(pool, seen)) return;
            pause_briefly();
        }
    } while (lathe_nanoseconds() < until);
    lathe_mutex_lock(&pool->sleep);
    atomic_fetch_add(&pool->sleepers, 1);
    while (!news(pool, seen)) lathe_condition_wait(&pool->wake, &pool->sleep);
    atomic_fetch_sub(&pool->sleepers, 1);
    lathe_mutex_unlock(&pool->sleep);
}

/* Where the threads before number `threads`, without `self`, were seen last. Returns how many those are. */
static int taken_processors(lathe_pool *pool, int self, int threads, int *taken)
{
    int count = 0;
    for (int i = 0; i < threads; i++)
        if (i != self) taken[count++] = atomic_load(&pool->runs[i].processor);
    return count;
}

/* Move away from the other threads; afterwards the thread may run on every allowed processor again. */
static void move_away(lathe_pool *pool, int self, int threads)
{
    int taken[MAX_THREADS];
    lathe_thread_move_away(taken, taken_processors(pool, self, threads, taken));
    atomic_store(&pool->runs[self].processor, lathe_processor());
}

/* The system may wake a thread where the one that woke it runs, and take tens of milliseconds to part them:
 * steps of half the speed. */
static void keep_apart(lathe_pool *pool, int self, int threads, int64_t *moved)
{
    int processor = lathe_processor();
    atomic_store(&pool->runs[self].processor, processor);
    for (int i = 0; i < self; i++) {
        if (!processor || atomic_load(&pool->runs[i].processor) != processor) continue;
        int64_t now = lathe_nanoseconds();
        if (now - *moved < NANOSECONDS_BETWEEN_MOVES) return;
        *moved = now;
        move_away(pool, self, threads);
        return;
    }
}

static void worker_main(void *own)
{
    inside_task = true;
    lathe_pool *pool = ((share *)own)->pool;
    int self = (int)((share *)own - pool->runs);
    uint32_t seen = atomic_load(&pool->first_job);
    int64_t moved = 0;
    for (;;) {
        wait_for_news(pool, seen);
        if (atomic_load(&pool->stop)) return;
        seen = published_job(pool);
        int shares = atomic_load(&pool->shares);
        keep_apart(pool, self, shares, &moved);
        work_on(pool, self, shares, seen);
    }
}

static void wait_until_done(lathe_pool *pool, uint32_t tasks)
{
    int64_t until = lathe_nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < 64; i++) {
            if (atomic_load(&pool->done) == tasks) return;
            pause_briefly();
        }
    } while (lathe_nanoseconds() < until);
    lathe_mutex_lock(&pool->sleep);
    atomic_store(&pool->owner_sleeps, true);
    while (atomic_load(&pool->done) != tasks) lathe_condition_wait(&pool->finished, &pool->sleep);
    atomic_store(&pool->owner_sleeps, false);
    lathe_mutex_unlock(&pool->sleep);
}

static void stop_workers(lathe_pool *pool)
{
    lathe_mutex_lock(&pool->sleep);
    atomic_store(&pool->stop, true);
    lathe_condition_wake_all(&pool->wake);
    lathe_mutex_unlock(&pool->sleep);
    for (int i = 0; i < pool->workers; i++) lathe_thread_join(&pool->worker[i]);
    pool->workers = 0;
    atomic_store(&pool->stop, false);
}

/* ---- forks --------------------------------------------------------------------------------------------- */

static lathe_mutex list_lock = LATHE_MUTEX;
static lathe_pool *pools; /* that have had workers */

static void make_locks(lathe_pool *pool)
{
    lathe_mutex_init(&pool->owner);
    lathe_mutex_init(&pool->sleep);
    lathe_condition_init(&pool->wake);
    lathe_condition_init(&pool->finished);
}

/* A forked child has the pools' states but none of their threads. */
static void forget_workers(void)
{
    lathe_mutex_init(&list_lock);
    for (lathe_pool *pool = pools; pool; pool = pool->next) {
        pool->workers = 0;
        atomic_store(&pool->sleepers, 0);
        make_locks(pool);
    }
}

static void list_pool(lathe_pool *pool)
{
    static bool prepared;
    lathe_mutex_lock(&list_lock);
    if (!prepared) lathe_on_fork(forget_workers);
    prepared = true;
    if (!pool->listed) {
        pool->next = pools;
        pools = pool;
    }
    pool->listed = true;
    lathe_mutex_unlock(&list_lock);
}

static void unlist_pool(lathe_pool *pool)
{
    lathe_mutex_lock(&list_lock);
    lathe_pool **at = &pools;
    while (*at && *at != pool) at = &(*at)->next;
    if (*at) *at = pool->next;
    lathe_mutex_unlock(&list_lock);
}

/* ---- the pool ------------------------------------------------------------------------------------------ */

static int processors(void)
{
    int count = lathe_processors();
    return count < MAX_THREADS ? count : MAX_THREADS;
}

int lathe_pool_threads(lathe_pool *pool)
{
    int wanted = atomic_load(&pool->wanted);
    if (wanted) return wanted;
    wanted = processors();
    atomic_store(&pool->wanted, wanted);
    return wanted;
}

static bool start_worker(lathe_pool *pool, int self)
{
    int taken[MAX_THREADS];
    pool->runs[self].pool = pool;
    atomic_store(&pool->runs[self].processor, 0);
    return lathe_thread_start(&pool->worker[self - 1], worker_main, &pool->runs[self], taken,
        taken_processors(pool, self, self, taken));
}

/* Start the wanted workers, or as many as the system allows. */
static void start_workers(lathe_pool *pool)
{
    list_pool(pool);
    atomic_store(&pool->first_job, published_job(pool));
    while (pool->workers < lathe_pool_threads(pool) - 1 && start_worker(pool, pool->workers + 1))
        pool->workers++;
}

/* Cut the tasks into runs; the publisher's own ticket, which all wait for, comes last. Returns the job's
 * number. */
static uint32_t publish(lathe_pool *pool, int tasks, int shares)
{
    uint32_t job = ++pool->job;
    atomic_store(&pool->shares, shares);
    for (int i = shares - 1; i >= 0; i--) {
        int begin = (int)((long long)tasks * i / shares), end = (int)((long long)tasks * (i + 1) / shares);
        pool->runs[i].end = (uint32_t)end;
        atomic_store(&pool->runs[i].ticket, (uint64_t)job << 32 | (uint32_t)(end - begin));
    }
    return job;
}

void lathe_pool_run(lathe_pool *pool, int tasks, lathe_task_fn *run, void *context)
{
    if (tasks <= 1 || inside_task || !lathe_mutex_try(&pool->owner)) {
        for (int i = 0; i < tasks; i++) run(context, i);
        return;
    }
    atomic_store(&pool->runs[0].processor, lathe_processor());
    if (pool->workers < lathe_pool_threads(pool) - 1) start_workers(pool);
    inside_task = true;
    pool->run = run;
    pool->context = context;
    pool->tasks = (uint32_t)tasks;
    atomic_store(&pool->done, 0);
    int shares = pool->workers + 1;
    uint32_t job = publish(pool, tasks, shares);
    if (atomic_load(&pool->sleepers)) {
        lathe_mutex_lock(&pool->sleep);
        lathe_condition_wake_all(&pool->wake);
        lathe_mutex_unlock(&pool->sleep);
    }
    work_on(pool, 0, shares, job);
    wait_until_done(pool, (uint32_t)tasks);
    inside_task = false;
    lathe_mutex_unlock(&pool->owner);
}

lathe_status lathe_pool_set_threads(lathe_pool *pool, int threads)
{
    if (threads < 0 || threads > MAX_THREADS)
        return lathe_fail(LATHE_EARG, "lathe_threads_set: %d threads; 1 to %d, or 0 for one a processor",
            threads, MAX_THREADS);
    if (inside_task) return lathe_fail(LATHE_ESTATE, "lathe_threads_set: called from inside a parallel task");
    lathe_mutex_lock(&pool->owner);
    stop_workers(pool);
    atomic_store(&pool->wanted, threads && lathe_threads_exist() ? threads : processors());
    lathe_mutex_unlock(&pool->owner);
    return LATHE_OK;
}

lathe_pool *lathe_pool_new(void)
{
    lathe_pool *pool = lathe_alloc(1, sizeof *pool);
    if (pool) make_locks(pool);
    return pool;
}

void lathe_pool_free(lathe_pool *pool)
{
    if (!pool) return;
    stop_workers(pool);
    unlist_pool(pool);
    lathe_mutex_free(&pool->owner);
    lathe_mutex_free(&pool->sleep);
    lathe_condition_free(&pool->wake);
    lathe_condition_free(&pool->finished);
    lathe_free(pool);
}

lathe_pool *lathe_pool_default(void) { return &default_pool; }

__attribute__((destructor)) static void close_default_pool(void) { stop_workers(&default_pool); }
