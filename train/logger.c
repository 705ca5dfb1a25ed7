/* The loggers of a run. */
#include "logger_impl.h"

#include <string.h>

#include "../core/registry.h"

extern const void *const lathe_logger_types[]; /* made by cmake/registry.cmake */

const lathe_logger_type *lathe_logger_at(int index)
{
    static const lathe_registry registry = { .kind = "log",
        .prefix = "lathe_logger",
        .table = lathe_logger_types };
    return lathe_registry_at(&registry, index);
}

/* Does the comma list `names` have this one? */
static bool names_it(const char *names, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = names; *at; at += strspn(at, ", ")) {
        const size_t word = strcspn(at, ", ");
        if (word == length && !strncmp(at, name, word)) return true;
        at += word;
    }
    return false;
}

/* For messages: those that can be asked for. */
static const char *optional_at(const void *context, int index)
{
    (void)context;
    const lathe_logger_type *type;
    for (int i = 0; (type = lathe_logger_at(i)); i++)
        if (!type->always && !index--) return type->name;
    return NULL;
}

lathe_status lathe_loggers_check(const char *names)
{
    char name[LATHE_SETTING_SHORT];
    for (const char *at = names + strspn(names, ", "); *at; at += strspn(at, ", ")) {
        const size_t length = strcspn(at, ", ");
        bool known = false;
        if (length >= sizeof name)
            return lathe_fail(LATHE_EARG, "settings: log = '%.60s' is too long", names);
        memcpy(name, at, length);
        name[length] = '\0';
        at += length;
        for (int i = 0; optional_at(NULL, i); i++) known = known || !strcmp(optional_at(NULL, i), name);
        if (!known) return lathe_fail_name("log", name, optional_at, NULL);
        if (names_it(at, name))
            return lathe_fail(LATHE_EARG, "settings: log = '%.60s' names %s twice", names, name);
    }
    return LATHE_OK;
}

lathe_status lathe_loggers_open(lathe_run *run, const lathe_history_ends *ends)
{
    lathe_run_state *state = run->state;
    const lathe_logger_type *type;
    for (int i = 0; (type = lathe_logger_at(i)); i++) {
        if (!type->always && !names_it(run->settings.log, type->name)) continue;
        if (state->loggers == LATHE_LOGGERS)
            return lathe_fail(LATHE_EARG, "lathe_loggers_open: more than %d loggers", LATHE_LOGGERS);
        lathe_logger *logger = type->open(run, ends);
        if (!logger) return lathe_error();
        state->logger[state->loggers++] = logger;
    }
    return LATHE_OK;
}

lathe_status lathe_loggers_step(lathe_run *run, const lathe_step_row *row)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < run->state->loggers && !status; i++) {
        lathe_logger *logger = run->state->logger[i];
        if (logger->type->step) status = logger->type->step(logger, run, row);
    }
    return status;
}

lathe_status lathe_loggers_epoch(lathe_run *run, const lathe_epoch_row *row, bool part)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < run->state->loggers && !status; i++) {
        lathe_logger *logger = run->state->logger[i];
        if (logger->type->epoch) status = logger->type->epoch(logger, run, row, part);
    }
    return status;
}

lathe_status lathe_loggers_drop_part(lathe_run *run)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < run->state->loggers && !status; i++) {
        lathe_logger *logger = run->state->logger[i];
        if (logger->type->drop_part) status = logger->type->drop_part(logger);
    }
    return status;
}

/* Those that are told of the run alone. */
typedef enum event { BEST, END, FLUSH } event;

static lathe_status tell(lathe_run *run, event what)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < run->state->loggers && !status; i++) {
        lathe_logger *logger = run->state->logger[i];
        const lathe_logger_type *type = logger->type;
        if (what == BEST && type->best) status = type->best(logger, run);
        if (what == END && type->end) status = type->end(logger, run);
        if (what == FLUSH && type->flush) status = type->flush(logger);
    }
    return status;
}

lathe_status lathe_loggers_best(lathe_run *run) { return tell(run, BEST); }

lathe_status lathe_loggers_end(lathe_run *run) { return tell(run, END); }

lathe_status lathe_loggers_flush(lathe_run *run) { return tell(run, FLUSH); }

lathe_status lathe_loggers_remove(const lathe_run *run)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; lathe_logger_at(i) && !status; i++)
        if (lathe_logger_at(i)->remove) status = lathe_logger_at(i)->remove(run);
    return status;
}

lathe_status lathe_loggers_close(lathe_run *run)
{
    lathe_status first = LATHE_OK;
    lathe_run_state *state = run->state;
    while (state->loggers) {
        lathe_logger *logger = state->logger[--state->loggers];
        lathe_status status = logger->type->close(logger);
        if (!first) first = status;
    }
    return first;
}
