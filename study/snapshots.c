/* Weights that were kept at the ends of cycles, and the mean of their predictions on the test set. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "../core/alloc.h"
#include "../task/ensemble.h"
#include "compare_impl.h"

/* Test one snapshot alone, and add it to the ensemble. */
static lathe_status add(lathe_run *run, uint64_t number, lathe_loader *loader, lathe_ensemble *ensemble,
    double *accuracy)
{
    char name[64], path[LATHE_SETTING_LONG + 64];
    lathe_score score;
    snprintf(name, sizeof name, "cycle-%" PRIu64 ".safetensors", number);
    lathe_status status = lathe_file_join(run->settings.out, name, path, sizeof path);
    if (!status) status = lathe_run_load(run, path);
    if (!status) status = lathe_run_evaluate(run, run->feed->test, NULL, &score);
    if (status) return status;
    *accuracy = score.metric[0];
    return lathe_ensemble_add(ensemble, run->learner->net, run->learner->tape, loader);
}

lathe_status lathe_snapshots_test(lathe_run *run, double *last, double *mean)
{
    *last = *mean = (double)NAN;
    size_t count = 0;
    if (!run->settings.keep_cycles || !run->feed->test || run->end == LATHE_RUN_NAN) return LATHE_OK;
    uint64_t *number = lathe_file_numbers(run->settings.out, "cycle-", ".safetensors", &count);
    if (!number || !count) {
        lathe_free(number);
        return number ? LATHE_OK : lathe_error();
    }
    lathe_score score = { 0 };
    lathe_loader *loader = lathe_feed_loader(run->feed, run->feed->test, false);
    lathe_ensemble *ensemble = loader ? lathe_ensemble_new(run->learner->task, run->feed->test->count) : NULL;
    lathe_status status = ensemble ? LATHE_OK : lathe_error();
    for (size_t i = 0; i < count && !status; i++) status = add(run, number[i], loader, ensemble, last);
    if (!status)
        status =
            lathe_ensemble_score(ensemble, run->learner->tape, loader, run->learner->opts.plain_loss, &score);
    if (!status) *mean = score.metric[0];
    lathe_ensemble_free(ensemble);
    lathe_loader_free(loader);
    lathe_free(number);
    return status;
}
