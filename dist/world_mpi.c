/*
 * Several processes over MPI. Only copies travel, from process to process; nothing is added up by MPI, whose
 * order of additions depends on the number of processes.
 *
 * MPI has no time limits: a receive from a process that is gone waits without end. So every process sends
 * each other a word now and then that it lives, from a thread of its own, and one that is silent for too long
 * has failed. MPI is called by one thread at a time: by the one that has the lock.
 */
#define _POSIX_C_SOURCE 200809L
#include "world_impl.h"

#include <mpi.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../core/alloc.h"
#include "../core/field.h"
#include "../core/threads_impl.h"

enum { TAG_DATA = 1, TAG_WORD, HOST = 64, NAME = 128 };

/* A message of more bytes goes in pieces, so that a long one is seen to move. */
static const size_t piece = (size_t)1 << 20;

static const int64_t microsecond = 1000, millisecond = 1000000, second = 1000000000;

/*
 * What processes tell each other beside the data: why all must end. The first byte alone, if it is one of
 * these, says that a process lives, and that it leaves.
 */
typedef struct word {
    char text[LATHE_MESSAGE_SIZE];
} word;
static const char lives = 1, leaves = 2;

/* Another process. */
typedef struct peer {
    char name[NAME]; /* "rank 2 of 4 on HOST" */
    int64_t heard;   /* when */
    bool knows;      /* that the world has failed */
    bool left;
    word in;
    MPI_Request receive, beat, last; /* of words: from it; to it, that this one lives; to it, the last */
} peer;

/* A piece of data on its way. */
typedef struct parcel {
    int rank, bytes;
    bool received;
} parcel;

static struct {
    MPI_Comm comm;
    bool ours; /* MPI was begun here */
    int rank, size;
    bool crowded; /* more processes than processors: do not spin */
    peer *peers;  /* [size] */
    size_t *sent; /* [size], as the three that follow: what a gather sends, and where all of it lies */
    const char **from;
    char **to;
    size_t *received;
    size_t room; /* of the three that follow */
    MPI_Request *requests;
    MPI_Status *statuses;
    int *done;
    parcel *parcels;
    size_t count; /* of them, in the exchange that goes on */

    lathe_mutex lock;
    lathe_thread thread;
    atomic_bool ending;
    int64_t timeout, interval, told, ticked; /* told: when the others were last sent a word */
    bool mute;                               /* data is on its way to memory that is gone: no more MPI */
    word failure;                            /* its text is empty while all is well */
} mpi;

static bool failed(void) { return mpi.failure.text[0]; }

static lathe_status failure(void) { return lathe_fail(LATHE_EIO, "%s", mpi.failure.text); }

static void nap(int64_t nanoseconds)
{
    nanosleep(&(struct timespec){ .tv_sec = nanoseconds / second, .tv_nsec = (long)(nanoseconds % second) },
        NULL);
}

/* ---- words; the lock is held ---- */

/* Begin to end: the first failure counts, and the others are told of it. */
static void end_all(const char *text)
{
    if (failed()) return;
    snprintf(mpi.failure.text, sizeof mpi.failure.text, "%s", text);
    if (mpi.mute) return;
    for (int r = 0; r < mpi.size; r++)
        if (r != mpi.rank)
            MPI_Isend(&mpi.failure, sizeof mpi.failure, MPI_BYTE, r, TAG_WORD, mpi.comm, &mpi.peers[r].last);
}

static void fail_of(int rank, const char *what)
{
    char text[LATHE_MESSAGE_SIZE];
    snprintf(text, sizeof text, "%s %s", mpi.peers[rank].name, what);
    end_all(text);
}

static void listen_to(int rank)
{
    peer *p = &mpi.peers[rank];
    MPI_Irecv(&p->in, sizeof p->in, MPI_BYTE, rank, TAG_WORD, mpi.comm, &p->receive);
}

/* Take the words that have come. */
static void hear(int rank, int64_t now)
{
    peer *p = &mpi.peers[rank];
    for (int come = 1; come;) {
        MPI_Status status;
        if (MPI_Test(&p->receive, &come, &status) != MPI_SUCCESS) {
            fail_of(rank, "cannot be heard");
            return;
        }
        if (!come) return;
        p->heard = now;
        int bytes = 0;
        MPI_Get_count(&status, MPI_BYTE, &bytes);
        if (bytes > 1) {
            p->in.text[sizeof p->in.text - 1] = '\0';
            p->knows = true;
            end_all(p->in.text);
        } else if (p->in.text[0] == leaves) p->left = true;
        listen_to(rank);
    }
}

