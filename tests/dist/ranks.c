/*
 * What a process does under a launcher; mpi.sh starts several. The rank that a way concerns is 1.
 *
 *     ranks exchange     data of random sizes reaches whom it is for
 *     ranks slow         rank 1 computes for longer than the time limit
 *     ranks fail         rank 1 fails and says so
 *     ranks compute      rank 1 fails while the others compute
 *     ranks kill         rank 1 is killed; stop: rank 1 is stopped
 *     ranks leave        rank 1 leaves before the others
 *     ranks sizes        rank 1 sends more than the others expect; less: less
 */
#define _GNU_SOURCE
#include <lathe/lathe.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int rank, size;

static void nap(double seconds)
{
    nanosleep(&(struct timespec){ (time_t)seconds, (long)((seconds - (int)seconds) * 1e9) }, NULL);
}

/* Ends as a program does: its own failure is told to the others. */
static int end(void)
{
    const bool failed = lathe_error() != LATHE_OK;
    if (failed) {
        fprintf(stderr, "%s: %s\n", lathe_dist_name(), lathe_error_message());
        lathe_dist_fail(lathe_error_message());
    }
    return lathe_dist_finalize() || failed;
}

static void wrong(const char *what) { lathe_fail(LATHE_ESTATE, "WRONG: %s", what); }

/* Byte number i of what `from` gives `to` in round `round`; the sizes are the same in all processes. */
static char byte_of(int from, int to, int round, size_t i)
{
    return (char)(from * 7 + to * 31 + round * 3 + (int)(i % 251));
}

static size_t size_of(lathe_rng *rng, int round)
{
    static const size_t some[] = { 0, 1, 8, 4096, 65537, 1 << 20, (1 << 20) + 1, 5000000 };
    const size_t at = lathe_rng_below(rng, round % 10 ? 5 : 8);
    return lathe_rng_below(rng, 2) ? some[at] : lathe_rng_below(rng, some[at] + 1);
}

static void fill(char *data, int to, int round, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) data[i] = byte_of(rank, to, round, i);
}

static void check(const char *data, int from, int to, int round, size_t bytes, const char *what)
{
    for (size_t i = 0; i < bytes; i++)
        if (data[i] != byte_of(from, to, round, i)) {
            wrong(what);
            return;
        }
}

static void gather_once(lathe_rng *rng, int round, char *mine, char *all)
{
    size_t bytes[64], at = 0;
    for (int r = 0; r < size; r++) bytes[r] = size_of(rng, round);
    fill(mine, 0, round, bytes[rank]);
    const lathe_exchange *exchange = lathe_dist_exchange();
    if (exchange->gather(exchange->self, mine, all, bytes)) return;
    for (int r = 0; r < size; at += bytes[r], r++) check(all + at, r, 0, round, bytes[r], "gather");
}

static void scatter_once(lathe_rng *rng, int round, char *mine, char *got)
{
    size_t bytes[64][64], received[64], at = 0;
    for (int from = 0; from < size; from++)
        for (int to = 0; to < size; to++) bytes[from][to] = size_of(rng, round);
    for (int to = 0; to < size; at += bytes[rank][to], to++) fill(mine + at, to, round, bytes[rank][to]);
    for (int from = 0; from < size; from++) received[from] = bytes[from][rank];
    const lathe_exchange *exchange = lathe_dist_exchange();
    if (exchange->scatter(exchange->self, mine, bytes[rank], got, received)) return;
    at = 0;
    for (int from = 0; from < size; at += received[from], from++)
        check(got + at, from, rank, round, received[from], "scatter");
}

static void exchange_data(void)
{
    lathe_rng rng = lathe_rng_at(5, 1, 0);
    char *mine = malloc((size_t)size * 5000001), *all = malloc((size_t)size * 5000001);
    if (!mine || !all) abort();
    for (int round = 0; round < 200 && !lathe_error(); round++) {
        gather_once(&rng, round, mine, all);
        scatter_once(&rng, round, mine, all);
        uint64_t flags = (uint64_t)1 << rank;
        int told = rank ? -1 : round;
        if (lathe_exchange_agree(lathe_dist_exchange(), &flags)) break;
        if (flags != ((uint64_t)1 << size) - 1) wrong("agree");
        if (lathe_exchange_tell(lathe_dist_exchange(), &told, sizeof told)) break;
        if (told != round) wrong("tell");
    }
    if (!lathe_error())
        printf("%s, of this host %d of %d: well\n", lathe_dist_name(), lathe_dist_local_rank(),
            lathe_dist_local_size());
    free(mine);
    free(all);
}

/* Steps until something ends them; rank 1 does its own in the fifth. */
static void steps(const char *way)
{
    uint64_t none = 0;
    for (int step = 0; step < 10000 && !lathe_error(); step++) {
        if (rank == 1 && step == 5) {
            if (!strcmp(way, "slow")) nap(6);
            if (!strcmp(way, "fail") || !strcmp(way, "compute")) lathe_fail(LATHE_EIO, "the disk is full");
            if (!strcmp(way, "kill")) raise(SIGKILL);
            if (!strcmp(way, "stop")) raise(SIGSTOP);
            if (!strcmp(way, "leave") || lathe_error()) return;
        }
        if (rank != 1 && step == 5 && !strcmp(way, "compute")) nap(1);
        if (step == 20 && !strcmp(way, "slow")) {
            printf("%s: well\n", lathe_dist_name());
            return;
        }
        lathe_exchange_agree(lathe_dist_exchange(), &none);
        nap(0.01);
    }
}

static void unequal(size_t other)
{
    size_t bytes[64];
    char *mine = calloc(64, 3000000), *all = calloc(64, 3000000);
    if (!mine || !all) abort();
    for (int r = 0; r < size; r++) bytes[r] = rank == 1 ? other : 1000;
    const lathe_exchange *exchange = lathe_dist_exchange();
    uint64_t none = 0;
    if (!exchange->gather(exchange->self, mine, all, bytes)) lathe_exchange_agree(exchange, &none);
    free(mine);
    free(all);
}

int main(int argc, char **argv)
{
    if (lathe_dist_init(&argc, &argv)) {
        fprintf(stderr, "%s: %s\n", lathe_dist_name(), lathe_error_message());
        return 1;
    }
    rank = lathe_dist_rank(), size = lathe_dist_size();
    const char *way = argc > 1 ? argv[1] : "";
    if (!strcmp(way, "exchange")) exchange_data();
    else if (!strcmp(way, "sizes")) unequal(2500000);
    else if (!strcmp(way, "less")) unequal(10);
    else steps(way);
    return end();
}
