/* A table of pictures: a CSV file with the path and the target of each picture. */
#ifndef LATHE_DATA_FORMATS_CSV_H
#define LATHE_DATA_FORMATS_CSV_H

#include "folder.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The pictures that a CSV file names, with labels from its columns. The first line names the columns:
 *
 *     path          required: the picture, relative to the CSV file's folder; or file, filename or image
 *     split         train, val or test; without this column a part is held out for testing (opts->held_out)
 *     group         pictures of one group are never split (a patient, a film)
 *     all others    labels
 *
 * The other columns decide the task:
 *
 *     path,class                one column: one class a picture, "classify"
 *     path,tags                 one column of cells such as "red|round" or empty: any classes, "tags"
 *     path,red,round,small      several columns of 0 and 1: for each class yes or no, "tags"
 *     path,colour,shape         several columns of names: a class for each head, "heads"; named "colour=red"
 *
 * Classes are in the order of their names' bytes, columns in the order of the file. LATHE_SPLIT_TEST takes
 * the rows of split test, or, if there are no such rows, of split val. Cells may be in double quotes (RFC
 * 4180). Paths are refused if they are absolute, contain "..", or lead out of the CSV file's folder through a
 * link.
 * Size, channels, damaged pictures and memory are as in lathe_data_folder.
 * Errors   LATHE_EIO, LATHE_EARG, LATHE_ENOMEM; LATHE_EFORMAT naming the file, the line and the reason:
 *          returns NULL.
 */
lathe_dataset *lathe_data_csv(const char *file, lathe_split split, const lathe_folder_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
