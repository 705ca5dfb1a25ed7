/* Every public header of nn/: layers, initialisation, summaries and the model zoo. */
#ifndef LATHE_NN_ALL_H
#define LATHE_NN_ALL_H

#include "layer.h"
#include "graph.h"
#include "plan.h"
#include "summary.h"
#include "trace.h"
#include "layers/activation.h"
#include "layers/batch_norm.h"
#include "layers/channel_scale.h"
#include "layers/concat.h"
#include "layers/conv2d.h"
#include "layers/conv_transpose2d.h"
#include "layers/dropout.h"
#include "layers/group_norm.h"
#include "layers/layer_norm.h"
#include "layers/linear.h"
#include "layers/local_response_norm.h"
#include "layers/pool.h"
#include "layers/residual.h"
#include "layers/sequential.h"
#include "layers/shape.h"
#include "layers/softmax.h"
#include "layers/squeeze_excite.h"
#include "layers/upsample.h"
#include "models/models.h"

#endif
