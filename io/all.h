/* Every public header of io/: files. */
#ifndef LATHE_IO_ALL_H
#define LATHE_IO_ALL_H

#include "file.h"
#include "ini.h"
#include "lines.h"
#include "safetensors.h"
#include "state.h"
#include "text.h"
#include "weights.h"

#endif
