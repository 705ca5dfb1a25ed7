#include "dist.h"

#include <limits.h>
#include <stdlib.h>

#include "../core/exchange.h"
#include "../core/field.h"
#include "../core/threads.h"
#include "world_impl.h"

static const lathe_world alone = { .exchange = { .size = 1 }, .local_size = 1, .name = "rank 0 of 1" };

/* The process's place, if it is one of several. */
static struct {
    bool joined, left;
    int threads;
    lathe_world world;
} here;

static const lathe_world *world(void) { return here.joined ? &here.world : &alone; }

int lathe_dist_rank(void) { return world()->exchange.rank; }
int lathe_dist_size(void) { return world()->exchange.size; }
int lathe_dist_local_rank(void) { return world()->local_rank; }
int lathe_dist_local_size(void) { return world()->local_size; }
int lathe_dist_threads(void) { return here.threads; }
const char *lathe_dist_name(void) { return world()->name; }
const char *lathe_dist_library(void) { return lathe_world_library(); }

const lathe_exchange *lathe_dist_exchange(void)
{
    return here.joined && !here.left ? &here.world.exchange : NULL;
}

/*
 * How many processes were started, by the environment that the launcher gives each of them: Open MPI's, that
 * of PMI (MPICH, srun --mpi=pmi2), Slurm's for a step. PMIx tells the rank only: 0 then. 1: no launcher.
 */
static int started(void)
{
    static const char *const counts[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS" };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const char *text = getenv(counts[i]);
        int64_t count;
        if (text && lathe_parse_int64(text, &count) && count >= 1 && count <= INT_MAX) return (int)count;
    }
    return getenv("PMIX_RANK") ? 0 : 1;
}

lathe_status lathe_dist_init(int *argc, char ***argv)
{
    if (here.left) return lathe_fail(LATHE_ESTATE, "lathe_dist_init: after lathe_dist_finalize");
    if (here.joined) return LATHE_OK;
    here.world = alone;
    lathe_status status = lathe_world_join(&here.world, started(), argc, argv);
    if (status || here.world.exchange.size == 1) return status;
    if (lathe_exchange_threads(&here.world.exchange, &here.threads) ||
        lathe_threads_set(NULL, here.threads)) {
        lathe_world_fail(lathe_error_message());
        lathe_world_leave();
        return lathe_error();
    }
    here.joined = true;
    lathe_context_set_exchange(NULL, &here.world.exchange);
    return LATHE_OK;
}

lathe_status lathe_dist_reduce(const lathe_params *params)
{
    if (!params) return lathe_fail_null("lathe_dist_reduce", "params");
    return lathe_context_reduce(NULL);
}

void lathe_dist_fail(const char *message)
{
    if (!message) lathe_fail_null("lathe_dist_fail", "message");
    else if (lathe_dist_exchange()) lathe_world_fail(message);
}

lathe_status lathe_dist_finalize(void)
{
    if (!lathe_dist_exchange()) return LATHE_OK;
    lathe_context_set_exchange(NULL, NULL);
    here.left = true;
    return lathe_world_leave();
}
