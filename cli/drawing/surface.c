#include "surface.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include <lathe/lathe.h>

/* f = (1 - x)^2 + 100 (y - x^2)^2. Source: Rosenbrock, "An automatic method for finding the greatest or least
 * value of a function", 1960. */
static double rosenbrock(const double p[2], double g[2])
{
    double across = p[1] - p[0] * p[0], along = 1 - p[0];
    g[0] = -2 * along - 400 * p[0] * across;
    g[1] = 200 * across;
    return along * along + 100 * across * across;
}

static void on_rosenbrock(double level, double angle, double p[2])
{
    p[0] = 1 + sqrt(level) * cos(angle);
    p[1] = p[0] * p[0] + sqrt(level) * sin(angle) / 10;
}

/* f = (x^2 + 20 y^2) / 2 */
static double bowl(const double p[2], double g[2])
{
    g[0] = p[0];
    g[1] = 20 * p[1];
    return (p[0] * p[0] + 20 * p[1] * p[1]) / 2;
}

static void on_bowl(double level, double angle, double p[2])
{
    p[0] = sqrt(2 * level) * cos(angle);
    p[1] = sqrt(2 * level / 20) * sin(angle);
}

static const double rosenbrock_levels[] = { 0.1, 0.5, 1, 2, 4, 10, 30, 100, 0 },
                    bowl_levels[] = { 0.1, 0.5, 1, 2, 4, 8, 14, 0 };

static const cli_surface surfaces[] = {
    { "rosenbrock", "a curved valley that falls slowly: (1 - x)^2 + 100 (y - x^2)^2", { -1.2, 1 }, { 1, 1 },
        { -1.7, -0.8 }, { 1.7, 2.2 }, rosenbrock_levels, rosenbrock, on_rosenbrock },
    { "bowl", "twenty times as steep one way as the other: (x^2 + 20 y^2) / 2", { -4, 1 }, { 0, 0 },
        { -4.6, -1.5 }, { 4.6, 1.5 }, bowl_levels, bowl, on_bowl }
};

const cli_surface *cli_surface_at(int index)
{
    return index < (int)(sizeof surfaces / sizeof surfaces[0]) ? &surfaces[index] : NULL;
}

static const char *name_at(const void *context, int index)
{
    (void)context;
    return cli_surface_at(index) ? cli_surface_at(index)->name : NULL;
}

const cli_surface *cli_surface_find(const char *name)
{
    for (int i = 0; cli_surface_at(i); i++)
        if (!strcmp(name, cli_surface_at(i)->name)) return cli_surface_at(i);
    lathe_fail_name("function", name, name_at, NULL);
    return NULL;
}
