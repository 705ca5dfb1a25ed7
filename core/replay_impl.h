/*
 * Private to core and nn: a replay is a list of operations that are checked and given their memory once, and
 * that then run many times on other numbers. nn/plan.c makes one of a net.
 */
#ifndef LATHE_CORE_REPLAY_IMPL_H
#define LATHE_CORE_REPLAY_IMPL_H

#include "op.h"

/** A replay owns a tape that rehearses (lathe_tape_rehearse). */
typedef struct lathe_replay lathe_replay;

/** An empty replay for the context and the layout of `like`. Errors: LATHE_ENOMEM. */
lathe_replay *lathe_replay_new(const lathe_tape *like);

/** Free the replay. NULL is fine. */
void lathe_replay_free(lathe_replay *replay);

/**
 * Begin the list anew, in LATHE_EVAL, and give a tensor without numbers that is as x: each operation applied
 * on its tape joins the list, until lathe_replay_settle. Errors: LATHE_ENOMEM.
 */
lathe_tensor *lathe_replay_begin(lathe_replay *replay, const lathe_tensor *x);

/** The operation that joined last. */
lathe_node *lathe_replay_newest(lathe_replay *replay);

/**
 * End the list and give each result its memory, for the input x and the final result y. Results whose last
 * reader has run leave their memory to later ones. Errors: LATHE_ENOMEM.
 */
lathe_status lathe_replay_settle(lathe_replay *replay, lathe_tensor *x, const lathe_tensor *y);

/**
 * Run the list on the numbers of x from picture `first` on. The final result is valid until the next run.
 * Errors   those of the operations: LATHE_ENOMEM
 */
lathe_status lathe_replay_run(lathe_replay *replay, const lathe_real *numbers, const lathe_tensor *x,
    int first);

/** Bytes for results, and if `work` is true for work space. */
size_t lathe_replay_bytes(const lathe_replay *replay, bool work);

/**
 * A tape that rehearses checks its operations and gives their results shapes, but runs none: computed tensors
 * have no numbers, and reading them is a failure, LATHE_ESTATE.
 */
void lathe_tape_rehearse(lathe_tape *tape, bool on);

/** Whether the operation is not a program's. */
bool lathe_op_is_of_library(const lathe_op *op);

/** Whether operations are the same on both tapes: of one context and layout. NULL: false. */
bool lathe_tape_alike(const lathe_tape *a, const lathe_tape *b);

/** Whether a trace is open. NULL: false. */
bool lathe_tape_traced(const lathe_tape *tape);

/**
 * Whether a replay may stand for operations on x: it is of its tape's present step, in LATHE_EVAL, needs no
 * gradient, and the tape has neither failed nor a trace open.
 */
bool lathe_replay_suits(const lathe_tensor *x);

#endif
