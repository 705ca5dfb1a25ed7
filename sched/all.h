/* Every public header of sched/: the learning-rate schedules. */
#ifndef LATHE_SCHED_ALL_H
#define LATHE_SCHED_ALL_H

#include "constant.h"
#include "cooldown.h"
#include "cosine.h"
#include "cyclic.h"
#include "exponential.h"
#include "linear.h"
#include "momentum.h"
#include "multi_step.h"
#include "one_cycle.h"
#include "plateau.h"
#include "polynomial.h"
#include "sched.h"
#include "sequence.h"
#include "step.h"
#include "table.h"
#include "text.h"
#include "warm_restarts.h"
#include "warmup.h"
#include "wsd.h"

#endif
