/* Recipes: each is legal. */
#include "support/tiny.h"

#include <string.h>

static void every_recipe_is_legal(void **state)
{
    (void)state;
    int count = 0;
    for (; lathe_recipe_at(count); count++) {
        const lathe_recipe *recipe = lathe_recipe_at(count);
        assert_ptr_equal(lathe_recipe_find(recipe->name), recipe);
        lathe_settings settings = lathe_settings_default();
        for (const lathe_recipe_setting *s = recipe->setting; s->key; s++) {
            const lathe_recipe_setting *owner = recipe->setting;
            while (owner->key && s->owner && strcmp(owner->key, s->owner)) owner++;
            assert_non_null(owner->key);
            tiny_set(&settings, s->key, s->text);
        }
        if (lathe_settings_check(&settings)) fail_msg("%s: %s", recipe->name, lathe_error_message());
    }
    assert_int_equal(count, 2);
    assert_null(lathe_recipe_find("finetun"));
    assert_failed(LATHE_ENAME, "unknown recipe 'finetun'; did you mean finetune?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recipe_is_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
