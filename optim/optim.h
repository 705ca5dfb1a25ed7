/*
 * Optimizers: the interface, and everything that is the same for all of them. An optimizer itself is one file
 * with a pure update on flat arrays; groups, slots, the clock and clipping are here.
 */
#ifndef LATHE_OPTIM_OPTIM_H
#define LATHE_OPTIM_OPTIM_H

#include <stdint.h>

#include "../core/field.h"
#include "../core/params.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_optim lathe_optim;

#define LATHE_OPTIM_SLOTS 4

/**
 * A tensor's clock: how many steps it has made, and numbers that follow from them (products of betas, ...).
 * Each tensor has its own, as in PyTorch, so that one that is unfrozen late begins with the right bias
 * correction.
 */
typedef struct lathe_optim_clock {
    uint64_t step;   /* this step's number, from 1 */
    double value[4]; /* the type's own; 0 before the first step */
} lathe_optim_clock;

/** One run of neighbouring numbers of one tensor, or the whole of it if its type asks for that: what an
 * update works on. */
typedef struct lathe_update {
    const void *opts; /* the group's resolved options, with the scheduler's rates in them */
    const lathe_optim_clock *clock;
    lathe_real *p;                       /* parameters, to be changed */
    const lathe_real *g;                 /* their gradients */
    lathe_real *slot[LATHE_OPTIM_SLOTS]; /* state, one number a parameter each; zeros before the first step */
    size_t count;
    const lathe_shape *shape; /* of a whole tensor; NULL in a run */
    lathe_real *scratch;      /* what type->scratch asked for; NULL in a run */
} lathe_update;

/** An optimizer: a name, options, and a pure update. */
typedef struct lathe_optim_type {
    const char *name;    /* as on the command line: "adamw" */
    const char *summary; /* one line for `lathe list` */
    size_t opts_size;
    const lathe_field
        *fields; /* must describe "lr" as a double; "momentum" or "betas" make momentum schedulable */
    const char *slot_names[LATHE_OPTIM_SLOTS]; /* as in PyTorch's state: "exp_avg"; NULL where not used */
    lathe_status (*check)(const void *opts);   /* what the fields' ranges cannot say; NULL: nothing */
    int (*slots)(const void *opts);            /* how many are used with these options */
    void (*advance)(const void *opts,
        lathe_optim_clock *clock); /* once a tensor and step, before the updates; NULL: nothing */
    void (*update)(const lathe_update *update); /* called from several threads, each on its own numbers */
    /** Not 0: tensor number `tensor` is to be updated as a whole, with so many numbers of scratch. NULL: none
     * is. */
    size_t (*scratch)(const lathe_params *params, int tensor);
    bool full_batch; /* only for gradients of the whole data set: a run with batches says so */
} lathe_optim_type;

/** An optimizer of any type on all of a model's parameters as group 0. Errors: LATHE_EARG, LATHE_ENOMEM. */
lathe_optim *lathe_optim_new(const lathe_optim_type *type, const lathe_params *params, const void *opts);

/** Free it. The parameters stay. NULL is fine. */
void lathe_optim_free(lathe_optim *optim);

/**
 * Move some parameters from the group they are in to a new one with options of its own (the optimizer's
 * options struct).
 * Returns the new group's number, -1 on failure. Refused while a scheduler holds the optimizer, and after the
 * first step.
 * Errors   LATHE_EARG, LATHE_ESTATE, LATHE_ENOMEM.
 */
int lathe_optim_add_group(lathe_optim *optim, lathe_tensor *const *tensors, int count, const void *opts);

/**
 * Take weight decay off biases and off the scales and shifts of norms: every tensor of rank 1 leaves its
 * group for one that differs in weight_decay 0 alone. Refused as lathe_optim_add_group is.
 * Errors   LATHE_EARG if the optimizer's options have no weight_decay; LATHE_ESTATE, LATHE_ENOMEM.
 * Source   as in torchvision's references (--norm-weight-decay 0 --bias-weight-decay 0); Jia et al. 2018
 *          (arXiv 1807.11205).
 */
lathe_status lathe_optim_decay_weights_only(lathe_optim *optim);

/** Forget all gradients: the next one is written, not added. Same as optimizer.zero_grad(), which since
 * PyTorch 2 means None. */
void lathe_optim_zero_grad(lathe_optim *optim);

/**
 * Change every parameter by its gradient. Tensors that are frozen (needs_grad false) or that no gradient has
 * reached since zero_grad are left as they are, with their state.
 * Errors   LATHE_ESTATE if the parameters are not those the optimizer was made for (a model initialised
 *          anew), or if no parameter at all has a gradient: backward was not called.
 */
lathe_status lathe_optim_step(lathe_optim *optim);

const lathe_optim_type *lathe_optim_type_of(const lathe_optim *optim);
int lathe_optim_groups(const lathe_optim *optim);
const lathe_params *lathe_optim_params(const lathe_optim *optim);

/** A group's resolved options: a pointer to the type's options struct. NULL for a group that does not exist.
 */
const void *lathe_optim_opts(const lathe_optim *optim, int group);

/** The same as they were when the group was made, before any scheduler: what schedules start from. */
const void *lathe_optim_made(const lathe_optim *optim, int group);

/** The group that a tensor is in: its number among the parameters, from 0. */
int lathe_optim_group_of(const lathe_optim *optim, int tensor);

/** A group's learning rate now, and its momentum: the field "momentum", or betas[0]; 0 if the type has
 * neither. */
double lathe_optim_lr(const lathe_optim *optim, int group);
double lathe_optim_momentum(const lathe_optim *optim, int group);

/** Which of the two a type has. */
typedef enum lathe_momentum_kind { LATHE_NO_MOMENTUM, LATHE_MOMENTUM, LATHE_BETA1 } lathe_momentum_kind;
lathe_momentum_kind lathe_optim_momentum_kind(const lathe_optim *optim);

/** Set them: for schedulers. The value is not checked against the field's range. A group that does not exist
 * is ignored. */
void lathe_optim_set_lr(lathe_optim *optim, int group, double lr);
void lathe_optim_set_momentum(lathe_optim *optim, int group, double momentum);

/** Steps made so far: of the tensor that made most. */
uint64_t lathe_optim_steps(const lathe_optim *optim);

/** While held (by a scheduler), lathe_optim_add_group is refused, so that no group is forgotten. Counts;
 * returns the count. */
int lathe_optim_hold(lathe_optim *optim, int change);

/**
 * State for a checkpoint: slot `slot` of the optimizer as one array as long as the parameters' slab, in the
 * slab's order (NULL if it is not used), and each tensor's clock (NULL if there is no such tensor).
 */
lathe_real *lathe_optim_slot(lathe_optim *optim, int slot);
lathe_optim_clock *lathe_optim_clock_of(lathe_optim *optim, int tensor);

/** All optimizers, sorted by name; NULL after the last. */
const lathe_optim_type *lathe_optim_type_at(int index);

/** By name. Errors: LATHE_ENAME, listing the known ones. */
const lathe_optim_type *lathe_optim_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
