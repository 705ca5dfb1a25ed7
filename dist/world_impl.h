/* Private: what is MPI's, in mpi/, or in a build without MPI nobody's: alone.c. */
#ifndef LATHE_DIST_WORLD_IMPL_H
#define LATHE_DIST_WORLD_IMPL_H

#include "../core/shard.h"

/** This process among those that were started together. */
typedef struct lathe_world {
    lathe_exchange exchange;
    int local_rank, local_size;
    char name[128]; /* "rank 2 of 4 on HOST" */
} lathe_world;

/**
 * Fill in `world` if this process is one of several, and leave it alone otherwise. `started` is the number of
 * processes by the launcher's word; 0: a launcher that does not say; 1: there is no launcher.
 */
lathe_status lathe_world_join(lathe_world *world, int started, int *argc, char ***argv);

/** Of a world that was joined. */
void lathe_world_fail(const char *message);
lathe_status lathe_world_leave(void);

const char *lathe_world_library(void);

#endif
