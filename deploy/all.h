/* Every public header of deploy/: trained models. */
#ifndef LATHE_DEPLOY_ALL_H
#define LATHE_DEPLOY_ALL_H

#include "export.h"
#include "memory.h"
#include "pixels.h"
#include "predict.h"
#include "trained.h"

#endif
