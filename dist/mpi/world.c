#define _POSIX_C_SOURCE 200809L
#include "../world_impl.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../core/alloc.h"
#include "../../core/field.h"
#include "mpi_impl.h"

static struct {
    bool ours; /* MPI was begun here */
    lathe_thread thread;
    atomic_bool ending;
} here;

/* Says that this process lives; an exchange that waits does it, too, and has the lock mostly. */
static void thread_main(void *unused)
{
    (void)unused;
    while (!atomic_load(&here.ending)) {
        lathe_mpi_nap(lathe_mpi_tick());
        if (!lathe_mutex_try(&lathe_mpi.lock)) continue;
        lathe_mpi_tend(lathe_nanoseconds());
        lathe_mutex_unlock(&lathe_mpi.lock);
    }
}

static lathe_status begin_mpi(int *argc, char ***argv)
{
    int begun, level, needed = MPI_THREAD_SERIALIZED;
    MPI_Initialized(&begun);
    if (begun) {
        needed = MPI_THREAD_MULTIPLE; /* the program's own calls know nothing of the lock */
        MPI_Query_thread(&level);
    } else if (MPI_Init_thread(argc, argv, needed, &level) != MPI_SUCCESS)
        return lathe_fail(LATHE_EIO, "lathe_dist_init: MPI_Init_thread failed");
    here.ours = !begun;
    if (level >= needed) return LATHE_OK;
    return lathe_fail(LATHE_ESTATE,
        begun ? "lathe_dist_init: the program began MPI without MPI_THREAD_MULTIPLE" :
                "lathe_dist_init: this MPI has no threads (MPI_THREAD_SERIALIZED)");
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
    char host[64];
    int64_t timeout;
} greeting;

static lathe_status greet(lathe_world *world, greeting *all, size_t *bytes)
{
    greeting mine = { .timeout = timeout_seconds() };
    lathe_host(mine.host, sizeof mine.host);
    for (int r = 0; r < lathe_mpi.size; r++) bytes[r] = sizeof mine;
    lathe_status status = lathe_mpi_gather(NULL, &mine, all, bytes);
    if (status) return status;
    if (!all[0].timeout)
        return lathe_fail(LATHE_EARG,
            "lathe_dist_init: LATHE_DIST_TIMEOUT of rank 0 must be 1 to 3600 seconds");
    lathe_mutex_lock(&lathe_mpi.lock);
    lathe_mpi.timeout = all[0].timeout * LATHE_SECOND;
    lathe_mpi.interval = lathe_mpi.timeout / 10;
    world->local_size = 0;
    for (int r = 0; r < lathe_mpi.size; r++) {
        lathe_peer *p = &lathe_mpi.peer[r];
        snprintf(p->name, sizeof p->name, "rank %d of %d on %s", r, lathe_mpi.size, all[r].host);
        if (strcmp(all[r].host, mine.host)) continue;
        if (r == lathe_mpi.rank) world->local_rank = world->local_size;
        world->local_size++;
    }
    lathe_mpi.crowded = world->local_size > sysconf(_SC_NPROCESSORS_ONLN);
    lathe_mutex_unlock(&lathe_mpi.lock);
    snprintf(world->name, sizeof world->name, "%s", lathe_mpi.peer[lathe_mpi.rank].name);
    return LATHE_OK;
}

/* The others' words, and the first exchange: names and the time limit. */
static lathe_status meet(lathe_world *world)
{
    lathe_mpi.peer = lathe_alloc((size_t)lathe_mpi.size, sizeof *lathe_mpi.peer);
    if (!lathe_mpi.peer || lathe_mpi_data_new()) return LATHE_ENOMEM;
    lathe_mutex_init(&lathe_mpi.lock);
    lathe_mpi.timeout = 20 * LATHE_SECOND;
    lathe_mpi.interval = 2 * LATHE_SECOND;
    lathe_mpi.ticked = lathe_mpi.told = lathe_nanoseconds();
    for (int r = 0; r < lathe_mpi.size; r++) {
        lathe_peer *p = &lathe_mpi.peer[r];
        snprintf(p->name, sizeof p->name, "rank %d of %d", r, lathe_mpi.size);
        p->heard = lathe_mpi.ticked;
        p->receive = p->beat = p->leave = p->fail = MPI_REQUEST_NULL;
        if (r != lathe_mpi.rank) lathe_mpi_listen(r);
    }
    greeting *all = lathe_alloc((size_t)lathe_mpi.size, sizeof *all);
    size_t *bytes = lathe_alloc((size_t)lathe_mpi.size, sizeof *bytes);
    const lathe_status status = all && bytes ? greet(world, all, bytes) : LATHE_ENOMEM;
    lathe_free(bytes);
    lathe_free(all);
    if (status) return status;
    atomic_store(&here.ending, false);
    if (lathe_thread_start(&here.thread, thread_main, NULL, NULL, 0)) return LATHE_OK;
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
    MPI_Comm_dup(MPI_COMM_WORLD, &lathe_mpi.comm);
    MPI_Comm_set_errhandler(lathe_mpi.comm, MPI_ERRORS_RETURN);
    if (here.ours) MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN); /* that of MPI_Testsome */
    MPI_Comm_rank(lathe_mpi.comm, &rank);
    MPI_Comm_size(lathe_mpi.comm, &size);
    lathe_mpi.rank = rank, lathe_mpi.size = size;
    if (size == 1 && started > 1)
        return lathe_fail(LATHE_ESTATE,
            "lathe_dist_init: the launcher started %d processes, but each is alone for %s; start them with "
            "the mpirun of this MPI, or under Slurm with srun --mpi=pmix or --mpi=pmi2",
            started, lathe_world_library());
    if (size > 1) status = meet(world);
    if (status) return status;
    world->exchange = (lathe_exchange){ .rank = rank,
        .size = size,
        .gather = lathe_mpi_gather,
        .scatter = lathe_mpi_scatter };
    return LATHE_OK;
}

void lathe_world_fail(const char *message)
{
    char text[LATHE_MESSAGE_SIZE];
    snprintf(text, sizeof text, "%s has failed: %s", lathe_mpi.peer[lathe_mpi.rank].name, message);
    lathe_mutex_lock(&lathe_mpi.lock);
    lathe_mpi.said = true;
    lathe_mpi_end(text);
    lathe_mutex_unlock(&lathe_mpi.lock);
}

lathe_status lathe_world_leave(void)
{
    atomic_store(&here.ending, true);
    lathe_thread_join(&here.thread);
    lathe_mpi_leave();
    if (lathe_mpi_failed()) /* MPI_Finalize would wait for those who are gone */
        return lathe_mpi.said ? LATHE_OK : lathe_mpi_failure();
    for (int r = 0; r < lathe_mpi.size; r++) {
        if (r == lathe_mpi.rank) continue;
        MPI_Cancel(&lathe_mpi.peer[r].receive);
        MPI_Wait(&lathe_mpi.peer[r].receive, MPI_STATUS_IGNORE);
        MPI_Wait(&lathe_mpi.peer[r].beat, MPI_STATUS_IGNORE);
    }
    MPI_Comm_free(&lathe_mpi.comm);
    if (here.ours) MPI_Finalize();
    lathe_mpi_data_free();
    lathe_free(lathe_mpi.peer);
    lathe_mutex_free(&lathe_mpi.lock);
    memset(&lathe_mpi, 0, sizeof lathe_mpi);
    return LATHE_OK;
}

const char *lathe_world_library(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    if (!*text) MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    return text;
}
