#define _POSIX_C_SOURCE 200809L
#include "mpi_impl.h"

#include <sched.h>
#include <string.h>

#include "../../core/alloc.h"

/* A message of more bytes goes in pieces, so that a long one is seen to move. */
static const size_t piece = (size_t)1 << 20;

/* A piece of data on its way. */
typedef struct parcel {
    int rank, bytes;
    bool received;
} parcel;

/* The exchange that goes on. */
static struct {
    const char **from; /* [size], as the three that follow: what a gather sends, and where all of it lies */
    size_t *sent;
    char **to;
    size_t *received;
    size_t count, room; /* of pieces */
    parcel *parcels;
    MPI_Request *requests;
    MPI_Status *statuses;
    int *done;
} load;

static bool have_room(size_t count)
{
    if (count <= load.room) return true;
    lathe_free(load.requests);
    lathe_free(load.statuses);
    lathe_free(load.done);
    lathe_free(load.parcels);
    load.requests = lathe_alloc(count, sizeof *load.requests);
    load.statuses = lathe_alloc(count, sizeof *load.statuses);
    load.done = lathe_alloc(count, sizeof *load.done);
    load.parcels = lathe_alloc(count, sizeof *load.parcels);
    load.room = load.requests && load.statuses && load.done && load.parcels ? count : 0;
    return load.room;
}

static size_t pieces_of(size_t bytes) { return bytes / piece + (bytes % piece != 0); }

/* Begin to send (or to receive, into `to`) the bytes in pieces. */
static void post(int rank, const char *from, char *to, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += piece) {
        const int n = (int)(bytes - at < piece ? bytes - at : piece);
        MPI_Request *request = &load.requests[load.count];
        load.parcels[load.count++] = (parcel){ .rank = rank, .bytes = n, .received = to != NULL };
        const int error = to ?
            MPI_Irecv(to + at, n, MPI_BYTE, rank, LATHE_TAG_DATA, lathe_mpi.comm, request) :
            MPI_Isend(from + at, n, MPI_BYTE, rank, LATHE_TAG_DATA, lathe_mpi.comm, request);
        if (error == MPI_SUCCESS) continue;
        *request = MPI_REQUEST_NULL;
        lathe_mpi_end_of(rank, "cannot be reached");
    }
}

/* Something has moved: check it. Returns how many pieces are done with. */
static size_t take(void)
{
    int done = 0;
    const int error = MPI_Testsome((int)load.count, load.requests, &done, load.done, load.statuses);
    if (error != MPI_SUCCESS && error != MPI_ERR_IN_STATUS) {
        char text[MPI_MAX_ERROR_STRING];
        int length = 0;
        MPI_Error_string(error, text, &length);
        lathe_mpi_end(text);
        return 0;
    }
    if (done == MPI_UNDEFINED) return 0;
    for (int i = 0; i < done; i++) {
        const parcel *p = &load.parcels[load.done[i]];
        int bytes = p->bytes;
        if (p->received) MPI_Get_count(&load.statuses[i], MPI_BYTE, &bytes);
        if ((error == MPI_ERR_IN_STATUS && load.statuses[i].MPI_ERROR != MPI_SUCCESS) || bytes != p->bytes)
            lathe_mpi_end_of(p->rank,
                "sent other data than was expected: it is at another place of the program, or "
                "its settings differ");
    }
    return (size_t)done;
}

/* Nothing comes from a process that has left. What it sent before has come by load. */
static void miss(void)
{
    for (size_t i = 0; i < load.count; i++)
        if (load.requests[i] != MPI_REQUEST_NULL && lathe_mpi.peer[load.parcels[i].rank].left)
            lathe_mpi_end_of(load.parcels[i].rank, "has left before the others: their steps differ");
}

/* Wait for what others send, quickly at first; what has waited long may wait a little longer. */
static void wait_a_little(int64_t waited)
{
    if (waited < 50 * LATHE_MICROSECOND && !lathe_mpi.crowded) return;
    if (waited < (lathe_mpi.crowded ? 200 : 2000) * LATHE_MICROSECOND) sched_yield();
    else lathe_mpi_nap((waited < LATHE_SECOND / 10 ? 20 : 500) * LATHE_MICROSECOND);
}

