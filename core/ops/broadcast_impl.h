/*
 * Private: a small tensor beside a large one that it fits: each of its dimensions is the large one's, or 1.
 * One operation spreads the small one's numbers over the large one; its backward sums them, and the other
 * way round.
 */
#ifndef LATHE_CORE_OPS_BROADCAST_IMPL_H
#define LATHE_CORE_OPS_BROADCAST_IMPL_H

#include "op_impl.h"

/**
 * How the numbers of the two meet. The small one's *form* is its numbers as the large one's lie: sixteen
 * abreast, the same one in all lanes where it has one for all. Beside plain numbers the form is as large as
 * they are. A place is one number of a plain tensor, and sixteen abreast otherwise.
 */
typedef struct lathe_broadcast {
    const lathe_tensor *large, *small;
    lathe_tensor like; /* the shape of the small one with the rank of the large one, in the latter's layout */
    bool direct;       /* the small one's numbers are the form */
    bool splat;        /* the form's lanes are all alike */
    int lane;          /* the dimension whose numbers lie abreast; -1: none */
    size_t size[LATHE_MAX_RANK]; /* places of the large one in each dimension */
    size_t step[LATHE_MAX_RANK]; /* places from one number of the form to the next; 0: it is the same */
    int inner;                   /* if not plain: the dimensions from here on make a run of places */
    size_t run, runs;
    bool one; /* one place of the form serves a whole run; otherwise both move on together */
} lathe_broadcast;

/** Numbers that lie one behind the other. */
typedef struct lathe_run {
    size_t large, form, count; /* where they begin, and how many of the large one's */
    bool one;                  /* they meet the same sixteen of the form */
    int lanes;                 /* that are no tail lanes, if the form's lanes are all alike; 16 otherwise */
} lathe_run;

/** The runs that meet the same numbers of the form, one after the other. */
typedef struct lathe_unit {
    const lathe_broadcast *b;
    size_t form;                  /* number of the form */
    size_t leaf;                  /* the micro-batch whose pictures' runs these are, or 0 */
    size_t index[LATHE_MAX_RANK]; /* of the next run */
    size_t done, all;             /* runs */
} lathe_unit;

/** Whether `small` fits `large`, and with which shape of the same rank. A plain [C] is a number a channel. */
bool lathe_broadcasts(const lathe_tensor *large, const lathe_tensor *small, lathe_shape *aligned);

lathe_broadcast lathe_broadcast_of(const lathe_tensor *large, const lathe_tensor *small, lathe_shape aligned);

/** The form of `numbers`, which lie as the small one's; in work space if need be. NULL without memory. */
const lathe_real *lathe_broadcast_form(const lathe_broadcast *b, lathe_node *node, const lathe_real *numbers);

/** Numbers of the form become those of the small one, `to`; lanes that are all one number are added up. */
void lathe_broadcast_give(const lathe_broadcast *b, const lathe_real *form, lathe_real *to, bool add);

/** Call `run` for every run of the large one, on the node's threads. */
typedef void lathe_run_fn(void *job, const lathe_run *run);
void lathe_broadcast_runs(const lathe_broadcast *b, lathe_node *node, lathe_run_fn *run, void *job);

/** Call `unit` for every unit, on the node's threads. The large one is not plain. */
typedef void lathe_unit_fn(void *job, lathe_unit *unit);
void lathe_broadcast_units(const lathe_broadcast *b, lathe_node *node, lathe_unit_fn *unit, void *job);

/** The next run of the unit. False after the last. */
bool lathe_unit_next(lathe_unit *unit, lathe_run *run);

/**
 * The small one's number `to` (+)= factor * the sum of those of x that meet it, times those of `times`, if it
 * is not NULL. Tail lanes of x are left out.
 */
void lathe_broadcast_sum(const lathe_broadcast *b, lathe_node *node, const lathe_real *x,
    const lathe_real *times, double factor, lathe_real *to, bool add);

/**
 * The gradient of the node's input `input`, the small one: the sums of those of x that meet its numbers,
 * times those of `times`, if it is not NULL. The large one is the node's first input.
 */
void lathe_broadcast_gradient(const lathe_broadcast *b, lathe_node *node, int input, const lathe_real *x,
    const lathe_real *times);

/** For a plain large one: the index in the small one of each number in turn. Begin with zeros. */
typedef struct lathe_plain_walk {
    int index[LATHE_MAX_RANK];
    size_t small;
} lathe_plain_walk;
void lathe_plain_next(const lathe_broadcast *b, lathe_plain_walk *walk);

#endif