/* Say that this process lives. One byte, and not before the last one has left. */
static void beat(int rank)
{
    peer *p = &mpi.peers[rank];
    int gone = 1;
    MPI_Test(&p->beat, &gone, MPI_STATUS_IGNORE);
    if (gone) MPI_Isend(&lives, 1, MPI_BYTE, rank, TAG_WORD, mpi.comm, &p->beat);
}

/* Hear, say, and judge who is gone. */
static void tend(int64_t now)
{
    if (mpi.mute) return;
    /* A process that was stopped itself has not heard anybody; it hears first what has come meanwhile. */
    const bool stopped = now - mpi.ticked > mpi.timeout / 2;
    const bool tell = now - mpi.told >= mpi.interval;
    mpi.ticked = now;
    if (tell) mpi.told = now;
    for (int r = 0; r < mpi.size; r++) {
        if (r == mpi.rank) continue;
        if (stopped) mpi.peers[r].heard = now;
        hear(r, now);
        if (tell) beat(r);
    }
    for (int r = 0; r < mpi.size && !failed(); r++) {
        const peer *p = &mpi.peers[r];
        if (r == mpi.rank || p->left || now - p->heard <= mpi.timeout) continue;
        char what[64];
        snprintf(what, sizeof what, "has not been heard of for %d s", (int)(mpi.timeout / second));
        fail_of(r, what);
    }
}

/* How often words are looked for: the thread does, and an exchange that waits, which has the lock mostly. */
static int64_t tick(void)
{
    const int64_t some = mpi.interval / 4;
    return some < 50 * millisecond ? some : 50 * millisecond;
}

static void thread_main(void *unused)
{
    (void)unused;
    while (!atomic_load(&mpi.ending)) {
        nap(tick());
        if (!lathe_mutex_try(&mpi.lock)) continue;
        tend(lathe_nanoseconds());
        lathe_mutex_unlock(&mpi.lock);
    }
}

/* ---- data ---- */

static bool have_room(size_t count)
{
    if (count <= mpi.room) return true;
    lathe_free(mpi.requests);
    lathe_free(mpi.statuses);
    lathe_free(mpi.done);
    lathe_free(mpi.parcels);
    mpi.requests = lathe_alloc(count, sizeof *mpi.requests);
    mpi.statuses = lathe_alloc(count, sizeof *mpi.statuses);
    mpi.done = lathe_alloc(count, sizeof *mpi.done);
    mpi.parcels = lathe_alloc(count, sizeof *mpi.parcels);
    mpi.room = mpi.requests && mpi.statuses && mpi.done && mpi.parcels ? count : 0;
    return mpi.room;
}

static size_t pieces_of(size_t bytes) { return bytes / piece + (bytes % piece != 0); }

/* Begin to send (or to receive, into `to`) the bytes in pieces. */
static void post(int rank, const char *from, char *to, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += piece) {
        const int n = (int)(bytes - at < piece ? bytes - at : piece);
        MPI_Request *request = &mpi.requests[mpi.count];
        mpi.parcels[mpi.count++] = (parcel){ .rank = rank, .bytes = n, .received = to != NULL };
        const int error = to ? MPI_Irecv(to + at, n, MPI_BYTE, rank, TAG_DATA, mpi.comm, request) :
                               MPI_Isend(from + at, n, MPI_BYTE, rank, TAG_DATA, mpi.comm, request);
        if (error == MPI_SUCCESS) continue;
        *request = MPI_REQUEST_NULL;
        fail_of(rank, "cannot be reached");
    }
}

/* Something has moved: check it. Returns how many pieces are done with. */
static size_t take(void)
{
    int done = 0;
    const int error = MPI_Testsome((int)mpi.count, mpi.requests, &done, mpi.done, mpi.statuses);
    if (error != MPI_SUCCESS && error != MPI_ERR_IN_STATUS) {
        char text[MPI_MAX_ERROR_STRING];
        int length = 0;
        MPI_Error_string(error, text, &length);
        end_all(text);
        return 0;
    }
    if (done == MPI_UNDEFINED) return 0;
    for (int i = 0; i < done; i++) {
        const parcel *p = &mpi.parcels[mpi.done[i]];
        int bytes = p->bytes;
        if (p->received) MPI_Get_count(&mpi.statuses[i], MPI_BYTE, &bytes);
        if ((error == MPI_ERR_IN_STATUS && mpi.statuses[i].MPI_ERROR != MPI_SUCCESS) || bytes != p->bytes)
            fail_of(p->rank,
                "sent other data than was expected: it is at another place of the program, or "
                "its settings differ");
    }
    return (size_t)done;
}

