/* The tape's insides, for tape.c and op.c. Not installed. */
#ifndef LATHE_CORE_TAPE_IMPL_H
#define LATHE_CORE_TAPE_IMPL_H

#include "arena.h"
#include "chain_impl.h"
#include "op.h"
#include "shard.h"
#include "trace.h"

enum { LATHE_SPARE_GRADS = 32 };

/* Gradient buffers that backward is done with, to be used again for the next ones. */
typedef struct lathe_spare_grad {
    lathe_real *at;
    size_t count;
} lathe_spare_grad;

/*
 * Tensors are taken from a ring, and their memory never holds anything else. So a tensor that a program has
 * kept for too long is still a tensor, and its `begun` tells. A step with more tensors than the ring adds a
 * part, twice as long as the last.
 */
#ifdef NDEBUG
enum { LATHE_RING_FIRST = 1024 };
#else
enum { LATHE_RING_FIRST = 16384 };
#endif
enum { LATHE_RING_PARTS = 32 };

typedef struct lathe_ring {
    lathe_tensor *part[LATHE_RING_PARTS];
    int parts, current;
    size_t used; /* of the current part */
} lathe_ring;

struct lathe_tape {
    lathe_context *context;
    lathe_arena *arena; /* numbers, nodes, what operations save */
    lathe_ring ring;    /* tensors */
    uint64_t times;     /* that lathe_tape_begin was called */
    lathe_arena *work;  /* one operation's work space, and that of jobs that wait */
    lathe_chain chain;
    lathe_node *newest;
    lathe_mode mode;
    lathe_layout layout; /* that operations on images want */
    lathe_shard shard;   /* of the step's batch; zeros: it is not shared */
    bool owes; /* gradients wait for lathe_context_reduce; a tape that owes nothing may outlive its context */
    bool backward_done;
    uint64_t seed, step, ticket;
    double statistics; /* 0: norms have their momentum */
    bool step_begun;   /* the first lathe_tape_begin with LATHE_TRAIN does not count the step on */
    const char *scope;
    lathe_swap swap;
    lathe_trace *trace;          /* what is being recorded; NULL: nothing */
    struct lathe_replay *replay; /* the list that operations join; NULL: none */
    bool rehearses;              /* computed tensors have no numbers */
    lathe_node_hook *on_record, *on_backward;
    void *on_record_context, *on_backward_context;
    lathe_spare_grad spare[LATHE_SPARE_GRADS];
    int spares;
    lathe_status status;
    char message[LATHE_MESSAGE_SIZE];
};

/** A failure that was recorded elsewhere (out of memory, a bad shape) is the tape's too. Returns NULL. */
void *lathe_tape_adopt_failure(lathe_tape *tape);

/** Add the operation that has run to the trace. Returns false after a failure. */
bool lathe_trace_note(lathe_trace *trace, const lathe_node *node);

/** Add the operation to the replay. Returns false after a failure. */
bool lathe_replay_note(struct lathe_replay *replay, lathe_node *node);

/** Take back the work space of the operation that has run. */
void lathe_tape_give_work_back(lathe_tape *tape);

#endif
