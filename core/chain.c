#include "chain_impl.h"

#include <string.h>

#include "tape_impl.h"

/* Bytes of work space that jobs may keep while they wait. */
enum { MOST_WORK = 4 << 20 };

struct lathe_link {
    lathe_link *next;
    lathe_task_fn *run;
    int tasks; /* a block */
    void (*behind)(void *job);
    void *job;
};

bool lathe_chain_open(lathe_tape *tape)
{
    if (tape->chain.open || tape->on_record || tape->on_backward) return false;
    return tape->chain.open = true;
}

bool lathe_chain_close(lathe_tape *tape)
{
    if (!tape->chain.open) return false;
    lathe_chain_run(tape);
    tape->chain.open = false;
    return true;
}

bool lathe_chain_waits(const lathe_tape *tape) { return tape->chain.first || tape->chain.first_behind; }

/* One block goes through all jobs. */
static void block_task(void *first, int block)
{
    for (const lathe_link *link = first; link; link = link->next)
        for (int i = 0; i < link->tasks; i++) link->run(link->job, block * link->tasks + i);
}

/* Blocks that are left over: each job is done for all of them before the next. */
typedef struct rest_job {
    const lathe_link *link;
    int first; /* task */
} rest_job;

static void rest_task(void *context, int task)
{
    const rest_job *rest = context;
    rest->link->run(rest->link->job, rest->first + task);
}

static void run_links(lathe_context *context, lathe_link *first, int blocks)
{
    int together = first->next ? blocks - blocks % lathe_threads(context) : 0;
    lathe_parallel(context, together, block_task, first);
    for (const lathe_link *link = first; link && together < blocks; link = link->next)
        lathe_parallel(context, (blocks - together) * link->tasks, rest_task,
            &(rest_job){ link, together * link->tasks });
}

void lathe_chain_run(lathe_tape *tape)
{
    lathe_chain waits = tape->chain;
    tape->chain = (lathe_chain){ .open = waits.open, .depth = waits.depth };
    if (waits.first) run_links(tape->context, waits.first, waits.blocks);
    for (lathe_link *link = waits.first_behind; link; link = link->next) link->behind(link->job);
    tape->chain.takes = waits.takes;
}

/* Computed numbers that all pictures share, such as weights, must be there when the operation begins, and
 * their gradient when it ends, because backward looks for it. */
static bool has_shared_inputs(const lathe_node *node)
{
    for (int i = 0; i < node->inputs; i++) {
        const lathe_tensor *x = node->in[i];
        if (x && x->tape && x->layout == LATHE_PLAIN && !x->pictures) return true;
    }
    return false;
}

void lathe_chain_enter(const lathe_node *node)
{
    lathe_tape *tape = node->tape;
    bool first = !tape->chain.depth++;
    tape->chain.takes = first && tape->chain.open && node->op->by_blocks && !has_shared_inputs(node);
    if (tape->chain.takes || !lathe_chain_waits(tape)) return;
    lathe_chain_run(tape);
    lathe_tape_give_work_back(tape);
}

void lathe_chain_leave(lathe_tape *tape)
{
    tape->chain.takes = false;
    if (--tape->chain.depth) return; /* the work space is that of the operation around it, too */
    if (lathe_arena_used(tape->work) > MOST_WORK) lathe_chain_run(tape);
    if (!lathe_chain_waits(tape)) lathe_tape_give_work_back(tape);
}

/* A link with a copy of the job; NULL after a failure, now or before. */
static lathe_link *new_link(lathe_tape *tape, const void *job, size_t size)
{
    lathe_link *link = lathe_tape_work(tape, 1, sizeof *link);
    void *copy = lathe_tape_work(tape, 1, size);
    if (!link || !copy || tape->status) return NULL;
    memcpy(copy, job, size);
    *link = (lathe_link){ .job = copy };
    return link;
}

void *lathe_chain_keep(const lathe_node *node, void *job, size_t size)
{
    if (!node->tape->chain.takes) return job;
    void *copy = lathe_tape_work(node->tape, 1, size);
    return copy ? memcpy(copy, job, size) : NULL;
}

void lathe_parallel_blocks(const lathe_node *node, int blocks, int tasks, lathe_task_fn *run, void *job,
    size_t size)
{
    lathe_tape *tape = node->tape;
    lathe_chain *chain = &tape->chain;
    if (chain->first && chain->blocks != blocks) lathe_chain_run(tape);
    if (!chain->takes) {
        lathe_parallel(node->context, blocks * tasks, run, job);
        return;
    }
    lathe_link *link = new_link(tape, job, size);
    if (!link) return;
    link->run = run;
    link->tasks = tasks;
    if (chain->last) chain->last->next = link;
    else chain->first = link;
    chain->last = link;
    chain->blocks = blocks;
}

void lathe_behind_blocks(const lathe_node *node, void (*run)(void *job), void *job, size_t size)
{
    lathe_chain *chain = &node->tape->chain;
    if (!chain->takes) {
        run(job);
        return;
    }
    lathe_link *link = new_link(node->tape, job, size);
    if (!link) return;
    link->behind = run;
    if (chain->last_behind) chain->last_behind->next = link;
    else chain->first_behind = link;
    chain->last_behind = link;
}
