#include "confusion.h"

#include <string.h>

#include "../core/alloc.h"
#include "metric_impl.h"

struct lathe_confusion {
    int classes;
    uint64_t *count; /* [classes, classes] */
};

lathe_confusion *lathe_confusion_new(int classes)
{
    size_t cells = 0;
    if (classes < 2 || !lathe_size_mul((size_t)classes, (size_t)classes, &cells)) {
        lathe_fail(LATHE_EARG, "lathe_confusion_new: %d classes, at least 2 are needed", classes);
        return NULL;
    }
    lathe_confusion *confusion = lathe_alloc(1, sizeof *confusion);
    if (!confusion) return NULL;
    confusion->classes = classes;
    if ((confusion->count = lathe_alloc(cells, sizeof *confusion->count))) return confusion;
    lathe_free(confusion);
    return NULL;
}

void lathe_confusion_free(lathe_confusion *confusion)
{
    if (!confusion) return;
    lathe_free(confusion->count);
    lathe_free(confusion);
}

lathe_status lathe_confusion_update(lathe_confusion *confusion, const lathe_real *scores, const int *labels,
    size_t count)
{
    if (!confusion) return lathe_fail_null("lathe_confusion_update", "confusion");
    if (count == 0) return LATHE_OK;
    size_t classes = (size_t)confusion->classes;
    lathe_status status =
        lathe_check_samples("lathe_confusion_update", confusion->classes, scores, labels, false, count);
    for (size_t i = 0; !status && i < count; i++)
        confusion->count[(size_t)labels[i] * classes +
            (size_t)lathe_argmax(scores + i * classes, confusion->classes)]++;
    return status;
}

void lathe_confusion_reset(lathe_confusion *confusion)
{
    if (!confusion) return;
    memset(confusion->count, 0,
        (size_t)confusion->classes * (size_t)confusion->classes * sizeof *confusion->count);
}

int lathe_confusion_classes(const lathe_confusion *confusion) { return confusion ? confusion->classes : 0; }
const uint64_t *lathe_confusion_counts(const lathe_confusion *confusion)
{
    return confusion ? confusion->count : NULL;
}

lathe_class_counts lathe_confusion_class(const lathe_confusion *confusion, int class_number)
{
    if (!confusion) return (lathe_class_counts){ 0 };
    lathe_class_counts c = { 0 };
    if (class_number < 0 || class_number >= confusion->classes) return c;
    for (int i = 0; i < confusion->classes; i++)
        for (int j = 0; j < confusion->classes; j++) {
            uint64_t n = confusion->count[(size_t)i * (size_t)confusion->classes + (size_t)j];
            bool is = i == class_number, taken = j == class_number;
            if (is && taken) c.true_positive += n;
            else if (is) c.false_negative += n;
            else if (taken) c.false_positive += n;
            else c.true_negative += n;
        }
    return c;
}

int lathe_confusion_mistakes(const lathe_confusion *confusion, lathe_confused *mistakes, int room)
{
    if (!confusion || !mistakes) return 0;
    int found = 0;
    for (int i = 0; i < confusion->classes; i++)
        for (int j = 0; j < confusion->classes; j++) {
            lathe_confused m = { i, j, confusion->count[(size_t)i * (size_t)confusion->classes + (size_t)j] };
            if (i == j || m.count == 0) continue;
            int at = found < room ? found++ : room;
            for (; at > 0 && mistakes[at - 1].count < m.count; at--)
                if (at < room) mistakes[at] = mistakes[at - 1];
            if (at < room) mistakes[at] = m;
        }
    return found;
}
