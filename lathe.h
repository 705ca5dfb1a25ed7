/*
 * lathe: a small training framework for image models. Include this one header. Each folder's all.h names the
 * headers of that folder, and these are the manual.
 */
#ifndef LATHE_H
#define LATHE_H

#include "core/all.h"
#include "nn/all.h"
#include "optim/all.h"
#include "sched/all.h"
#include "data/all.h"
#include "metrics/all.h"
#include "io/all.h"
#include "task/all.h"
#include "dist/all.h"
#include "train/all.h"
#include "study/all.h"
#include "deploy/all.h"
#include "report/all.h"

#endif
