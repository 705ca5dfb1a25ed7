/*
 * Private: several processes over MPI. Only copies travel, from process to process; nothing is added up by
 * MPI, whose order of additions depends on the number of processes.
 *
 * MPI has no time limits: a receive from a process that is gone waits without end. So every process sends
 * each other a word now and then that it lives, from a thread of its own (words.c). One that is silent for
 * too long has failed. MPI is called by one thread at a time: by the one that has the lock.
 */
#ifndef LATHE_DIST_MPI_IMPL_H
#define LATHE_DIST_MPI_IMPL_H

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../core/status.h"
#include "../../core/threads_impl.h"

/** Nanoseconds. */
#define LATHE_MICROSECOND ((int64_t)1000)
#define LATHE_SECOND ((int64_t)1000000000)

/** Of messages. */
enum { LATHE_TAG_DATA = 1, LATHE_TAG_WORD };

/** What a process tells another beside the data: why all must end, or one byte (words.c). */
typedef struct lathe_word {
    char text[LATHE_MESSAGE_SIZE];
} lathe_word;

/** Another process. */
typedef struct lathe_peer {
    char name[128]; /* "rank 2 of 4 on HOST" */
    int64_t heard;  /* when */
    bool left;
    lathe_word in;
    MPI_Request receive, beat, leave, fail; /* of words: from it, and to it, by what they say */
} lathe_peer;

/** All processes, as this one sees them. */
typedef struct lathe_peers {
    MPI_Comm comm;
    int rank, size;
    bool crowded;     /* more processes on this host than processors: do not spin */
    lathe_peer *peer; /* [size] */
    lathe_mutex lock;
    int64_t timeout, interval; /* of silence; between two words */
    int64_t told, ticked;      /* when this process last sent words, and last looked for them */
    bool mute;                 /* data is on its way to memory that is gone: no more calls of MPI */
    lathe_word failure;        /* its text is empty while all is well */
    bool said;                 /* to this process's program */
} lathe_peers;
extern lathe_peers lathe_mpi;

void lathe_mpi_nap(int64_t nanoseconds);

/* Words, with the lock held. */

bool lathe_mpi_failed(void);
/** Fail with the text of the failure. */
lathe_status lathe_mpi_failure(void);

/** Begin to end: the first failure counts, and the others are told of it. */
void lathe_mpi_end(const char *text);
/** The same, for "rank 2 of 4 on HOST" and `what`. */
void lathe_mpi_end_of(int rank, const char *what);

/** Begin to hear another's words. */
void lathe_mpi_listen(int rank);
/** Hear, say, and judge who is gone. To be called every lathe_mpi_tick() nanoseconds. */
void lathe_mpi_tend(int64_t now);
int64_t lathe_mpi_tick(void);

/**
 * Wait until all leave, because MPI_Finalize has no time limit. After a failure the first process that ends
 * makes the launcher kill the others, who are to say why they end: wait for those that live, at most 3 s.
 */
void lathe_mpi_leave(void);

/* Data (data.c). */

/** Make and free what exchanges need. */
lathe_status lathe_mpi_data_new(void);
void lathe_mpi_data_free(void);

/** As lathe_exchange has them. */
lathe_status lathe_mpi_gather(void *self, const void *mine, void *all, const size_t *bytes);
lathe_status lathe_mpi_scatter(void *self, const void *mine, const size_t *sent, void *got,
    const size_t *received);

#endif
