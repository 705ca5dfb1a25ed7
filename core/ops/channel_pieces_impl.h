/*
 * Private to core/ops: work on all planes of a batch, channel by channel, with two numbers of each channel
 * that are gathered over the batch.
 */
#ifndef LATHE_CORE_OPS_CHANNEL_PIECES_IMPL_H
#define LATHE_CORE_OPS_CHANNEL_PIECES_IMPL_H

#include "batch_sum_impl.h"

/**
 * The planes of x: one channel of sixteen images each, or sixteen channels of one image. Planes of one
 * channel are worked on whole. Planes of sixteen channels, which may be as few as one, are cut into pieces.
 * Pieces are split into tasks by the shape alone.
 *
 * Two numbers of each channel are gathered over the batch. Each micro-batch has a record of them,
 * [1 + groups * 2 * wide]: the count of a channel's numbers, then [groups][2][wide]. A plane of one channel
 * is a micro-batch's, and its piece writes into the record.
 */
typedef struct lathe_pieces {
    const lathe_tensor *x;
    int channels, wide;       /* channels of x; of a plane: 1 or 16 */
    int groups;               /* planes of all channels: of sixteen images, or of one */
    int planes, cuts, a_task; /* cuts: pieces of a plane */
    int blocks, tasks;        /* of sixteen images, or 1 for planes of sixteen channels; tasks of each */
    size_t size, length;      /* vectors of a plane, of a piece */
    size_t record;            /* numbers of a record */
    double *records;          /* [micro-batches][record]; the first becomes the whole batch's */
    double *partial;          /* [planes * cuts][2][wide]: what a piece gives to its sixteen channels */
} lathe_pieces;

/** One piece: where it lies, and whose it is. */
typedef struct lathe_piece {
    size_t at, size; /* numbers before it; vectors */
    int channel;     /* its first */
    int used;        /* lanes that are no tail */
    double *partial; /* its two numbers of each channel; NULL: none are gathered */
} lathe_piece;

typedef void lathe_piece_fn(const void *job, const lathe_piece *piece);

/** The pieces of x, whose planes have `wide` channels. */
lathe_pieces lathe_pieces_of(const lathe_tensor *x, int wide);

/** Run each piece, by lathe_parallel_blocks. `job` [size] is copied. */
void lathe_for_each_piece(const lathe_node *node, const lathe_pieces *pieces, lathe_piece_fn *run, void *job,
    size_t size);

/**
 * Two numbers of each channel of some planes, [planes][2][wide], of `count` numbers a channel, are joined
 * with those of n numbers.
 */
typedef void lathe_pieces_join_fn(int planes, int wide, double *to, double count, const double *from,
    double n);

/**
 * Let `run` find two numbers of each piece, and join them to the batch's: a micro-batch's in the order of its
 * pieces, those of micro-batches along their tree. False after a failure.
 */
bool lathe_pieces_gather(lathe_node *node, lathe_pieces *pieces, lathe_piece_fn *run, void *job, size_t size,
    lathe_pieces_join_fn *join);

/** After lathe_pieces_gather: the batch's first or second number of a channel. */
double lathe_pieces_gathered(const lathe_pieces *pieces, int which, int channel);

#endif
