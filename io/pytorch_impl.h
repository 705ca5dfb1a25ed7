/*
 * Private: files of torch.save as files of tensors: the zip archives of PyTorch 1.6 and later, and the older
 * form.
 *
 * A zip archive has NAME/data.pkl, a pickle of the object, and NAME/data/KEY, the numbers of each storage.
 * The older form is a row of pickles: a magic number, the version, the machine, the object, the keys of
 * storages; then of each storage the count as 8 bytes, and the numbers. In both, the object refers to
 * storages by persistent ids: ("storage", type, key, place, count).
 *
 * Source: PyTorch, torch/serialization.py and torch/_utils.py.
 */
#ifndef LATHE_IO_PYTORCH_IMPL_H
#define LATHE_IO_PYTORCH_IMPL_H

#include <stdbool.h>

#include "safetensors.h"

/** Whether bytes are the beginning of such a file. */
bool lathe_pytorch_is(const char *bytes, size_t size);

/**
 * Fill file->tensor from file->bytes [size], as lathe_weights_read says. What does not lie in the file as it
 * is lives in file->arena.
 * Errors   LATHE_EFORMAT, LATHE_ENOMEM
 */
lathe_status lathe_pytorch_parse(lathe_safetensors *file, size_t size);

#endif
