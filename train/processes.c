/*
 * A run of several processes (core/shard.h). Rank 0 has the settings, the files of first weights and the run
 * folder, and gives the others what it has. The data must lie on every host; it is compared.
 */
#include <stdio.h>

#include "../core/alloc.h"
#include "../core/checksum.h"
#include "../core/exchange.h"
#include "../core/machine.h"
#include "../core/threads.h"
#include "../dist/dist.h"
#include "run_impl.h"

/* What is told must have one form. */
static lathe_status check_builds(const lathe_exchange *exchange)
{
    char text[64];
    snprintf(text, sizeof text, "settings of %zu bytes", sizeof(lathe_settings));
    const lathe_status status = lathe_exchange_alike(exchange);
    return status ? status : lathe_exchange_same(exchange, "the processes are of different builds", text);
}

/* Only rank 0 reads files that settings name. */
static lathe_status complete_settings(lathe_run *run)
{
    lathe_status status = lathe_settings_check(&run->settings);
    if (!status && *run->settings.resume) status = lathe_resume_folder(&run->settings);
    if (!status) status = lathe_run_read_weights(run);
    return status ? status : lathe_run_adopt_input(run);
}

lathe_status lathe_run_tell_settings(lathe_run *run)
{
    lathe_settings *s = &run->settings;
    const lathe_exchange *exchange = run->state->exchange;
    lathe_status status = check_builds(exchange);
    if (status) return status;
    if (lathe_exchange_is_first(exchange)) status = complete_settings(run);
    status = lathe_exchange_settle(exchange, status);
    if (!status) status = lathe_exchange_tell(exchange, s, sizeof *s);
    if (!lathe_exchange_is_first(exchange)) s->out[0] = s->resume[0] = s->init_weights[0] = '\0';
    return status;
}

lathe_status lathe_run_set_threads(const lathe_run *run)
{
    const int threads = run->settings.threads ? run->settings.threads : lathe_dist_threads();
    return lathe_exchange_settle(run->state->exchange, lathe_threads_set(NULL, threads));
}

void lathe_run_tell_part(const lathe_run *run)
{
    const lathe_exchange *exchange = run->state->exchange;
    if (!exchange || exchange->size < 2) return;
    const size_t count = run->feed->train->count, most = (size_t)run->settings.batch_size;
    const int batch = (int)(count < most ? count : most), threads = lathe_threads(NULL);
    const int blocks = (batch - 1) / LATHE_MICRO_BATCH + 1;
    const lathe_shard own = lathe_shard_of(batch, exchange->rank, exchange->size);
    lathe_run_message(run, "rank %d of %d, %d of %d pictures a %s, %d thread%s", exchange->rank,
        exchange->size, own.silent ? 0 : own.count, batch, run->settings.accumulate > 1 ? "batch" : "step",
        threads, threads > 1 ? "s" : "");
    if (blocks < exchange->size)
        lathe_run_message(run,
            "%d of %d processes have nothing to do: a batch of %d has %d micro-batch%s of %d pictures",
            exchange->size - blocks, exchange->size, batch, blocks, blocks > 1 ? "es" : "",
            LATHE_MICRO_BATCH);
}

/* ---- the data ------------------------------------------------------------------------------------------ */

/* The pictures that are compared if each must be decoded, and the most that need not be. */
enum { COMPARED = 64, MOST = 1 << 20 };

/* A checksum of the labels and pictures: of all that lie in memory, else of some at equal distances. */
static lathe_status checksum(const lathe_dataset *data, uint32_t *sum)
{
    lathe_sample sample;
    uint8_t *scratch = lathe_alloc_raw(lathe_data_scratch(data) + 1, 1);
    lathe_status status = scratch ? LATHE_OK : lathe_error();
    const size_t pixels = (size_t)data->channels * (size_t)data->height * (size_t)data->width;
    *sum = lathe_crc32(0, data->labels, data->count * sizeof *data->labels);
    if (data->targets)
        *sum = lathe_crc32(*sum, data->targets,
            data->count * (size_t)data->targets_each * sizeof *data->targets);
    for (size_t i = 0, step = 1; i < data->count && !status; i += step) {
        status = lathe_data_read(data, i, scratch, &sample);
        if (status) break;
        *sum = lathe_crc32(*sum, sample.pixels, pixels);
        if (!i && (data->count > MOST || sample.pixels == scratch)) step = data->count / COMPARED + 1;
    }
    lathe_free(scratch);
    return status;
}

lathe_status lathe_run_check_data(const lathe_run *run)
{
    const lathe_exchange *exchange = run->state->exchange;
    const lathe_feed *feed = run->feed;
    const lathe_dataset *const sets[] = { feed->data, feed->val, feed->test };
    static const char *const names[] = { "training", "validation", "test" };
    if (!exchange || exchange->size < 2) return LATHE_OK;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        char what[320], text[160];
        uint32_t sum = 0;
        lathe_status status = sets[i] ? checksum(sets[i], &sum) : LATHE_OK;
        status = lathe_exchange_settle(exchange, status);
        if (!sets[i]) snprintf(text, sizeof text, "none");
        else
            snprintf(text, sizeof text, "%zu pictures of %d x %d x %d in %d classes, checksum %08x",
                sets[i]->count, sets[i]->channels, sets[i]->height, sets[i]->width, sets[i]->classes, sum);
        snprintf(what, sizeof what, "%.200s: the %s sets differ", run->settings.data, names[i]);
        if (!status) status = lathe_exchange_same(exchange, what, text);
        if (status) return status;
    }
    return LATHE_OK;
}
