/* A comparison whose runs are made by several processes. */
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/exchange.h"
#include "compare_impl.h"

/* A comparison with room for `runs` runs. */
static lathe_compare *empty(size_t runs)
{
    lathe_compare *compare = lathe_alloc(1, sizeof *compare);
    if (compare) compare->run = lathe_alloc(runs, sizeof *compare->run);
    if (compare && compare->run) return compare->runs = runs, compare;
    lathe_compare_free(compare);
    return NULL;
}

lathe_compare *lathe_compare_share(lathe_compare *compare, const lathe_exchange *exchange)
{
    const bool first = lathe_exchange_is_first(exchange);
    if (first && !compare) return lathe_fail_null("lathe_compare_share", "compare"), NULL;
    if (!exchange || exchange->size < 2) return compare;
    uint64_t runs = first ? compare->runs : 0;
    if (lathe_exchange_alike(exchange)) return NULL;
    if (lathe_exchange_tell(exchange, &runs, sizeof runs)) return NULL;
    lathe_compare *own = first ? compare : empty(runs);
    lathe_status status = lathe_exchange_settle(exchange, own ? LATHE_OK : lathe_error());
    if (!status) status = lathe_exchange_tell(exchange, own->folder, sizeof own->folder);
    if (!status) status = lathe_exchange_tell(exchange, own->run, runs * sizeof *own->run);
    if (!status) return own;
    if (!first) lathe_compare_free(own);
    return NULL;
}

/* Check that the folder of a run that another process has made is seen here. */
static lathe_status check_folder(const lathe_compare_run *run, int rank, int size)
{
    char path[LATHE_SETTING_LONG + 64];
    lathe_status status = lathe_file_join(run->settings.out, "config.ini", path, sizeof path);
    if (status || lathe_file_exists(path)) return status;
    return lathe_fail(LATHE_EIO,
        "%s: made by rank %d of %d, but not seen by rank 0: --out must lie in a folder that all hosts share",
        run->settings.out, rank, size);
}

static lathe_status take_results(lathe_compare *compare, const lathe_exchange *exchange,
    const lathe_compare_result *all, const size_t *index, size_t count)
{
    lathe_status status = LATHE_OK;
    for (size_t r = 0; r < count && !status; r++) {
        lathe_compare_run *run = &compare->run[index[r]];
        if (!exchange->rank) status = check_folder(run, (int)r, exchange->size);
        run->result = all[r];
    }
    if (!status && !exchange->rank) status = lathe_compare_write(compare);
    return lathe_exchange_settle(exchange, status);
}

lathe_status lathe_compare_gather(lathe_compare *compare, const lathe_exchange *exchange, const size_t *index,
    size_t count)
{
    if (!compare || !index) return lathe_fail_null("lathe_compare_gather", compare ? "index" : "compare");
    if (!exchange || exchange->size < 2) return LATHE_OK;
    const size_t size = (size_t)exchange->size, rank = (size_t)exchange->rank;
    const lathe_compare_result none = { 0 }, *mine = rank < count ? &compare->run[index[rank]].result : &none;
    lathe_compare_result *all = lathe_alloc(size, sizeof *all);
    lathe_status status = all ? lathe_exchange_each(exchange, mine, all, sizeof *all) : lathe_error();
    if (!status) status = take_results(compare, exchange, all, index, count < size ? count : size);
    lathe_free(all);
    return status;
}
