#define _POSIX_C_SOURCE 200809L
#include "mpi_impl.h"

#include <stdio.h>
#include <time.h>

/* Words of one byte: that a process lives, and that it leaves. */
static const char lives = 1, leaves = 2;

lathe_peers lathe_mpi;

bool lathe_mpi_failed(void) { return lathe_mpi.failure.text[0]; }

lathe_status lathe_mpi_failure(void)
{
    lathe_mpi.said = true;
    return lathe_fail(LATHE_EIO, "%s", lathe_mpi.failure.text);
}

void lathe_mpi_nap(int64_t nanoseconds)
{
    nanosleep(&(struct timespec){ .tv_sec = nanoseconds / LATHE_SECOND,
                  .tv_nsec = (long)(nanoseconds % LATHE_SECOND) },
        NULL);
}

void lathe_mpi_end(const char *text)
{
    if (lathe_mpi_failed()) return;
    snprintf(lathe_mpi.failure.text, sizeof lathe_mpi.failure.text, "%s", text);
    if (lathe_mpi.mute) return;
    for (int r = 0; r < lathe_mpi.size; r++)
        if (r != lathe_mpi.rank)
            MPI_Isend(&lathe_mpi.failure, sizeof lathe_mpi.failure, MPI_BYTE, r, LATHE_TAG_WORD,
                lathe_mpi.comm, &lathe_mpi.peer[r].fail);
}

void lathe_mpi_end_of(int rank, const char *what)
{
    char text[LATHE_MESSAGE_SIZE];
    snprintf(text, sizeof text, "%s %s", lathe_mpi.peer[rank].name, what);
    lathe_mpi_end(text);
}

void lathe_mpi_listen(int rank)
{
    lathe_peer *p = &lathe_mpi.peer[rank];
    MPI_Irecv(&p->in, sizeof p->in, MPI_BYTE, rank, LATHE_TAG_WORD, lathe_mpi.comm, &p->receive);
}

/* Take the words that have come. */
static void hear(int rank, int64_t now)
{
    lathe_peer *p = &lathe_mpi.peer[rank];
    for (int come = 1; come;) {
        MPI_Status status;
        if (MPI_Test(&p->receive, &come, &status) != MPI_SUCCESS) {
            lathe_mpi_end_of(rank, "cannot be heard");
            return;
        }
        if (!come) return;
        p->heard = now;
        int bytes = 0;
        MPI_Get_count(&status, MPI_BYTE, &bytes);
        if (bytes > 1) {
            p->in.text[sizeof p->in.text - 1] = '\0';
            lathe_mpi_end(p->in.text);
        } else if (p->in.text[0] == leaves) p->left = true;
        lathe_mpi_listen(rank);
    }
}

/* Say that this process lives. One byte, and not before the last one has left. */
static void beat(int rank)
{
    lathe_peer *p = &lathe_mpi.peer[rank];
    int gone = 1;
    MPI_Test(&p->beat, &gone, MPI_STATUS_IGNORE);
    if (gone) MPI_Isend(&lives, 1, MPI_BYTE, rank, LATHE_TAG_WORD, lathe_mpi.comm, &p->beat);
}

void lathe_mpi_tend(int64_t now)
{
    if (lathe_mpi.mute) return;
    /* A process that was stopped itself has not heard anybody; it hears first what has come meanwhile. */
    const bool stopped = now - lathe_mpi.ticked > lathe_mpi.timeout / 2;
    const bool tell = now - lathe_mpi.told >= lathe_mpi.interval;
    lathe_mpi.ticked = now;
    if (tell) lathe_mpi.told = now;
    for (int r = 0; r < lathe_mpi.size; r++) {
        if (r == lathe_mpi.rank) continue;
        if (stopped) lathe_mpi.peer[r].heard = now;
        hear(r, now);
        if (tell) beat(r);
    }
    for (int r = 0; r < lathe_mpi.size && !lathe_mpi_failed(); r++) {
        const lathe_peer *p = &lathe_mpi.peer[r];
        if (r == lathe_mpi.rank || p->left || now - p->heard <= lathe_mpi.timeout) continue;
        char what[64];
        snprintf(what, sizeof what, "has not been heard of for %d s",
            (int)(lathe_mpi.timeout / LATHE_SECOND));
        lathe_mpi_end_of(r, what);
    }
}

int64_t lathe_mpi_tick(void)
{
    const int64_t some = lathe_mpi.interval / 4;
    return some < 50000 * LATHE_MICROSECOND ? some : 50000 * LATHE_MICROSECOND;
}

/* Whether process `rank` is known to leave, and knows that this one does; or after a failure, is gone. */
static bool ready(int rank, int64_t now)
{
    lathe_peer *p = &lathe_mpi.peer[rank];
    int sent;
    MPI_Test(&p->leave, &sent, MPI_STATUS_IGNORE);
    if (sent && p->left) return true;
    return lathe_mpi_failed() && now - p->heard > 2 * lathe_mpi.interval + LATHE_SECOND / 2;
}

void lathe_mpi_leave(void)
{
    for (int r = 0; r < lathe_mpi.size && !lathe_mpi.mute; r++)
        if (r != lathe_mpi.rank)
            MPI_Isend(&leaves, 1, MPI_BYTE, r, LATHE_TAG_WORD, lathe_mpi.comm, &lathe_mpi.peer[r].leave);
    const int64_t end = lathe_nanoseconds() + 3 * LATHE_SECOND;
    for (bool all = false; !all; lathe_mpi_nap(20 * LATHE_MICROSECOND)) {
        const int64_t now = lathe_nanoseconds();
        if (lathe_mpi_failed() && now > end) return;
        lathe_mpi_tend(now);
        all = !lathe_mpi.mute;
        for (int r = 0; r < lathe_mpi.size && all; r++)
            if (r != lathe_mpi.rank && !ready(r, now)) all = false;
    }
}
