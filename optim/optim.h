/*
 * Optimizers: the interface, and the code that all optimizers share: groups, slots, the clock. An optimizer
 * is one file with a pure update on flat arrays.
 */
#ifndef LATHE_OPTIM_OPTIM_H
#define LATHE_OPTIM_OPTIM_H

#include <stdint.h>

#include "../core/context.h"
#include "../core/field.h"
#include "../core/params.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_optim lathe_optim;

#define LATHE_OPTIM_SLOTS 4

/**
 * A tensor's clock: the number of its steps, and values that follow from it (products of betas, ...).
 *
 * Each tensor has its own clock, as in PyTorch. So a tensor that is unfrozen late begins with the right bias
 * correction.
 */
typedef struct lathe_optim_clock {
    uint64_t step;   /* this step's number, from 1 */
    double value[4]; /* used by the type; 0 before the first step */
} lathe_optim_clock;

/** What one call of an update works on: a run of neighbouring numbers of one tensor, or the whole tensor. */
typedef struct lathe_update {
    const void *opts; /* the group's resolved options, with the scheduler's present rates */
    const lathe_optim_clock *clock;
    lathe_real *p;                       /* parameters, changed by the update */
    const lathe_real *g;                 /* their gradients */
    lathe_real *slot[LATHE_OPTIM_SLOTS]; /* state, one number a parameter in each; 0 before the first step */
    size_t count;
    const lathe_kernels *kernels; /* of the optimizer's context */
    const lathe_shape *shape;     /* of the whole tensor; NULL for a run */
    lathe_real *scratch;          /* as long as type->scratch says; NULL for a run */
} lathe_update;

/** An optimizer: a name, options, and a pure update. */
typedef struct lathe_optim_type {
    const char *name;    /* as on the command line: "adamw" */
    const char *summary; /* one line for `lathe list` */
    size_t opts_size;
    /** Must describe "lr" as a double. A field "momentum" or "betas" makes the momentum schedulable. */
    const lathe_field *fields;
    const char *slot_names[LATHE_OPTIM_SLOTS]; /* as in PyTorch's state: "exp_avg"; NULL where not used */
    lathe_status (*check)(const void *opts);   /* checks what the fields' ranges cannot say; may be NULL */
    int (*slots)(const void *opts); /* how many slots these options use; NULL: all that have a name */
    /** Called once for each tensor and step, before the updates. May be NULL. */
    void (*advance)(const void *opts, lathe_optim_clock *clock);
    void (*update)(const lathe_update *update); /* called from several threads, each on its own numbers */
    /**
     * Scratch numbers for tensor number `tensor`, updated as a whole; 0: updated in runs. NULL: 0 for all.
     */
    size_t (*scratch)(const lathe_params *params, int tensor);
    bool full_batch; /* needs gradients of the whole data set: a run with smaller batches says so */
} lathe_optim_type;

/**
 * Make an optimizer of any type. Group 0 has all of the model's parameters. Errors: LATHE_EARG, LATHE_ENOMEM.
 */
lathe_optim *lathe_optim_new(const lathe_optim_type *type, const lathe_params *params, const void *opts);

/**
 * Free the optimizer. The parameters stay. NULL is fine. Free its schedulers first.
 * Errors   LATHE_ESTATE if a scheduler holds the optimizer: the last scheduler then frees it.
 */
void lathe_optim_free(lathe_optim *optim);

/**
 * Run steps and the clipping of gradients on the threads and kernels of `context`. NULL (the default): those
 * of the default context. The context must outlive the optimizer.
 */
void lathe_optim_set_context(lathe_optim *optim, lathe_context *context);

/** The context that lathe_optim_set_context set, or the default one. */
lathe_context *lathe_optim_context(const lathe_optim *optim);

/**
 * Move some parameters from their group to a new one with its own options (`opts`, the type's options
 * struct).
 * Returns  the new group's number, -1 on failure.
 * Errors   LATHE_EARG. LATHE_ESTATE while a scheduler holds the optimizer, and after the first step.
 *          LATHE_ENOMEM.
 */
int lathe_optim_add_group(lathe_optim *optim, lathe_tensor *const *tensors, int count, const void *opts);

/**
 * Switch weight decay off for biases and for the scales and shifts of norms, that is, for every tensor of
 * rank 1.
 *
 * Each such tensor moves to a group that differs from its former group only in weight_decay = 0.
 * Errors   LATHE_EARG if the optimizer's options have no weight_decay; LATHE_ESTATE as lathe_optim_add_group;
 *          LATHE_ENOMEM.
 * Source   as in torchvision's references (--norm-weight-decay 0 --bias-weight-decay 0); Jia et al. 2018
 *          (arXiv 1807.11205).
 */