/* Take back what has not come, and see that the others hear why; the data's memory is the caller's still. */
static void give_up(void)
{
    for (size_t i = 0; i < load.count; i++)
        if (load.parcels[i].received && load.requests[i] != MPI_REQUEST_NULL) MPI_Cancel(&load.requests[i]);
    const int64_t end = lathe_nanoseconds() + LATHE_SECOND / 2;
    int all = 0;
    do {
        int told = 1;
        for (int r = 0; r < lathe_mpi.size; r++)
            if (r != lathe_mpi.rank && told) MPI_Test(&lathe_mpi.peer[r].fail, &told, MPI_STATUS_IGNORE);
        MPI_Testall((int)load.count, load.requests, &all, load.statuses);
        if (told && all) break;
        lathe_mpi_nap(1000 * LATHE_MICROSECOND);
    } while (lathe_nanoseconds() < end);
    lathe_mpi.mute = !all;
}

/* Carry from[r] [sent[r]] to each other process and to[r] [received[r]] from it. */
static lathe_status carry(const char *const *from, const size_t *sent, char *const *to,
    const size_t *received)
{
    lathe_mutex_lock(&lathe_mpi.lock);
    size_t count = 0;
    for (int r = 0; r < lathe_mpi.size; r++)
        if (r != lathe_mpi.rank) count += pieces_of(sent[r]) + pieces_of(received[r]);
    if (lathe_mpi_failed() || !have_room(count)) {
        lathe_mutex_unlock(&lathe_mpi.lock);
        return lathe_mpi_failed() ? lathe_mpi_failure() : LATHE_ENOMEM;
    }
    load.count = 0;
    /* Each begins with another one, so that nobody is sent to by all at once. */
    for (int i = 1; i < lathe_mpi.size; i++) {
        const int r = (lathe_mpi.rank + lathe_mpi.size - i) % lathe_mpi.size;
        post(r, NULL, to[r], received[r]);
    }
    for (int i = 1; i < lathe_mpi.size; i++) {
        const int r = (lathe_mpi.rank + i) % lathe_mpi.size;
        post(r, from[r], NULL, sent[r]);
    }
    int64_t moved = lathe_nanoseconds();
    for (size_t left = count; left && !lathe_mpi_failed();) {
        const size_t done = take();
        left -= done;
        const int64_t now = lathe_nanoseconds();
        if (done) moved = now;
        if (now - lathe_mpi.ticked >= lathe_mpi_tick()) lathe_mpi_tend(now);
        if (now - moved > LATHE_SECOND / 4) miss();
        lathe_mutex_unlock(&lathe_mpi.lock);
        if (left) wait_a_little(now - moved);
        lathe_mutex_lock(&lathe_mpi.lock);
    }
    if (lathe_mpi_failed()) give_up();
    const lathe_status status = lathe_mpi_failed() ? lathe_mpi_failure() : LATHE_OK;
    lathe_mutex_unlock(&lathe_mpi.lock);
    return status;
}

lathe_status lathe_mpi_data_new(void)
{
    const size_t size = (size_t)lathe_mpi.size;
    load.from = lathe_alloc(size, sizeof *load.from);
    load.sent = lathe_alloc(size, sizeof *load.sent);
    load.to = lathe_alloc(size, sizeof *load.to);
    load.received = lathe_alloc(size, sizeof *load.received);
    const bool all = load.from && load.sent && load.to && load.received && have_room(2 * size);
    return all ? LATHE_OK : LATHE_ENOMEM;
}

void lathe_mpi_data_free(void)
{
    void *const blocks[] = { load.from, load.sent, load.to, load.received, load.parcels, load.requests,
        load.statuses, load.done };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) lathe_free(blocks[i]);
    memset(&load, 0, sizeof load);
}

lathe_status lathe_mpi_gather(void *self, const void *mine, void *all, const size_t *bytes)
{
    (void)self;
    char *at = all;
    for (int r = 0; r < lathe_mpi.size; at += bytes[r], r++) {
        load.from[r] = mine;
        load.sent[r] = bytes[lathe_mpi.rank];
        load.to[r] = at;
        if (r == lathe_mpi.rank && bytes[r]) memmove(at, mine, bytes[r]);
    }
    return carry(load.from, load.sent, load.to, bytes);
}

lathe_status lathe_mpi_scatter(void *self, const void *mine, const size_t *sent, void *got,
    const size_t *received)
{
    (void)self;
    const char *from = mine;
    char *to = got;
    for (int r = 0; r < lathe_mpi.size; from += sent[r], to += received[r], r++) {
        load.from[r] = from;
        load.to[r] = to;
        if (r == lathe_mpi.rank && sent[r]) memmove(to, from, sent[r]);
    }
    return carry(load.from, sent, load.to, received);
}