/* Nothing comes from a process that has left. What it sent before has come by now. */
static void miss(void)
{
    for (size_t i = 0; i < mpi.count; i++)
        if (mpi.requests[i] != MPI_REQUEST_NULL && mpi.peers[mpi.parcels[i].rank].left)
            fail_of(mpi.parcels[i].rank, "has left before the others: their steps differ");
}

/* Wait for what others send, quickly at first; what has waited long may wait a little longer. */
static void wait_a_little(int64_t waited)
{
    if (waited < 50 * microsecond && !mpi.crowded) return;
    if (waited < (mpi.crowded ? 200 * microsecond : 2 * millisecond)) sched_yield();
    else nap(waited < 100 * millisecond ? 20 * microsecond : 500 * microsecond);
}

/* Take back what has not come, and see that the others hear why; the data's memory is the caller's still. */
static void give_up(void)
{
    for (size_t i = 0; i < mpi.count; i++)
        if (mpi.parcels[i].received && mpi.requests[i] != MPI_REQUEST_NULL) MPI_Cancel(&mpi.requests[i]);
    const int64_t end = lathe_nanoseconds() + second / 2;
    int all = 0;
    do {
        int told = 1;
        for (int r = 0; r < mpi.size; r++)
            if (r != mpi.rank && told) MPI_Test(&mpi.peers[r].last, &told, MPI_STATUS_IGNORE);
        MPI_Testall((int)mpi.count, mpi.requests, &all, MPI_STATUSES_IGNORE);
        if (told && all) break;
        nap(millisecond);
    } while (lathe_nanoseconds() < end);
    mpi.mute = !all;
}

/* Carry from[r] [sent[r]] to each other process and to[r] [received[r]] from it. */
static lathe_status carry(const char *const *from, const size_t *sent, char *const *to,
    const size_t *received)
{
    lathe_mutex_lock(&mpi.lock);
    size_t count = 0;
    for (int r = 0; r < mpi.size; r++)
        if (r != mpi.rank) count += pieces_of(sent[r]) + pieces_of(received[r]);
    if (failed() || !have_room(count)) {
        lathe_mutex_unlock(&mpi.lock);
        return failed() ? failure() : LATHE_ENOMEM;
    }
    mpi.count = 0;
    /* Each begins with another one, so that nobody is sent to by all at once. */
    for (int i = 1; i < mpi.size; i++) {
        const int r = (mpi.rank + mpi.size - i) % mpi.size;
        post(r, NULL, to[r], received[r]);
    }
    for (int i = 1; i < mpi.size; i++) {
        const int r = (mpi.rank + i) % mpi.size;
        post(r, from[r], NULL, sent[r]);
    }
    int64_t moved = lathe_nanoseconds();
    for (size_t left = count; left && !failed();) {
        const size_t done = take();
        left -= done;
        const int64_t now = lathe_nanoseconds();
        if (done) moved = now;
        if (now - mpi.ticked >= tick()) tend(now);
        if (now - moved > second / 4) miss();
        lathe_mutex_unlock(&mpi.lock);
        if (left) wait_a_little(now - moved);
        lathe_mutex_lock(&mpi.lock);
    }
    if (failed()) give_up();
    const lathe_status status = failed() ? failure() : LATHE_OK;
    lathe_mutex_unlock(&mpi.lock);
    return status;
}

static lathe_status gather(void *self, const void *mine, void *all, const size_t *bytes)
{
    (void)self;
    char *at = all;
    for (int r = 0; r < mpi.size; at += bytes[r], r++) {
        mpi.from[r] = mine;
        mpi.sent[r] = bytes[mpi.rank];
        mpi.to[r] = at;
        if (r == mpi.rank && bytes[r]) memmove(at, mine, bytes[r]);
    }
    return carry(mpi.from, mpi.sent, mpi.to, bytes);
}

static lathe_status scatter(void *self, const void *mine, const size_t *sent, void *got,
    const size_t *received)
{
    (void)self;
    const char *from = mine;
    char *to = got;
    for (int r = 0; r < mpi.size; from += sent[r], to += received[r], r++) {
        mpi.from[r] = from;
        mpi.to[r] = to;
        if (r == mpi.rank && sent[r]) memmove(to, from, sent[r]);
    }
    return carry(mpi.from, sent, mpi.to, received);
}

