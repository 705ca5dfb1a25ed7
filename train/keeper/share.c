/*
 * One run folder for several processes. Rank 0 restores the run; the others take its state as the bytes of a
 * checkpoint, the same as if each had read the file.
 */
#include "../../core/alloc.h"
#include "../../core/exchange.h"
#include "keeper_impl.h"

/* What the bytes of the checkpoint do not say. */
typedef struct head {
    uint64_t bytes; /* of the checkpoint; 0: rank 0 failed to make it */
    uint64_t steps, epochs, evals, probes;
    bool resumed, has_best;
} head;

static lathe_status tell_checkpoint(lathe_keeper *keeper, const lathe_exchange *exchange, char *bytes,
    uint64_t size)
{
    const bool first = lathe_exchange_is_first(exchange);
    if (!first) bytes = lathe_alloc_raw(size, 1);
    lathe_status status = lathe_exchange_settle(exchange, bytes ? LATHE_OK : lathe_error());
    if (!status) status = lathe_exchange_tell(exchange, bytes, size);
    lathe_safetensors *file =
        !status && !first ? lathe_safetensors_of("the state of rank 0", bytes, size) : NULL;
    if (!status && !first) status = file ? lathe_checkpoint_read(keeper, file) : lathe_error();
    lathe_safetensors_free(file);
    lathe_free(bytes);
    return status;
}

/* Rows of rank 0 in place of this process's; room for them first. */
static lathe_status tell_rows(const lathe_exchange *exchange, void **rows, size_t *count, size_t *room,
    uint64_t all, size_t each)
{
    if (!lathe_exchange_is_first(exchange)) {
        void *grown = lathe_grow(*rows, 0, all + 1, each);
        if (!grown) return lathe_error();
        *rows = grown;
        *room = all + 1;
        *count = all;
    }
    return lathe_exchange_tell(exchange, *rows, lathe_times(all, each));
}

static lathe_status tell_history(lathe_history *h, const lathe_exchange *exchange, const head *of)
{
    size_t room = h->probe.room;
    void *step = h->step, *epoch = h->epoch, *eval = h->eval, *at = h->probe.step, *value = h->probe.value;
    lathe_status status = tell_rows(exchange, &step, &h->steps, &h->step_room, of->steps, sizeof *h->step);
    h->step = step;
    if (!status)
        status = tell_rows(exchange, &epoch, &h->epochs, &h->epoch_room, of->epochs, sizeof *h->epoch);
    h->epoch = epoch;
    if (!status) status = tell_rows(exchange, &eval, &h->evals, &h->eval_room, of->evals, sizeof *h->eval);
    h->eval = eval;
    if (status || !h->probe.header) return status;
    status = tell_rows(exchange, &at, &h->probe.rows, &room, of->probes, sizeof *h->probe.step);
    h->probe.step = at;
    if (!status)
        status = tell_rows(exchange, &value, &h->probe.rows, &h->probe.room, of->probes,
            (size_t)h->probe.columns * sizeof *h->probe.value);
    h->probe.value = value;
    return status;
}

/* Best weights need memory, as those of rank 0 do. */
static lathe_status tell_best(lathe_keeper *keeper, const lathe_exchange *exchange)
{
    lathe_status status = lathe_exchange_is_first(exchange) ? LATHE_OK : lathe_keeper_keep(keeper);
    if (status) return status;
    return lathe_exchange_tell(exchange, keeper->own->best,
        lathe_keeper_numbers(keeper) * sizeof *keeper->own->best);
}

lathe_status lathe_keeper_share(lathe_keeper *keeper, const lathe_exchange *exchange)
{
    if (!keeper) return lathe_fail_null("lathe_keeper_share", "keeper");
    if (!exchange || exchange->size < 2) return LATHE_OK;
    const lathe_history *h = &keeper->history;
    head of = { .steps = h->steps,
        .epochs = h->epochs,
        .evals = h->evals,
        .probes = h->probe.rows,
        .resumed = keeper->resumed,
        .has_best = keeper->has_best };
    size_t size = 0;
    char *bytes = exchange->rank ? NULL : lathe_checkpoint_bytes(keeper, &size);
    of.bytes = size;
    lathe_status status = lathe_exchange_settle(exchange, exchange->rank || bytes ? LATHE_OK : lathe_error());
    if (!status) status = lathe_exchange_tell(exchange, &of, sizeof of);
    if (status) return lathe_free(bytes), status;
    if (of.has_best) status = tell_best(keeper, exchange);
    keeper->has_best = of.has_best;
    keeper->resumed = of.resumed;
    if (!status) status = tell_history(&keeper->history, exchange, &of);
    if (!status) status = tell_checkpoint(keeper, exchange, bytes, of.bytes);
    return status;
}
