#include "exchange.h"

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "blas.h"
#include "machine.h"
#include "threads_impl.h"

/* Bytes of rank 0 that travel at once. */
enum { PIECE = 1 << 22, HOST = 64 };

static bool is_alone(const lathe_exchange *exchange) { return !exchange || exchange->size < 2; }

bool lathe_exchange_is_first(const lathe_exchange *exchange) { return !exchange || !exchange->rank; }

lathe_status lathe_exchange_each(const lathe_exchange *exchange, const void *mine, void *all, size_t bytes)
{
    if (!mine || !all) return lathe_fail_null("lathe_exchange_each", mine ? "all" : "mine");
    if (is_alone(exchange)) return memcpy(all, mine, bytes), LATHE_OK;
    size_t *each = lathe_alloc((size_t)exchange->size, sizeof *each);
    for (int r = 0; each && r < exchange->size; r++) each[r] = bytes;
    lathe_status status = each ? exchange->gather(exchange->self, mine, all, each) : lathe_error();
    lathe_free(each);
    return status;
}

/* Every process's `bytes` bytes, in order of rank; for lathe_free. NULL after a failure. */
static void *gather(const lathe_exchange *exchange, const void *mine, size_t bytes)
{
    void *all = lathe_alloc((size_t)exchange->size, bytes);
    if (all && !lathe_exchange_each(exchange, mine, all, bytes)) return all;
    lathe_free(all);
    return NULL;
}

lathe_status lathe_exchange_tell(const lathe_exchange *exchange, void *data, size_t bytes)
{
    if (is_alone(exchange) || !bytes) return LATHE_OK;
    if (!data) return lathe_fail_null("lathe_exchange_tell", "data");
    size_t *each = lathe_alloc((size_t)exchange->size, sizeof *each);
    char *piece = each ? lathe_alloc(1, bytes < PIECE ? bytes : PIECE) : NULL;
    lathe_status status = piece ? LATHE_OK : lathe_error();
    for (size_t done = 0; done < bytes && !status; done += each[0]) {
        each[0] = bytes - done < PIECE ? bytes - done : PIECE;
        status = exchange->gather(exchange->self, (char *)data + done, piece, each);
        if (!status && exchange->rank) memcpy((char *)data + done, piece, each[0]);
    }
    lathe_free(piece);
    lathe_free(each);
    return status;
}

lathe_status lathe_exchange_agree(const lathe_exchange *exchange, uint64_t *flags)
{
    if (!flags) return lathe_fail_null("lathe_exchange_agree", "flags");
    if (is_alone(exchange)) return LATHE_OK;
    uint64_t *all = gather(exchange, flags, sizeof *flags);
    for (int r = 0; all && r < exchange->size; r++) *flags |= all[r];
    lathe_free(all);
    return all ? LATHE_OK : lathe_error();
}

/* ---- all or none --------------------------------------------------------------------------------------- */

typedef struct outcome {
    lathe_status status;
    char host[HOST], message[LATHE_MESSAGE_SIZE];
} outcome;

/* The outcome of that rank as this process's failure. */
static lathe_status fail_as(const lathe_exchange *exchange, const outcome *all, int rank)
{
    const outcome *o = &all[rank];
    if (rank == exchange->rank && !rank) return lathe_fail(o->status, "%s", o->message);
    return lathe_fail(o->status, "rank %d of %d on %s: %s", rank, exchange->size, o->host, o->message);
}

lathe_status lathe_exchange_settle(const lathe_exchange *exchange, lathe_status mine)
{
    if (is_alone(exchange)) return mine;
    outcome own = { .status = mine };
    if (mine) snprintf(own.message, sizeof own.message, "%s", lathe_error_message());
    lathe_host(own.host, sizeof own.host);
    outcome *all = gather(exchange, &own, sizeof own);
    int rank = 0;
    while (all && rank < exchange->size && !all[rank].status) rank++;
    lathe_status status = !all ? lathe_error() :
        rank < exchange->size  ? fail_as(exchange, all, rank) :
                                 LATHE_OK;
    lathe_free(all);
    return status;
}

lathe_status lathe_exchange_same(const lathe_exchange *exchange, const char *what, const char *text)
{
    if (!what || !text) return lathe_fail_null("lathe_exchange_same", what ? "text" : "what");
    if (is_alone(exchange)) return LATHE_OK;
    outcome own = { .status = LATHE_ESTATE };
    snprintf(own.message, sizeof own.message, "%s", text);
    lathe_host(own.host, sizeof own.host);
    outcome *all = gather(exchange, &own, sizeof own);
    int rank = 0;
    while (all && rank < exchange->size && !strcmp(all[rank].message, all[0].message)) rank++;
    lathe_status status = all ? LATHE_OK : lathe_error();
    if (all && rank < exchange->size)
        status = lathe_fail(LATHE_ESTATE, "rank %d of %d on %s: %.120s: %.120s; rank 0 on %s has %.120s",
            rank, exchange->size, all[rank].host, what, all[rank].message, all[0].host, all[0].message);
    lathe_free(all);
    return status;
}

lathe_status lathe_exchange_alike(const lathe_exchange *exchange)
{
    char text[128];
    snprintf(text, sizeof text, "lathe %s, %s, %s, blas %s", lathe_version(), lathe_context_isa(NULL),
        sizeof(lathe_real) == 4 ? "float" : "double", lathe_blas_core());
    return lathe_exchange_same(exchange,
        "the processes compute differently (LATHE_ISA and OPENBLAS_CORETYPE choose what all have)", text);
}

/* ---- threads ------------------------------------------------------------------------------------------- */

enum { PROCESSORS = 1024 };

/* A process's place: its host, how many processors it may use, and which, one bit each. */
typedef struct place {
    char host[HOST];
    int processors;
    unsigned char allowed[PROCESSORS / 8];
} place;

/*
 * A processor that several processes of the host may use counts in parts. So processes that the launcher has
 * bound to processors of their own use all of these, and unbound ones divide the host's.
 */
static int threads_at(const place *all, int size, const place *own)
{
    double share = 0;
    int here = 0, allowed = 0;
    for (int r = 0; r < size; r++) here += !strcmp(all[r].host, own->host);
    for (int i = 0; i < PROCESSORS; i++) {
        int users = 0;
        if (!(own->allowed[i / 8] >> i % 8 & 1)) continue;
        allowed++;
        for (int r = 0; r < size; r++)
            users += !strcmp(all[r].host, own->host) && all[r].allowed[i / 8] >> i % 8 & 1;
        share += 1 / (double)users;
    }
    const bool limited = own->processors < allowed || !allowed; /* a control group allows fewer */
    int threads = limited ? own->processors / here : (int)(share + 1e-6);
    return threads > 1 ? threads : 1;
}

lathe_status lathe_exchange_threads(const lathe_exchange *exchange, int *threads)
{
    if (!threads) return lathe_fail_null("lathe_exchange_threads", "threads");
    *threads = 0;
    if (is_alone(exchange)) return LATHE_OK;
    place own = { .processors = lathe_processors() };
    lathe_host(own.host, sizeof own.host);
    lathe_processors_allowed(own.allowed, sizeof own.allowed);
    place *all = gather(exchange, &own, sizeof own);
    if (all) *threads = threads_at(all, exchange->size, &own);
    lathe_free(all);
    return all ? LATHE_OK : lathe_error();
}
