/* Files of weights: safetensors in one file or several, and what PyTorch saves (.pth, .pt, .th). */
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
 * Of safetensors in several files, `path` is the index ("model.safetensors.index.json"), which is JSON with a
 * "weight_map". Its files lie in the same folder.
 * Memory   the file, a table of its tensors, and copies of views, at most four times the file. No size that
 *          the file claims is allocated.
 * Errors   those of lathe_safetensors_read: returns NULL. Free the result with lathe_safetensors_free.
 */
lathe_safetensors *lathe_weights_read(const char *path);

/** How a file of weights may differ from a net. NULL or zeros: not at all. */
typedef struct lathe_weights_opts {
    /**
     * The tensors of the net's last layer, its head, may be missing in the file or have another shape there,
     * as for another number of classes. They then keep their values.
     */
    bool new_head;
    bool spare; /* the file may have tensors that the net does not have, as for a net that was cut short */
} lathe_weights_opts;

/** What a file of weights has for a net. */
typedef struct lathe_weights_fit {
    int taken;                    /* tensors of the net that the file has */
    int left_out;                 /* tensors of the head that it does not have, or not in this shape ... */
    const lathe_safetensor *head; /* ... and the first of these in the file; NULL: missing there */
    int spare;                    /* tensors of the file that the net does not have */
} lathe_weights_fit;

/**
 * Compare a net's tensors (lathe_nn_plan) with those of a file, as lathe_safetensors_fit with strict does it.
 * fit      may be NULL; it is set after a mismatch too
 * Errors   LATHE_ESHAPE listing by name the tensors that are missing, of another shape, or unknown
 */
lathe_status lathe_weights_compare(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const lathe_weights_opts *opts, lathe_weights_fit *fit);

/** Fill a net's tensors (lathe_nn_state), all that fit. Errors: those of lathe_weights_compare, no tensor is
 * changed then. */
lathe_status lathe_weights_load(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const lathe_weights_opts *opts);

/** The classes that the file's head for such a net has; 0 if the file does not have that head. */
int lathe_weights_classes(const lathe_safetensors *file, lathe_tensor *const *tensors, int count);

#ifdef __cplusplus
}
#endif
#endif
