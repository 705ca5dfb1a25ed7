/* Tasks: what is learned from a picture, and how well. */
#ifndef LATHE_TASK_ALL_H
#define LATHE_TASK_ALL_H

#include "task.h"
#include "ensemble.h"
#include "evaluate.h"
#include "measure.h"

#endif
