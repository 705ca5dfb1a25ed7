/* lathe: a small training framework for image models. Include this one header; each header it names is its part's manual. */
#ifndef LATHE_H
#define LATHE_H

#include "core/alloc.h"
#include "core/arena.h"
#include "core/batch.h"
#include "core/blas.h"
#include "core/die.h"
#include "core/field.h"
#include "core/gradcheck.h"
#include "core/machine.h"
#include "core/params.h"
#include "core/real.h"
#include "core/rng.h"
#include "core/status.h"
#include "core/tape.h"
#include "core/tensor.h"
#include "core/threads.h"
#include "core/ops/activation.h"
#include "core/ops/arithmetic.h"
#include "core/ops/batch_norm.h"
#include "core/ops/conv2d.h"
#include "core/ops/dropout.h"
#include "core/ops/linear.h"
#include "core/ops/loss.h"
#include "core/ops/pool.h"
#include "core/ops/shape.h"
#include "core/ops/softmax.h"

#include "nn/layer.h"
#include "nn/models/models.h"

#include "optim/optim.h"

#include "sched/sched.h"

#include "data/dataset.h"
#include "data/loader.h"
#include "io/file.h"
#include "train/history.h"
#include "train/run.h"
#include "train/settings.h"
#include "data/dataset.h"
#include "data/idx.h"
#include "data/loader.h"
#include "data/memory.h"
#include "data/open.h"
#include "data/shapes.h"

#endif
