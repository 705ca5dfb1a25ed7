/* Every public header of optim/: the optimizers. */
#ifndef LATHE_OPTIM_ALL_H
#define LATHE_OPTIM_ALL_H

#include "adadelta.h"
#include "adagrad.h"
#include "adam.h"
#include "adamax.h"
#include "adamw.h"
#include "asgd.h"
#include "averaged.h"
#include "clip.h"
#include "lion.h"
#include "muon.h"
#include "nadam.h"
#include "optim.h"
#include "radam.h"
#include "rmsprop.h"
#include "rprop.h"
#include "sgd.h"

#endif
