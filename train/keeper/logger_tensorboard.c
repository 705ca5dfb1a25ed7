/*
 * TensorBoard's event files in a run folder: loss, lr and momentum of each step, the losses and metrics of
 * each epoch and of the test, those of measurements within an epoch ("eval_loss"), and probes
 * ("probe_grad_norm"), as scalars.
 *
 * A file is a row of frames: 8 bytes of length, their sum, the bytes of an event, their sum; numbers
 * little-endian, sums as in core/checksum.h. An event is a protocol buffer: 1 wall time (double), 2 step
 * (varint), then 3 file version (text) or 5 summary; of a summary 1 are values, of a value 1 its tag and 2
 * its number
 * (float).
 *
 * A run that goes on begins a new file, as TensorBoard's own writers do; before that the frames of what is
 * given up are cut off the older ones.
 *
 * Source   tensorflow/core/lib/io/record_writer.cc, tensorflow/core/util/event.proto and
 *          framework/summary.proto describe both formats
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../core/alloc.h"
#include "../../core/checksum.h"
#include "keeper_impl.h"

static const char prefix[] = "events.out.tfevents.", suffix[] = ".lathe";
static const char first_of_step[] = "loss", first_of_epoch[] = "train_loss", first_of_eval[] = "eval_loss",
                  begin_of_probe[] = "probe_";

enum {
    HEAD = 12,
    TAIL = 4,
    ROOM = 2048,
    SCALARS = 2 + 2 * LATHE_TASK_METRICS,
    MOST_TAG = 80, /* of a frame's scalars */
    WALL_TIME = 1,
    STEP = 2,
    VERSION = 3,
    SUMMARY = 5,
    MOST_BYTES = 1 << 30
};

typedef struct board {
    lathe_logger base;
    lathe_writer *writer;
    bool no_times;
    uint64_t part; /* the end of the file before an incomplete epoch; 0 without one */
} board;

typedef struct scalar {
    const char *tag;
    double value; /* NaN: not measured */
} scalar;

/* ---- frames -------------------------------------------------------------------------------------------- */

/* Bytes under construction. */
typedef struct frame {
    unsigned char bytes[ROOM];
    size_t used;
} frame;

static void put(frame *f, const void *bytes, size_t size)
{
    memcpy(f->bytes + f->used, bytes, size);
    f->used += size;
}

static void put_number(frame *f, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) f->bytes[f->used++] = (unsigned char)(number >> 8 * i);
}

/* Seven bits a byte, the lowest first; all but the last byte have the highest bit. */
static void put_varint(frame *f, uint64_t number)
{
    for (; number >= 0x80; number >>= 7) f->bytes[f->used++] = (unsigned char)(number | 0x80);
    f->bytes[f->used++] = (unsigned char)number;
}

/*
 * Add a field's number and the kind of its value: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes.
 */
static void put_key(frame *f, int field, int kind) { put_varint(f, (uint64_t)(field << 3 | kind)); }

static void put_block(frame *f, int field, const void *bytes, size_t size)
{
    put_key(f, field, 2);
    put_varint(f, size);
    put(f, bytes, size);
}

static void begin(const board *b, frame *f)
{
    struct timespec now = { 0, 0 };
    if (!b->no_times) clock_gettime(CLOCK_REALTIME, &now);
    const double seconds = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    uint64_t bits;
    memcpy(&bits, &seconds, sizeof bits);
    f->used = HEAD;
    put_key(f, WALL_TIME, 1);
    put_number(f, bits, 8);
}

static lathe_status end_frame(board *b, frame *f)
{
    const size_t size = f->used - HEAD;
    frame head = { .used = 0 };
    put_number(&head, size, 8);
    put_number(&head, lathe_crc32c_masked(head.bytes, 8), 4);
    memcpy(f->bytes, head.bytes, HEAD);
    put_number(f, lathe_crc32c_masked(f->bytes + HEAD, size), TAIL);
    return lathe_writer_add_bytes(b->writer, &(lathe_bytes){ f->bytes, f->used });
}

static lathe_status put_scalars(board *b, uint64_t step, const scalar *scalars, int count)
{
    frame f, summary = { .used = 0 };
    begin(b, &f);
    put_key(&f, STEP, 0);
    put_varint(&f, step);
    for (int i = 0; i < count; i++) {
        const float value = (float)scalars[i].value;
        frame one = { .used = 0 };
        uint32_t bits;
        /* the first is always there, because it identifies frames */
        if (i && isnan(scalars[i].value)) continue;
        if (strlen(scalars[i].tag) > MOST_TAG) continue;
        memcpy(&bits, &value, sizeof bits);
        put_block(&one, 1, scalars[i].tag, strlen(scalars[i].tag));
        put_key(&one, 2, 5);
        put_number(&one, bits, 4);
        put_block(&summary, 1, one.bytes, one.used);
    }
    put_block(&f, SUMMARY, summary.bytes, summary.used);
    return end_frame(b, &f);
}

/* ---- older files --------------------------------------------------------------------------------------- */

