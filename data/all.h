/* Every public header of data/: data sets, pictures, transforms and the loader. */
#ifndef LATHE_DATA_ALL_H
#define LATHE_DATA_ALL_H

#include "alike.h"
#include "dataset.h"
#include "open.h"
#include "part.h"
#include "split.h"
#include "formats/cifar.h"
#include "formats/csv.h"
#include "formats/find_pictures.h"
#include "formats/folder.h"
#include "formats/idx.h"
#include "formats/masks.h"
#include "formats/memory.h"
#include "formats/picture_files.h"
#include "formats/shapes.h"
#include "loading/duplicates.h"
#include "loading/loader.h"
#include "pictures/image.h"
#include "pictures/picture.h"
#include "pictures/resize.h"
#include "transforms/transform.h"

#endif
