/* What a run did under its schedule, in numbers and in a few words. */
#ifndef LATHE_STUDY_ACCOUNT_H
#define LATHE_STUDY_ACCOUNT_H

#include "../metrics/significance.h"
#include "../train/keeper/history.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Of a run, or of several seeds together. Numbers that are not known are NaN. */
typedef struct lathe_account {
    const lathe_task_metric *metric; /* the first of the histories; NULL: they have none */
    size_t runs, cycles;             /* cycles of the rate of the first run; see lathe_history_cycles */
    double low_lr, high_lr;
    /* The metric at the minima of the rate and at its maxima, from the second cycle on. */
    double minima, maxima;
    bool over_seeds;     /* `gap` is over three or more runs, otherwise over cycles */
    lathe_paired_t gap;  /* minima minus maxima. A maximum is compared with the mean of both its minima. */
    double best;         /* of the mean over the runs ... */
    uint64_t best_step;  /* ... after that many steps ... */
    uint64_t best_epoch; /* ... in this epoch, from 1 */
    /*
     * Over-fitting: since the epoch of the lowest validation loss, that loss rose by more than 5 % while the
     * training loss fell. Of cycles only the ends are compared, so a peak of the rate does not count.
     */
    bool fit_known, over_fits;
    uint64_t fit_epoch; /* from 1 */
    double val_from, val_to, train_from, train_to;
} lathe_account;

/**
 * The account of `runs` histories with the same schedule, such as the seeds of a variant.
 *
 * Errors   LATHE_EARG without runs; LATHE_ENOMEM
 */
lathe_status lathe_account_of(const lathe_history *const *histories, size_t runs, lathe_account *account);

/**
 * The account as one line: "6 cycles between 0.001 and 0.08: accuracy 90.1 % at minima, 86.5 % at maxima
 * (+3.6, 95 % interval +3.3 to +3.9); best 90.6 % in epoch 12; does not over-fit". Parts that are not known
 * are left out. Returns `text`, NULL for NULL.
 */
const char *lathe_account_words(const lathe_account *account, char text[256]);

#ifdef __cplusplus
}
#endif
#endif
