/* Files of weights: safetensors, and what PyTorch's torch.save writes (.pth, .pt, .th). */
#ifndef LATHE_IO_WEIGHTS_H
#define LATHE_IO_WEIGHTS_H

#include "safetensors.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Read a file of weights as named tensors.
 *
 * Of a PyTorch file, the tensors of its dictionary are read, or of an entry such as "state_dict" or "model";
 * inner dictionaries give names with dots. A beginning "module.", "model." or "_orig_mod." that all names
 * share is taken off. Views with strides are copied in row-major order. Both forms of torch.save are read:
 * zip archives (PyTorch 1.6 and later) and the older one. The pickle inside is read as data: nothing is
 * called, and a file that names anything else than tensors is refused with that name.
 * Memory   the file, a table of its tensors, and copies of views, at most four times the file. No size that
 *          the file claims is allocated.
 * Errors   those of lathe_safetensors_read: returns NULL. Free the result with lathe_safetensors_free.
 */
lathe_safetensors *lathe_weights_read(const char *path);

#ifdef __cplusplus
}
#endif
#endif
