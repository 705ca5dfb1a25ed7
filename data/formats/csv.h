/* A table of pictures: a CSV file of paths and what is known of each. */
#ifndef LATHE_DATA_FORMATS_CSV_H
#define LATHE_DATA_FORMATS_CSV_H

#include "folder.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The pictures that a CSV file names, with its columns as labels. The first line names the columns:
 *
 *     path          needed: the picture, from the CSV file's folder on; also called file, filename or image
 *     split         train, val or test; without it a part is held out for testing (opts->held_out)
 *     group         what belongs together and is never split (a patient, a film)
 *     all others    labels
 *
 *     path,class                one other column: a class a picture
 *     path,tags                 the same with cells such as "red|round", or empty ones: any number of
 *         classes, LATHE_TASK_MANY
 *     path,red,round,small      several, of 0 and 1 alone: for each class yes or no, LATHE_TASK_MANY
 *     path,colour,shape         several others: a class of each kind, LATHE_TASK_HEADS; its class names are
 *         "colour=red"
 *
 * Classes are in the order of their names' bytes, columns in the file's. For LATHE_SPLIT_TEST the rows of
 * split test, or where there are none, val. Cells may stand in double quotes (RFC 4180). Paths that are
 * absolute, go through "..", or lead out of the CSV file's folder through a link are refused.
 * Size, channels, damaged pictures and memory as in lathe_data_folder.
 * Errors   LATHE_EIO, LATHE_EARG, LATHE_ENOMEM; LATHE_EFORMAT naming file, line and what is wrong: returns
 *          NULL.
 */
lathe_dataset *lathe_data_csv(const char *file, lathe_split split, const lathe_folder_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
