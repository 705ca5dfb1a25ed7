/* The loggers of a run. */
#include <string.h>

#include "../../core/registry.h"
#include "keeper_impl.h"

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_logger_type *type = object;
    if (!type->open || !type->close) return lathe_registry_refuse(registry, type, "open or close is NULL");
    return LATHE_OK;
}

extern const void *const lathe_logger_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "log",
    .prefix = "lathe_logger",
    .table = lathe_logger_types,
    .check = check_type };

const lathe_logger_type *lathe_logger_at(int index) { return lathe_registry_at(&registry, index); }

lathe_status lathe_logger_register(const lathe_logger_type *type)
{
    return lathe_registry_add(&registry, type);
}

/* Returns true if the comma list `names` contains this one. */
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

/* The loggers that --log can name, for messages. */
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
    if (!names) return lathe_fail_null("lathe_loggers_check", "names");
    char name[128];
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

lathe_status lathe_loggers_open(lathe_keeper *keeper, const lathe_history_ends *ends)
{
    lathe_keeping *own = keeper->own;
    const lathe_logger_type *type;
    for (int i = 0; (type = lathe_logger_at(i)); i++) {
        if (!type->always && !names_it(keeper->opts.log, type->name)) continue;
        if (own->loggers == LATHE_LOGGERS)
            return lathe_fail(LATHE_EARG, "lathe_loggers_open: more than %d loggers", LATHE_LOGGERS);
        lathe_logger *logger = type->open(keeper, ends);
        if (!logger) return lathe_error();
        own->logger[own->loggers++] = logger;
    }
    return LATHE_OK;
}

lathe_status lathe_loggers_step(lathe_keeper *keeper, const lathe_step_row *row)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < keeper->own->loggers && !status; i++) {
        lathe_logger *logger = keeper->own->logger[i];
        if (logger->type->step) status = logger->type->step(logger, keeper, row);
    }
    return status;
}

lathe_status lathe_loggers_epoch(lathe_keeper *keeper, const lathe_epoch_row *row, bool part)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < keeper->own->loggers && !status; i++) {
        lathe_logger *logger = keeper->own->logger[i];
        if (logger->type->epoch) status = logger->type->epoch(logger, keeper, row, part);
    }
    return status;
}

lathe_status lathe_loggers_eval(lathe_keeper *keeper, const lathe_eval_row *row)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < keeper->own->loggers && !status; i++) {
        lathe_logger *logger = keeper->own->logger[i];
        if (logger->type->eval) status = logger->type->eval(logger, keeper, row);
    }
    return status;
}

lathe_status lathe_loggers_probe(lathe_keeper *keeper, uint64_t step, const double *values)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < keeper->own->loggers && !status; i++) {
        lathe_logger *logger = keeper->own->logger[i];
        if (logger->type->probe) status = logger->type->probe(logger, keeper, step, values);
    }
    return status;
}

lathe_status lathe_loggers_drop_part(lathe_keeper *keeper)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < keeper->own->loggers && !status; i++) {
        lathe_logger *logger = keeper->own->logger[i];
        if (logger->type->drop_part) status = logger->type->drop_part(logger);
    }
    return status;
}

lathe_status lathe_loggers_best(lathe_keeper *keeper)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < keeper->own->loggers && !status; i++) {
        lathe_logger *logger = keeper->own->logger[i];
        if (logger->type->best) status = logger->type->best(logger, keeper);
    }
    return status;
}

lathe_status lathe_loggers_end(lathe_keeper *keeper, const lathe_ending *ending)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < keeper->own->loggers && !status; i++) {
        lathe_logger *logger = keeper->own->logger[i];
        if (logger->type->end) status = logger->type->end(logger, keeper, ending);
    }
    return status;
}

lathe_status lathe_loggers_flush(lathe_keeper *keeper)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < keeper->own->loggers && !status; i++) {
        lathe_logger *logger = keeper->own->logger[i];
        if (logger->type->flush) status = logger->type->flush(logger);
    }
    return status;
}

const char *lathe_loggers_lost(const lathe_keeper *keeper)
{
    const char *path = NULL;
    for (int i = 0; i < keeper->own->loggers && !path; i++) {
        const lathe_logger *logger = keeper->own->logger[i];
        if (logger->type->lost) path = logger->type->lost(logger);
    }
    return path;
}

lathe_status lathe_loggers_remove(const lathe_keeper *keeper)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; lathe_logger_at(i) && !status; i++)
        if (lathe_logger_at(i)->remove) status = lathe_logger_at(i)->remove(keeper);
    return status;
}

lathe_status lathe_loggers_close(lathe_keeper *keeper)
{
    lathe_status first = LATHE_OK;
    lathe_keeping *own = keeper->own;
    while (own->loggers) {
        lathe_logger *logger = own->logger[--own->loggers];
        lathe_status status = logger->type->close(logger);
        if (!first) first = status;
    }
    return first;
}
