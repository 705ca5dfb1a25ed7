#include "loss.h"

#include <stdio.h>
#include <string.h>

static const char *loss_name(int index)
{
    const lathe_loss_type *type = lathe_loss_at(index);
    return type ? type->name : NULL;
}

const lathe_loss_type *lathe_loss_find(const char *name)
{
    if (!name) return lathe_fail(LATHE_EARG, "lathe_loss_find: name is NULL"), NULL;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%s", name);
    for (char *c = wanted; *c; c++)
        if (*c == '-') *c = '_';
    for (int i = 0; lathe_loss_at(i); i++)
        if (!strcmp(loss_name(i), wanted)) return lathe_loss_at(i);
    lathe_fail_name("loss", name, loss_name);
    return NULL;
}
