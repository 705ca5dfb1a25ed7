/* Every public header of metrics/: the measures of a model. */
#ifndef LATHE_METRICS_ALL_H
#define LATHE_METRICS_ALL_H

#include "accuracy.h"
#include "average.h"
#include "average_precision.h"
#include "calibration.h"
#include "classwise.h"
#include "confusion.h"
#include "hamming.h"
#include "metric.h"
#include "significance.h"
#include "text.h"

#endif
