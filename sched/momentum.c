#include "momentum_impl.h"

#include <math.h>

const char *const lathe_momentum_choices[] = { "auto", "on", "off", NULL };

lathe_momentum_range lathe_momentum_range_of(const lathe_momentum_wish *wish, const lathe_sched_base *base)
{
    bool base_given = wish->base != LATHE_MOMENTUM_NOT_GIVEN,
         max_given = wish->max != LATHE_MOMENTUM_NOT_GIVEN;
    bool has_some = base->momentum_kind == LATHE_MOMENTUM && base->momentum > 0;
    bool automatic = wish->torch_compat || base_given || max_given || has_some;
    bool used = wish->cycle == LATHE_MOMENTUM_ON || (wish->cycle == LATHE_MOMENTUM_AUTO && automatic);
    double own = wish->torch_compat || base->momentum == 0 ? wish->torch_max : base->momentum;
    double high = max_given ? wish->max : own;
    double below = fmax(0, high - 0.1), torch_low = wish->torch_compat ? wish->torch_base : below;
    return (lathe_momentum_range){ .low = base_given ? wish->base : torch_low, .high = high, .used = used };
}

lathe_status lathe_momentum_check(const char *who, const lathe_momentum_wish *wish,
    const lathe_sched_base *base)
{
    const double given[2] = { wish->base, wish->max };
    for (int i = 0; i < 2; i++)
        if (given[i] < 0 && given[i] != LATHE_MOMENTUM_NOT_GIVEN)
            return lathe_fail(LATHE_EARG, "%s: %s = %g is not legal: [0, 1)", who,
                i ? "max_momentum" : "base_momentum", given[i]);
    lathe_momentum_range range = lathe_momentum_range_of(wish, base);
    if (range.used && base->momentum_kind == LATHE_NO_MOMENTUM)
        return lathe_fail(LATHE_EARG,
            "%s: momentum should be cycled, but %s has neither momentum nor betas; set cycle_momentum off",
            who, base->optimizer);
    if (range.used && range.low > range.high)
        return lathe_fail(LATHE_EARG, "%s: base_momentum = %g is above max_momentum = %g", who, range.low,
            range.high);
    return LATHE_OK;
}