/* ---- to join and to leave ---- */

static lathe_status begin_mpi(int *argc, char ***argv)
{
    int begun, level, needed = MPI_THREAD_SERIALIZED;
    MPI_Initialized(&begun);
    if (begun) {
        needed = MPI_THREAD_MULTIPLE; /* the program's own calls know nothing of the lock */
        MPI_Query_thread(&level);
    } else if (MPI_Init_thread(argc, argv, needed, &level) != MPI_SUCCESS)
        return lathe_fail(LATHE_EIO, "lathe_dist_init: MPI_Init_thread failed");
    mpi.ours = !begun;
    if (level >= needed) return LATHE_OK;
    return lathe_fail(LATHE_ESTATE,
        begun ? "lathe_dist_init: the program began MPI without MPI_THREAD_MULTIPLE" :
                "lathe_dist_init: this MPI has no threads (MPI_THREAD_SERIALIZED)");
}

static lathe_status allocate(void)
{
    const size_t size = (size_t)mpi.size;
    mpi.peers = lathe_alloc(size, sizeof *mpi.peers);
    mpi.sent = lathe_alloc(size, sizeof *mpi.sent);
    mpi.from = lathe_alloc(size, sizeof *mpi.from);
    mpi.to = lathe_alloc(size, sizeof *mpi.to);
    mpi.received = lathe_alloc(size, sizeof *mpi.received);
    const bool all = mpi.peers && mpi.sent && mpi.from && mpi.to && mpi.received;
    return all && have_room(2 * size) ? LATHE_OK : LATHE_ENOMEM;
}

/* Seconds, of rank 0's environment; 0: the text is wrong. */
static int64_t timeout_seconds(void)
{
    const char *text = getenv("LATHE_DIST_TIMEOUT");
    int64_t seconds = 20;
    if (text && *text && (!lathe_parse_int64(text, &seconds) || seconds < 1 || seconds > 3600)) return 0;
    return seconds;
}

/* What each process tells at the start. */
typedef struct greeting {
    char host[HOST];
    int64_t timeout;
} greeting;

static lathe_status greet(lathe_world *world, greeting *all)
{
    greeting mine = { .timeout = timeout_seconds() };
    char host[MPI_MAX_PROCESSOR_NAME] = "";
    int length;
    MPI_Get_processor_name(host, &length);
    snprintf(mine.host, sizeof mine.host, "%.*s", (int)sizeof mine.host - 1, host);
    for (int r = 0; r < mpi.size; r++) mpi.received[r] = sizeof mine;
    lathe_status status = gather(NULL, &mine, all, mpi.received);
    if (status) return status;
    if (!all[0].timeout)
        return lathe_fail(LATHE_EARG,
            "lathe_dist_init: LATHE_DIST_TIMEOUT of rank 0 must be 1 to 3600 seconds");
    lathe_mutex_lock(&mpi.lock);
    mpi.timeout = all[0].timeout * second;
    mpi.interval = mpi.timeout / 10;
    world->local_size = 0;
    for (int r = 0; r < mpi.size; r++) {
        peer *p = &mpi.peers[r];
        snprintf(p->name, sizeof p->name, "rank %d of %d on %s", r, mpi.size, all[r].host);
        if (strcmp(all[r].host, mine.host)) continue;
        if (r == mpi.rank) world->local_rank = world->local_size;
        world->local_size++;
    }
    mpi.crowded = world->local_size > lathe_processors();
    lathe_mutex_unlock(&mpi.lock);
    world->name = mpi.peers[mpi.rank].name;
    return LATHE_OK;
}

/* The others' words, and the first exchange: names and the time limit. */
static lathe_status meet(lathe_world *world)
{
    lathe_status status = allocate();
    if (status) return status;
    lathe_mutex_init(&mpi.lock);
    mpi.timeout = 20 * second;
    mpi.interval = 2 * second;
    mpi.ticked = mpi.told = lathe_nanoseconds();
    for (int r = 0; r < mpi.size; r++) {
        peer *p = &mpi.peers[r];
        snprintf(p->name, sizeof p->name, "rank %d of %d", r, mpi.size);
        p->heard = mpi.ticked;
        p->receive = p->beat = p->last = MPI_REQUEST_NULL;
        if (r != mpi.rank) listen_to(r);
    }
    greeting *all = lathe_alloc((size_t)mpi.size, sizeof *all);
    status = all ? greet(world, all) : LATHE_ENOMEM;
    lathe_free(all);
    if (status) return status;
    atomic_store(&mpi.ending, false);
    if (lathe_thread_start(&mpi.thread, thread_main, NULL, NULL, 0)) return LATHE_OK;
    return lathe_fail(LATHE_EIO, "lathe_dist_init: the system gives no thread");
}

