/* Muon: the step of a hidden layer's weight is an orthogonal matrix. */
#ifndef LATHE_OPTIM_MUON_H
#define LATHE_OPTIM_MUON_H

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_muon_opts {
    double lr;           /* 0 means 2e-2 */
    double momentum;     /* 0 means 0.95; LATHE_ZERO is 0 */
    double weight_decay; /* decoupled, for all tensors: p shrinks by its lr * weight_decay a step */
    bool no_nesterov;    /* without Nesterov's look ahead */
    int ns_steps;        /* 0 means 5: iterations of Newton and Schulz; at most 100 */
    double eps;          /* 0 means 1e-7; added to the matrix's norm */
    /** 0 means 0.05: AdamW's learning rate divided by lr, so that a schedule changes both. */
    double adamw_lr_ratio;
    double adamw_betas[2]; /* 0, 0 means 0.9, 0.95 */
    double adamw_eps;      /* 0 means 1e-10 */
} lathe_muon_opts;

/**
 * Muon, "momentum orthogonalised by Newton-Schulz".
 *
 *     m = momentum * m + (1 - momentum) * g
 *     d = momentum * m + (1 - momentum) * g                no_nesterov: d = m
 *     X = d / (|d| + eps) as a matrix of O rows; if there are more rows than columns, its transpose
 *     ns_steps times:  A = X X';  X = 3.4445 X + (-4.7750 A + 2.0315 A A) X
 *     p = p * (1 - lr * weight_decay) - lr * sqrt(max(1, rows / columns)) * X
 *
 * The iteration brings all singular values of d near 1 (between 0.7 and 1.2). So rare directions are learnt
 * as fast as frequent ones. A convolution's weight [O, C, k, k] is taken as the matrix [O, C k k].
 *
 * AdamW updates the tensors of rank 1 (biases, norms) and the model's last matrix, its output layer. AdamW
 * uses lr * adamw_lr_ratio and the options adamw_*.
 * Each tensor is one task with its products in lathe_gemm, so the bits do not depend on the number of
 * threads.
 * Memory   scratch of up to four times the numbers of the matrices.
 * Slots: momentum_buffer (AdamW: exp_avg), exp_avg_sq (AdamW only).
 * Same as  torch.optim.Muon (2.9) at lr 2e-2 and weight_decay 0, for the matrices
 * Source   Jordan, Jin, Boza, You, Cesista, Newhouse, Bernstein, "Muon: an optimizer for hidden layers in
 *          neural networks", 2024.
 */
lathe_optim *lathe_optim_muon(const lathe_params *params, const lathe_muon_opts *opts);

extern const lathe_optim_type lathe_muon_optim;

#ifdef __cplusplus
}
#endif
#endif
