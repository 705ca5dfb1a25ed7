#include "line.h"

#include <math.h>
#include <string.h>

#include "../core/alloc.h"

/* All tensors of a net in a file, one behind the other. */
typedef struct weights {
    lathe_tensor *const *tensor;
    int count;
    size_t size;
} weights;

static weights weights_of(const lathe_run *run)
{
    weights w = { 0 };
    w.tensor = lathe_nn_state(run->learner->net, &w.count);
    for (int i = 0; w.tensor && i < w.count; i++) w.size += w.tensor[i]->stored;
    return w;
}

/* Load a file and keep a copy of its numbers. */
static lathe_status take(lathe_run *run, const weights *w, const char *path, lathe_real *kept)
{
    lathe_status status = lathe_run_load(run, path);
    for (int i = 0; i < w->count && !status; kept += w->tensor[i++]->stored)
        memcpy(kept, w->tensor[i]->data, w->tensor[i]->stored * sizeof *kept);
    return status;
}

/* Give the net the weights at `a`; at the ends their bits are those of the files. */
static void place(const weights *w, const lathe_real *from, const lathe_real *to, double a)
{
    for (int i = 0; i < w->count; i++)
        for (size_t k = 0; k < w->tensor[i]->stored; k++, from++, to++)
            w->tensor[i]->data[k] = a <= 0 ? *from :
                a >= 1                     ? *to :
                                             (lathe_real)((1 - a) * (double)*from + a * (double)*to);
}

/* Of the trained numbers alone, without running statistics. */
static double distance(const weights *w, const lathe_real *from, const lathe_real *to)
{
    double sum = 0;
    for (int i = 0; i < w->count; i++)
        for (size_t k = 0; k < w->tensor[i]->stored; k++, from++, to++) {
            const double difference = (double)*to - (double)*from;
            if (w->tensor[i]->grad) sum += difference * difference;
        }
    return sqrt(sum);
}

lathe_status lathe_line_scores(lathe_run *run, const lathe_dataset *data, const char *from, const char *to,
    size_t points, lathe_score *scores, double *length)
{
    if (!run || !data || !from || !to || !scores)
        return lathe_fail_null("lathe_line_scores",
            !run      ? "run" :
                !data ? "data" :
                !from ? "from" :
                !to   ? "to" :
                        "scores");
    if (points < 2)
        return lathe_fail(LATHE_EARG, "lathe_line_scores: points = %zu, expected 2 or more", points);
    const weights w = weights_of(run);
    lathe_real *first = w.tensor ? lathe_alloc_raw(lathe_times(2, w.size), sizeof *first) : NULL,
               *last = first ? first + w.size : NULL;
    lathe_status status = first ? take(run, &w, from, first) : lathe_error();
    if (!status) status = take(run, &w, to, last);
    if (!status && length) *length = distance(&w, first, last);
    for (size_t i = 0; i < points && !status; i++) {
        place(&w, first, last, (double)i / (double)(points - 1));
        if (i > 0 && i + 1 < points) status = lathe_learner_statistics(run->learner);
        if (!status) status = lathe_run_evaluate(run, data, NULL, &scores[i]);
    }
    lathe_free(first);
    return status;
}

double lathe_line_barrier(const lathe_score *scores, size_t points, double *at)
{
    double most = 0, where = 0;
    if (at) *at = (double)NAN;
    if (!scores || points < 2) return (double)NAN;
    for (size_t i = 0; i < points; i++) {
        const double a = (double)i / (double)(points - 1),
                     above = scores[i].loss - ((1 - a) * scores[0].loss + a * scores[points - 1].loss);
        if (!isfinite(above)) return (double)NAN;
        if (above > most) most = above, where = a;
    }
    if (at) *at = where;
    return most;
}
