#include "loss.h"

#include "../../registry.h"

static lathe_status check_type(const lathe_registry *registry, const void *object)
{
    const lathe_loss_type *type = object;
    if (!type->classify && !type->many && !type->boxes)
        return lathe_registry_refuse(registry, type, "classify, many and boxes are NULL");
    return lathe_registry_check_fields(registry, type, type->fields, type->opts_size);
}

extern const void *const lathe_loss_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "loss",
    .prefix = "lathe_loss",
    .table = lathe_loss_types,
    .check = check_type };

const lathe_loss_type *lathe_loss_at(int index) { return lathe_registry_at(&registry, index); }

const lathe_loss_type *lathe_loss_find(const char *name) { return lathe_registry_find(&registry, name); }

lathe_status lathe_loss_register(const lathe_loss_type *type) { return lathe_registry_add(&registry, type); }
