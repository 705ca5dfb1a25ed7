#include "replay_impl.h"

#include <limits.h>
#include <stdint.h>

#include "alloc.h"
#include "tape_impl.h"

/* A result of the list. Results that share memory have one owner. */
typedef struct value {
    lathe_node *node;
    int owner; /* the result whose memory it is, maybe its own; INPUT: x's */
    int last;  /* its last reader; of an owner: of all that share its memory */
    size_t at; /* of an owner: the place of its memory in the buffer, in numbers */
} value;

enum { INPUT = -1, ELSEWHERE = -2 };

struct lathe_replay {
    lathe_tape *tape;
    value *value; /* [count], in the order of the operations */
    int count, room;
    lathe_node **step; /* [steps]: the operations that have something to do */
    int steps;
    lathe_tensor *x;
    lathe_arena_mark settled; /* of the tape's memory; what a run takes lies behind */
    lathe_real *buffer;
    size_t numbers; /* in the buffer */
};

lathe_replay *lathe_replay_new(const lathe_tape *like)
{
    lathe_replay *replay = lathe_alloc(1, sizeof *replay);
    if (replay && (replay->tape = lathe_tape_new(like->context))) {
        replay->tape->layout = like->layout;
        return replay;
    }
    lathe_replay_free(replay);
    return NULL;
}

void lathe_replay_free(lathe_replay *replay)
{
    if (!replay) return;
    lathe_tape_free(replay->tape);
    lathe_free(replay->value);
    lathe_free(replay->step);
    lathe_free(replay->buffer);
    lathe_free(replay);
}

lathe_tensor *lathe_replay_begin(lathe_replay *replay, const lathe_tensor *x)
{
    lathe_tape *tape = replay->tape;
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tape_rehearse(tape, true);
    tape->replay = replay;
    replay->count = 0;
    lathe_tensor *like = lathe_tape_leaf(tape, x->layout, x->shape, NULL);
    if (!like) return NULL;
    like->pictures = x->pictures;
    like->sharded = x->sharded;
    if (x->sharded) tape->shard = (lathe_shard){ .whole = x->shape.dim[0], .count = x->shape.dim[0] };
    return like;
}

bool lathe_replay_note(lathe_replay *replay, lathe_node *node)
{
    if (replay->count == replay->room) {
        int more = replay->room ? 2 * replay->room : 32;
        value *grown = lathe_grow(replay->value, (size_t)replay->room, (size_t)more, sizeof *grown);
        if (!grown) return false;
        replay->value = grown;
        replay->room = more;
    }
    replay->value[replay->count++] = (value){ .node = node };
    return true;
}

lathe_node *lathe_replay_newest(lathe_replay *replay)
{
    return replay->count ? replay->value[replay->count - 1].node : NULL;
}

/* ---- memory -------------------------------------------------------------------------------------------- */

/* The result that `tensor` is, of those before number `end`; INPUT, or ELSEWHERE for a parameter or NULL. */
static int number_of(const lathe_replay *replay, const lathe_tensor *tensor, int end)
{
    if (!tensor || !tensor->tape) return ELSEWHERE;
    while (--end >= 0 && replay->value[end].node->out != tensor) {
    }
    return end;
}

/* The owner of the memory that input number i of result n is read from. */
static int owner_of_input(const lathe_replay *replay, int n, int i)
{
    int from = number_of(replay, replay->value[n].node->in[i], n);
    return from < 0 ? from : replay->value[from].owner;
}

/* Whether result n may be written where its input number i is: nobody reads it later, or as another one. */
static bool may_overwrite(const lathe_replay *replay, int n, int i)
{
    const lathe_node *node = replay->value[n].node;
    int owner = owner_of_input(replay, n, i);
    if (owner < 0 || node->in[i]->stored != node->out->stored) return false;
    for (int other = 0; other < node->inputs; other++)
        if (other != i && owner_of_input(replay, n, other) == owner) return false;
    for (int v = owner; v < n; v++)
        if (replay->value[v].owner == owner && replay->value[v].last > n) return false;
    return true;
}

/* Set every result's last reader, then the owner of its memory. The final result is read after all. */
static void find_owners(lathe_replay *replay, const lathe_tensor *y)
{
    for (int n = 0; n < replay->count; n++) {
        const lathe_node *node = replay->value[n].node;
        replay->value[n].last = node->out == y ? INT_MAX : n;
        for (int i = 0; i < node->inputs; i++) {
            int from = number_of(replay, node->in[i], n);
            if (from >= 0 && replay->value[from].last < n) replay->value[from].last = n;
        }
    }
    for (int n = 0; n < replay->count; n++) {
        value *v = &replay->value[n];
        int shared = v->node->op->view ? 0 : v->node->op->in_place - 1;
        bool shares = v->node->op->view || (shared >= 0 && may_overwrite(replay, n, shared));
        v->owner = shares ? owner_of_input(replay, n, shared) : n;
        if (v->owner >= 0 && replay->value[v->owner].last < v->last) replay->value[v->owner].last = v->last;
    }
}

/* Numbers of a result's memory, so that the next one begins at a cache line. */
static size_t size_of(const value *v)
{
    return v->node->out->stored + (LATHE_LANES - v->node->out->stored % LATHE_LANES) % LATHE_LANES;
}

