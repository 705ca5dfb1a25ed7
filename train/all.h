/* Every public header of train/: a run: settings, training, checkpoints. */
#ifndef LATHE_TRAIN_ALL_H
#define LATHE_TRAIN_ALL_H

#include "feed/feed.h"
#include "keeper/cycles.h"
#include "keeper/history.h"
#include "keeper/keeper.h"
#include "keeper/logger.h"
#include "learner/learner.h"
#include "probe/probe.h"
#include "rows.h"
#include "run.h"
#include "settings/recipe.h"
#include "settings/section.h"
#include "settings/settings.h"

#endif
