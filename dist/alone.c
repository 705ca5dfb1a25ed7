/* A build without MPI: each process is alone. */
#include "world_impl.h"

lathe_status lathe_world_join(lathe_world *world, int started, int *argc, char ***argv)
{
    (void)world, (void)argc, (void)argv;
    if (started == 1) return LATHE_OK;
    if (!started)
        return lathe_fail(LATHE_ESTATE,
            "lathe_dist_init: a launcher started several processes, and this build has no MPI; build with "
            "-DLATHE_MPI=ON");
    return lathe_fail(LATHE_ESTATE,
        "lathe_dist_init: a launcher started %d processes, and this build has no MPI; build with "
        "-DLATHE_MPI=ON",
        started);
}

void lathe_world_fail(const char *message) { (void)message; }
lathe_status lathe_world_leave(void) { return LATHE_OK; }
const char *lathe_world_library(void) { return "none"; }