static uint64_t number_at(const unsigned char *bytes, int count)
{
    uint64_t number = 0;
    for (int i = count - 1; i >= 0; i--) number = number << 8 | bytes[i];
    return number;
}

/*
 * Returns true if the tag of the frame's first scalar is `tag`, or with `longer` begins with it. The step
 * follows nine bytes of time, as one varint with its key; then comes the summary.
 */
static bool begins_with(const unsigned char *event, size_t size, const char *tag, bool longer, uint64_t *step)
{
    const size_t length = strlen(tag);
    size_t at = 10;
    *step = 0;
    for (int shift = 0; at < size && shift < 64; shift += 7) {
        *step |= (uint64_t)(event[at] & 0x7f) << shift;
        if (!(event[at++] & 0x80)) break;
    }
    if (at >= size || event[at] != (SUMMARY << 3 | 2)) return false;
    while (++at < size && event[at] & 0x80) {
    } /* its length, then key, length and key of a value */
    at += 4;
    return at + length < size && (longer ? event[at] > length : event[at] == length) &&
        !memcmp(event + at + 1, tag, length);
}

/*
 * The bytes of complete frames up to the run's step, with `epochs` epochs, which are counted down; 0 without
 * scalars.
 */
static uint64_t kept_bytes(const unsigned char *bytes, size_t size, uint64_t steps, uint64_t *epochs)
{
    size_t at = 0, frames = 0;
    while (size - at >= HEAD + TAIL) {
        const uint64_t length = number_at(bytes + at, 8);
        const unsigned char *event = bytes + at + HEAD;
        uint64_t step;
        if (length > size - at - HEAD - TAIL ||
            number_at(event + length, TAIL) != lathe_crc32c_masked(event, (size_t)length))
            break;
        if (begins_with(event, (size_t)length, first_of_step, false, &step)) {
            if (step >= steps) break;
        } else if (begins_with(event, (size_t)length, first_of_epoch, false, &step)) {
            if (step > steps || !*epochs) break;
            --*epochs;
        } else if (begins_with(event, (size_t)length, first_of_eval, false, &step) ||
            begins_with(event, (size_t)length, begin_of_probe, true, &step)) {
            if (step > steps) break;
        } else if (at) break; /* a test: the run had ended; but not the version at the beginning */
        at += HEAD + (size_t)length + TAIL;
        frames++;
    }
    return frames > 1 ? at : 0;
}

static lathe_status path_of(const lathe_keeper *keeper, uint64_t number, lathe_folder_path path)
{
    char name[96];
    snprintf(name, sizeof name, "%s%010llu%s", prefix, (unsigned long long)number, suffix);
    return lathe_keeper_path(keeper, name, path);
}

/* Cut off what is later than the run. An empty file is removed. */
static lathe_status cut(const lathe_keeper *keeper, uint64_t number, uint64_t *epochs)
{
    size_t size;
    lathe_folder_path path;
    lathe_status status = path_of(keeper, number, path);
    unsigned char *bytes = status ? NULL : lathe_file_read(path, MOST_BYTES, &size);
    if (!bytes) return lathe_error();
    const uint64_t end = kept_bytes(bytes, size, keeper->step, epochs);
    lathe_free(bytes);
    if (!end) return lathe_file_remove(path);
    if (end == size) return LATHE_OK;
    lathe_writer *writer = lathe_writer_open(path, end);
    return writer ? lathe_writer_close(writer) : lathe_error();
}

/*
 * Cut all files of the folder to what the run keeps, or with `all` remove them. *last becomes the largest
 * number.
 */
static lathe_status settle(const lathe_keeper *keeper, bool all, uint64_t *last)
{
    size_t count;
    lathe_folder_path path;
    uint64_t epochs = keeper->history.epochs,
             *numbers = lathe_file_numbers(keeper->folder, prefix, suffix, &count);
    lathe_status status = numbers ? LATHE_OK : lathe_error();
    *last = 0;
    for (size_t i = 0; i < count && !status; i++) {
        *last = numbers[i];
        if (!all) status = cut(keeper, numbers[i], &epochs);
        else if (!(status = path_of(keeper, numbers[i], path))) status = lathe_file_remove(path);
    }
    lathe_free(numbers);
    return status;
}

static lathe_status remove_files(const lathe_keeper *keeper)
{
    uint64_t last;
    return settle(keeper, true, &last);
}

/* ---- the logger ---------------------------------------------------------------------------------------- */

static lathe_status close_board(lathe_logger *logger)
{
    if (!logger) return LATHE_OK;
    lathe_status status = lathe_writer_close(((board *)logger)->writer);
    lathe_free(logger);
    return status;
}

extern const lathe_logger_type lathe_tensorboard_logger;

/* Open a new file, numbered by the time in seconds, after all present files. */
static lathe_status open_file(board *b, const lathe_keeper *keeper)
{
    static const char version[] = "brain.Event:2";
    uint64_t last, now = b->no_times ? 0 : (uint64_t)time(NULL);
    lathe_folder_path path;
    frame f;
    lathe_status status = settle(keeper, false, &last);
    if (!status) status = path_of(keeper, now > last ? now : last + 1, path);
    if (status) return status;
    b->writer = lathe_writer_open(path, 0);
    if (!b->writer) return lathe_error();
    begin(b, &f);
    put_block(&f, VERSION, version, sizeof version - 1);
    return end_frame(b, &f);
}