lathe_status lathe_optim_decay_weights_only(lathe_optim *optim);

/**
 * Multiply the learning rate of some parameters by `factor`, beside any schedule.
 *
 * In each group that has some of them they move to a group that differs from their former group only in its
 * factor. Schedules compute the rates of the group as if the factor were 1, and then multiply.
 * Errors   LATHE_EARG for a factor that is not above 0; those of lathe_optim_add_group.
 */
lathe_status lathe_optim_scale_lr(lathe_optim *optim, lathe_tensor *const *tensors, int count, double factor);

/** The factor of a group's learning rate that lathe_optim_scale_lr has set; 1 without a call. */
double lathe_optim_lr_factor(const lathe_optim *optim, int group);

/**
 * Forget all gradients: the next gradient is written, not added.
 * Same as  optimizer.zero_grad(), which sets gradients to None since PyTorch 2
 */
void lathe_optim_zero_grad(lathe_optim *optim);

/**
 * Change every parameter by its gradient. A tensor that is frozen (needs_grad false) or has no gradient since
 * zero_grad stays unchanged, and so does its state.
 * Errors   LATHE_ESTATE if the model was initialised anew after the optimizer was made; if no parameter has a
 *          gradient (lathe_backward was not called); if a gradient was added to one that a step has used
 *          (zero_grad was forgotten). Gradients of several backwards before one step are added on purpose.
 */
lathe_status lathe_optim_step(lathe_optim *optim);

const lathe_optim_type *lathe_optim_type_of(const lathe_optim *optim);
int lathe_optim_groups(const lathe_optim *optim);
const lathe_params *lathe_optim_params(const lathe_optim *optim);

/** A group's resolved options: points to the type's options struct. NULL if the group does not exist. */
const void *lathe_optim_opts(const lathe_optim *optim, int group);

/**
 * A group's options as they were when the group was made, before any scheduler and without the factor of its
 * rate. Schedules start from them.
 */
const void *lathe_optim_made(const lathe_optim *optim, int group);

/** The number of the group that has tensor number `tensor` (from 0) of the parameters. */
int lathe_optim_group_of(const lathe_optim *optim, int tensor);

/** A group's present learning rate and momentum. Momentum is "momentum" or betas[0]; 0 without either. */
double lathe_optim_lr(const lathe_optim *optim, int group);
double lathe_optim_momentum(const lathe_optim *optim, int group);

/** Which momentum a type has: none, the field "momentum", or betas[0]. */
typedef enum lathe_momentum_kind { LATHE_NO_MOMENTUM, LATHE_MOMENTUM, LATHE_BETA1 } lathe_momentum_kind;
lathe_momentum_kind lathe_optim_momentum_kind(const lathe_optim *optim);

/** For schedulers: set a group's rates, without a check of the field's range. An unknown group is ignored. */
void lathe_optim_set_lr(lathe_optim *optim, int group, double lr);
void lathe_optim_set_momentum(lathe_optim *optim, int group, double momentum);

/** Steps so far, of the tensor that has made the most. */
uint64_t lathe_optim_steps(const lathe_optim *optim);

/**
 * Add `change` to the number of schedulers that hold the optimizer. While it is above 0,
 * lathe_optim_add_group is refused, so that no scheduler misses a group.
 * Returns  the new number.
 */
int lathe_optim_hold(lathe_optim *optim, int change);

/**
 * State for a checkpoint: one slot of the optimizer, and one tensor's clock. A slot is an array in the order
 * and of the length of the parameters' slab. NULL if the slot is not used or the tensor does not exist.
 */
lathe_real *lathe_optim_slot(lathe_optim *optim, int slot);
lathe_optim_clock *lathe_optim_clock_of(lathe_optim *optim, int tensor);

/** Optimizer number `index`: the library's sorted by name, then the program's; NULL after the last. */
const lathe_optim_type *lathe_optim_at(int index);

/** The optimizer of this name (see lathe_registry_find). Errors: LATHE_ENAME, listing the known names. */
const lathe_optim_type *lathe_optim_find(const char *name);

/**
 * Add an optimizer of the program (see core/registry.h). Settings, lists and checkpoints find it by name.
 * Errors   LATHE_ENAME if the name is taken;
 *          LATHE_EARG if it has no update or its fields have no "lr".
 */
lathe_status lathe_optim_register(const lathe_optim_type *type);

#ifdef __cplusplus
}
#endif
#endif
