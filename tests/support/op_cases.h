/*
 * Each operation that a net can have in evaluation, with random shapes and attributes, as a net of that
 * operation alone: what exports are tested with.
 */
#ifndef LATHE_TESTS_OP_CASES_H
#define LATHE_TESTS_OP_CASES_H

#include "support.h"

/** An operation by its lathe_op's name, and how a net of it is made. */
typedef struct op_case op_case;

/** The name of operation number `index`; NULL after the last. */
const op_case *op_case_at(int index);
const char *op_case_name(const op_case *kind);

/** How many of its variants are worth a test: 1 for an operation without attributes and shapes to vary. */
int op_case_variants(const op_case *kind);

/**
 * A net of the operation with numbers, drawn from (name, variant) alone. *image is the shape of one image for
 * it. Free the model.
 */
lathe_layer *op_case_net(const op_case *kind, int variant, lathe_model **model, lathe_shape *image);

/**
 * The net's output for `batch` images of these numbers, row-major, and their number. The caller frees it.
 */
lathe_real *op_case_run(lathe_layer *net, lathe_shape image, int batch, const lathe_real *images,
    size_t *count);

#endif
