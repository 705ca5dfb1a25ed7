/* lathe: a small training framework for image models. Include this one header; each header it names is its part's manual. */
#ifndef LATHE_H
#define LATHE_H

#include "core/alloc.h"
#include "core/arena.h"
#include "core/batch.h"
#include "core/die.h"
#include "core/field.h"
#include "core/gradcheck.h"
#include "core/params.h"
#include "core/real.h"
#include "core/rng.h"
#include "core/status.h"
#include "core/tape.h"
#include "core/tensor.h"
#include "core/threads.h"

#endif
