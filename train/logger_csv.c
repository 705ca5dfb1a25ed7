/* steps.csv and epochs.csv of a run folder, which a run that goes on reads back: see history.h. */
#include "logger_impl.h"

#include "../core/alloc.h"

typedef struct tables {
    lathe_logger base;
    lathe_writer *steps, *epochs;
    uint64_t
        part; /* where epochs.csv ended before the row of an epoch that was not whole; 0: there is none */
} tables;

/* The table as it is up to byte `end`; a new one gets its header. */
static lathe_writer *open_table(const lathe_run *run, const char *name, const char *header, uint64_t end)
{
    lathe_folder_path path;
    if (lathe_run_folder_path(run, name, path)) return NULL;
    lathe_writer *writer = lathe_writer_open(path, end);
    if (writer && (end || !lathe_writer_add(writer, header))) return writer;
    lathe_writer_close(writer);
    return NULL;
}

static lathe_status close_tables(lathe_logger *logger)
{
    tables *t = (tables *)logger;
    if (!t) return LATHE_OK;
    lathe_status steps = lathe_writer_close(t->steps), epochs = lathe_writer_close(t->epochs);
    lathe_free(t);
    return steps ? steps : epochs;
}

extern const lathe_logger_type lathe_csv_logger;

static lathe_logger *open(lathe_run *run, const lathe_history_ends *ends)
{
    tables *t = lathe_alloc(1, sizeof *t);
    if (!t) return NULL;
    t->base.type = &lathe_csv_logger;
    t->steps = open_table(run, "steps.csv", lathe_run_step_text(run, NULL), ends->steps);
    t->epochs = t->steps ? open_table(run, "epochs.csv", LATHE_EPOCHS_HEADER, ends->epochs) : NULL;
    if (t->epochs) return &t->base;
    close_tables(&t->base);
    return NULL;
}

static lathe_status step(lathe_logger *logger, lathe_run *run, const lathe_step_row *row)
{
    return lathe_writer_add(((tables *)logger)->steps, lathe_run_step_text(run, row));
}

static lathe_status epoch(lathe_logger *logger, lathe_run *run, const lathe_epoch_row *row, bool part)
{
    char text[LATHE_ROW_TEXT];
    tables *t = (tables *)logger;
    (void)run;
    if (part) t->part = lathe_writer_position(t->epochs);
    return lathe_writer_add(t->epochs, lathe_epoch_row_text(row, text));
}

static lathe_status drop_part(lathe_logger *logger)
{
    tables *t = (tables *)logger;
    const uint64_t end = t->part;
    t->part = 0;
    return end ? lathe_writer_cut(t->epochs, end) : LATHE_OK;
}

static lathe_status flush(lathe_logger *logger)
{
    tables *t = (tables *)logger;
    lathe_status status = lathe_writer_flush(t->steps, true);
    return status ? status : lathe_writer_flush(t->epochs, true);
}

const lathe_logger_type lathe_csv_logger = {
    .name = "csv",
    .always = true,
    .open = open,
    .step = step,
    .epoch = epoch,
    .drop_part = drop_part,
    .flush = flush,
    .close = close_tables,
};
