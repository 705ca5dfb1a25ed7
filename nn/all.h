/* Every public header of nn/: layers, initialisation, summaries and the model zoo. */
#ifndef LATHE_NN_ALL_H
#define LATHE_NN_ALL_H

#include "layer.h"
#include "summary.h"
#include "layers/layers.h"
#include "models/models.h"

#endif