static lathe_logger *open(const lathe_keeper *keeper, const lathe_history_ends *ends)
{
    (void)ends;
    board *b = lathe_alloc(1, sizeof *b);
    if (!b) return NULL;
    b->base.type = &lathe_tensorboard_logger;
    b->no_times = keeper->opts.no_times;
    if (!open_file(b, keeper)) return &b->base;
    close_board(&b->base);
    return NULL;
}

static lathe_status step(lathe_logger *logger, const lathe_keeper *keeper, const lathe_step_row *row)
{
    (void)keeper;
    const scalar scalars[] = { { first_of_step, row->loss }, { "lr", row->lr },
        { "momentum", row->momentum } };
    return put_scalars((board *)logger, row->step, scalars, 3);
}

/* The names of a part's metrics: "train_accuracy", ... */
typedef char metric_tags[LATHE_TASK_METRICS][96];

/* Add a part's metrics to the `count` scalars. Returns the new count. */
static int add_metrics(scalar *scalars, int count, metric_tags tags, const char *part,
    const lathe_history *history, const double *values)
{
    for (int i = 0; i < history->metrics; i++) {
        snprintf(tags[i], sizeof tags[i], "%s_%s", part, history->metric[i].name);
        scalars[count++] = (scalar){ tags[i], values[i] };
    }
    return count;
}

static lathe_status epoch(lathe_logger *logger, const lathe_keeper *keeper, const lathe_epoch_row *row,
    bool part)
{
    board *b = (board *)logger;
    (void)keeper;
    if (part) b->part = lathe_writer_position(b->writer);
    metric_tags tags[2];
    const lathe_history *history = &keeper->history;
    scalar scalars[SCALARS] = { { first_of_epoch, row->train_loss } };
    int count = add_metrics(scalars, 1, tags[0], "train", history, row->train);
    scalars[count++] = (scalar){ "val_loss", row->val_loss };
    count = add_metrics(scalars, count, tags[1], "val", history, row->val);
    return put_scalars(b, row->step, scalars, count);
}

static lathe_status eval(lathe_logger *logger, const lathe_keeper *keeper, const lathe_eval_row *row)
{
    metric_tags tags;
    scalar scalars[SCALARS] = { { first_of_eval, row->loss } };
    const int count = add_metrics(scalars, 1, tags, "eval", &keeper->history, row->metric);
    return put_scalars((board *)logger, row->step, scalars, count);
}

/* As many frames as the columns need. What was not measured is left out. */
static lathe_status probe(lathe_logger *logger, const lathe_keeper *keeper, uint64_t step,
    const double *values)
{
    char tags[SCALARS][MOST_TAG + 1];
    scalar scalars[SCALARS];
    const lathe_probe_table *table = &keeper->history.probe;
    const char *name = table->header;
    lathe_status status = LATHE_OK;
    int count = 0;
    for (int i = 0; i < table->columns && !status; i++) {
        name += strcspn(name, ",") + 1;
        const size_t length = strcspn(name, ",");
        if (!isnan(values[i]) && length + sizeof begin_of_probe - 1 <= MOST_TAG) {
            snprintf(tags[count], sizeof tags[count], "%s%.*s", begin_of_probe, (int)length, name);
            scalars[count] = (scalar){ tags[count], values[i] };
            count++;
        }
        if (!count || (count < SCALARS && i + 1 < table->columns)) continue;
        status = put_scalars((board *)logger, step, scalars, count);
        count = 0;
    }
    return status;
}

static lathe_status drop_part(lathe_logger *logger)
{
    board *b = (board *)logger;
    const uint64_t end = b->part;
    b->part = 0;
    return end ? lathe_writer_cut(b->writer, end) : LATHE_OK;
}

static lathe_status flush(lathe_logger *logger)
{
    return lathe_writer_flush(((board *)logger)->writer, true);
}

static lathe_status end(lathe_logger *logger, const lathe_keeper *keeper, const lathe_ending *ending)
{
    metric_tags tags;
    const lathe_score *test = ending->test;
    scalar scalars[SCALARS] = { { "test_loss", test ? test->loss : (double)NAN } };
    int count = test ? add_metrics(scalars, 1, tags, "test", &keeper->history, test->metric) : 0;
    lathe_status status = test ? put_scalars((board *)logger, keeper->step, scalars, count) : LATHE_OK;
    return status ? status : flush(logger);
}

const lathe_logger_type lathe_tensorboard_logger = {
    .name = "tensorboard",
    .open = open,
    .step = step,
    .epoch = epoch,
    .eval = eval,
    .probe = probe,
    .drop_part = drop_part,
    .end = end,
    .flush = flush,
    .remove = remove_files,
    .close = close_board,
};