static bool overlap(const value *a, int a_number, const value *b, int b_number)
{
    return a_number <= b->last && b_number <= a->last;
}

/* The lowest place for owner n beside the owners that are placed and live at the same time. */
static size_t free_place(const lathe_replay *replay, const bool *placed, int n)
{
    const value *own = &replay->value[n];
    size_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int m = 0; m < replay->count; m++) {
            const value *other = &replay->value[m];
            if (!placed[m] || !overlap(own, n, other, m)) continue;
            if (at >= other->at + size_of(other) || other->at >= at + size_of(own)) continue;
            at = other->at + size_of(other);
            moved = true;
        }
    }
    return at;
}

/* Place the owners in one buffer, the largest first (Pisarchyk, Lee 2020, arXiv 2001.03288). */
static bool place_owners(lathe_replay *replay)
{
    bool *placed = lathe_alloc((size_t)replay->count + 1, sizeof *placed);
    if (!placed) return false;
    replay->numbers = 0;
    for (int next = 0; next >= 0;) {
        next = -1;
        for (int n = 0; n < replay->count; n++) {
            const value *v = &replay->value[n];
            if (v->owner == n && !placed[n] && (next < 0 || size_of(v) > size_of(&replay->value[next])))
                next = n;
        }
        if (next < 0) break;
        value *v = &replay->value[next];
        v->at = free_place(replay, placed, next);
        placed[next] = true;
        if (v->at + size_of(v) > replay->numbers) replay->numbers = v->at + size_of(v);
    }
    lathe_free(placed);
    return true;
}

static lathe_status give_memory(lathe_replay *replay)
{
    replay->steps = 0;
    replay->buffer = lathe_alloc_raw(replay->numbers + 1, sizeof *replay->buffer);
    replay->step = lathe_alloc((size_t)replay->count + 1, sizeof(lathe_node *));
    if (!replay->buffer || !replay->step) return lathe_error();
    for (int n = 0; n < replay->count; n++) {
        value *v = &replay->value[n];
        if (v->owner >= 0) v->node->out->data = replay->buffer + replay->value[v->owner].at;
        if (v->node->op->forward) replay->step[replay->steps++] = v->node;
    }
    return LATHE_OK;
}

lathe_status lathe_replay_settle(lathe_replay *replay, lathe_tensor *x, const lathe_tensor *y)
{
    replay->tape->replay = NULL;
    lathe_tape_rehearse(replay->tape, false);
    lathe_free(replay->buffer);
    lathe_free(replay->step);
    replay->buffer = NULL;
    replay->step = NULL;
    replay->x = x;
    find_owners(replay, y);
    if (!place_owners(replay)) return lathe_error();
    lathe_status status = give_memory(replay);
    replay->settled = lathe_arena_tell(replay->tape->arena);
    return status;
}

size_t lathe_replay_bytes(const lathe_replay *replay, bool work)
{
    return replay->numbers * sizeof(lathe_real) + (work ? lathe_arena_capacity(replay->tape->work) : 0);
}

/* ---- running ------------------------------------------------------------------------------------------- */

/* x's numbers are elsewhere each time, and so are those of its views. */
static void set_input(lathe_replay *replay, const lathe_real *x)
{
    if (replay->x->data == x) return;
    replay->x->data = (lathe_real *)x; /* read only: no operation writes into its inputs */
    for (int n = 0; n < replay->count; n++)
        if (replay->value[n].owner == INPUT) replay->value[n].node->out->data = replay->x->data;
}

/* Which pictures the input is, of the whole batch that x is of. */
static lathe_shard shard_of_input(const lathe_replay *replay, const lathe_tensor *x, int first)
{
    lathe_shard shard = { .whole = x->shape.dim[0] };
    if (x->sharded) shard = x->tape->shard;
    shard.first += first;
    shard.count = replay->x->shape.dim[0];
    return shard;
}

lathe_status lathe_replay_run(lathe_replay *replay, const lathe_real *numbers, const lathe_tensor *x,
    int first)
{
    lathe_tape *tape = replay->tape;
    if (replay->x->sharded) tape->shard = shard_of_input(replay, x, first);
    set_input(replay, numbers);
    for (int i = 0; i < replay->steps && !tape->status; i++) {
        lathe_node *node = replay->step[i];
        node->op->forward(node);
        lathe_tape_give_work_back(tape);
    }
    lathe_status status = tape->status;
    tape->status = LATHE_OK;
    lathe_arena_rewind(tape->arena, replay->settled);
    return status;
}

/* ---- rehearsals ---------------------------------------------------------------------------------------- */

void lathe_tape_rehearse(lathe_tape *tape, bool on) { tape->rehearses = on; }

bool lathe_tape_alike(const lathe_tape *a, const lathe_tape *b)
{
    return a && b && a->context == b->context && a->layout == b->layout;
}

bool lathe_tape_traced(const lathe_tape *tape) { return tape && tape->trace; }

bool lathe_replay_suits(const lathe_tensor *x)
{
    const lathe_tape *tape = x->tape;
    return tape && x->begun == tape->times && tape->mode == LATHE_EVAL && !x->needs_grad && x->shape.rank &&
        !tape->status && !tape->trace;
}