lathe_status lathe_world_join(lathe_world *world, int started, int *argc, char ***argv)
{
    int begun;
    MPI_Initialized(&begun);
    if (started == 1 && !begun) return LATHE_OK;
    lathe_status status = begin_mpi(argc, argv);
    if (status) return status;
    int rank, size;
    MPI_Comm_dup(MPI_COMM_WORLD, &mpi.comm);
    MPI_Comm_set_errhandler(mpi.comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(mpi.comm, &rank);
    MPI_Comm_size(mpi.comm, &size);
    mpi.rank = rank, mpi.size = size;
    if (size == 1 && started > 1)
        return lathe_fail(LATHE_ESTATE,
            "lathe_dist_init: the launcher started %d processes, but each is alone for %s; start them with "
            "the mpirun of this MPI, or under Slurm with srun --mpi=pmix or --mpi=pmi2",
            started, lathe_world_library());
    if (size > 1) status = meet(world);
    if (status) return status;
    world->exchange = (lathe_exchange){ .rank = rank, .size = size, .gather = gather, .scatter = scatter };
    return LATHE_OK;
}

void lathe_world_fail(const char *message)
{
    char text[LATHE_MESSAGE_SIZE];
    snprintf(text, sizeof text, "%s has failed: %s", mpi.peers[mpi.rank].name, message);
    lathe_mutex_lock(&mpi.lock);
    end_all(text);
    lathe_mutex_unlock(&mpi.lock);
}

/*
 * After a failure the first process that ends makes the launcher kill the others. So wait until they know of
 * the failure, too, and for a moment in which they can say so.
 */
static void wait_for_the_others(void)
{
    const int64_t end = lathe_nanoseconds() + 3 * second;
    for (bool all = false; !all && !mpi.mute && lathe_nanoseconds() < end; nap(millisecond)) {
        all = true;
        tend(lathe_nanoseconds());
        for (int r = 0; r < mpi.size; r++) {
            const peer *p = &mpi.peers[r];
            const bool there = lathe_nanoseconds() - p->heard < 2 * mpi.interval + second;
            if (r != mpi.rank && !p->knows && there) all = false;
        }
    }
    nap(200 * millisecond);
}

/* All leave together, because MPI_Finalize has no time limit. */
static void leave_together(void)
{
    for (int r = 0; r < mpi.size && !failed(); r++)
        if (r != mpi.rank) MPI_Isend(&leaves, 1, MPI_BYTE, r, TAG_WORD, mpi.comm, &mpi.peers[r].last);
    for (bool all = false; !all && !failed(); nap(20 * microsecond)) {
        all = true;
        tend(lathe_nanoseconds());
        for (int r = 0; r < mpi.size; r++) {
            int sent = 1;
            if (r != mpi.rank) MPI_Test(&mpi.peers[r].last, &sent, MPI_STATUS_IGNORE);
            if (r != mpi.rank && (!sent || !mpi.peers[r].left)) all = false;
        }
    }
}

void lathe_world_leave(void)
{
    atomic_store(&mpi.ending, true);
    lathe_thread_join(&mpi.thread);
    leave_together();
    if (failed()) { /* MPI_Finalize would wait for those who are gone */
        wait_for_the_others();
        return;
    }
    for (int r = 0; r < mpi.size; r++) {
        if (r == mpi.rank) continue;
        MPI_Cancel(&mpi.peers[r].receive);
        MPI_Wait(&mpi.peers[r].receive, MPI_STATUS_IGNORE);
        MPI_Wait(&mpi.peers[r].beat, MPI_STATUS_IGNORE);
    }
    MPI_Comm_free(&mpi.comm);
    if (mpi.ours) MPI_Finalize();
    void *const blocks[] = { mpi.peers, mpi.sent, mpi.from, mpi.to, mpi.received, mpi.requests, mpi.statuses,
        mpi.done, mpi.parcels };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) lathe_free(blocks[i]);
    lathe_mutex_free(&mpi.lock);
    memset(&mpi, 0, sizeof mpi);
}

const char *lathe_world_library(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    if (!*text) MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    return text;
}
