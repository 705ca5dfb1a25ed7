/* Every public header of study/: experiments on runs. */
#ifndef LATHE_STUDY_ALL_H
#define LATHE_STUDY_ALL_H

#include "account.h"
#include "compare.h"
#include "curves.h"
#include "hypothesis.h"
#include "line.h"
#include "lr_find.h"
#include "variants.h"

#endif
