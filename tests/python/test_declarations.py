"""What lathe.py reads from the headers' text is what the compiler and the linker have.

usage: test_declarations.py COMPILER INCLUDE_FOLDER LIBRARY"""
import ctypes
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import lathe

COMPILER, INCLUDE, LIBRARY = sys.argv[1:4]
REAL = "double" if lathe._real.itemsize == 8 else "float"
OPTIMIZER = """
#include <lathe/lathe.h>
#include <math.h>
typedef struct sign_opts {
    double lr;
} sign_opts;
static const lathe_field fields[] = {
    { .name = "lr", .kind = LATHE_FIELD_DOUBLE, .offset = offsetof(sign_opts, lr), .preset = { 0.25 },
        .max = HUGE_VAL, .help = "step of each number" },
    { .name = NULL },
};
static void update(const lathe_update *u)
{
    const sign_opts *o = u->opts;
    for (size_t i = 0; i < u->count; i++) u->p[i] -= (lathe_real)copysign(o->lr, (double)u->g[i]);
}
static const lathe_optim_type type = { .name = "sign_descent", .summary = "the sign of the gradient",
    .opts_size = sizeof(sign_opts), .fields = fields, .update = update };
int enter(void) { return (int)lathe_optim_register(&type); }
"""


class Declarations(unittest.TestCase):
    def test_every_exported_function_is_read(self):
        lines = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True, check=True)
        functions = {line.split()[2].split("@")[0] for line in lines.stdout.splitlines() if line.split()[1] in "TW"}
        functions = {name for name in functions if name.startswith("lathe_")}
        self.assertGreater(len(functions), 600)
        # A static inline function of a header has no symbol, and is not read.
        self.assertEqual(functions ^ set(lathe.declarations.prototypes), set())

    def test_every_prototype_has_types(self):
        for name in lathe.declarations.prototypes:
            lathe.c.raw(name)

    def test_structs_lie_as_the_compiler_lays_them(self):
        checks, members = [], 0
        for name in lathe.declarations.bodies:
            made = lathe.declarations.type(name)
            self.assertTrue(name.startswith("lathe_"), name)
            checks.append(f'_Static_assert(sizeof(T_{name}) == {ctypes.sizeof(made)}, "{name}");')
            for field, _ in made._fields_:
                members += 1
                checks.append(f'_Static_assert(offsetof(T_{name}, {field}) == {getattr(made, field).offset}, '
                              f'"{name}.{field}");')
        for name, members_ in lathe.declarations.enums.items():
            checks += [f'_Static_assert({word} == {value}, "{word}");' for word, value in members_.items()]
        self.assertGreater(members, 800)
        tags = {name for name in lathe.declarations.bodies if not self._is_typedef(name)}
        types = [f"typedef {'struct ' if name in tags else ''}{name} T_{name};" for name in lathe.declarations.bodies]
        with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
            file.write("#include <lathe/lathe.h>\n#include <stddef.h>\n" + "\n".join(types + checks) + "\n")
            file.flush()
            done = subprocess.run([COMPILER, "-std=c11", "-fsyntax-only", f"-DLATHE_REAL={REAL}", "-I", INCLUDE,
                                   file.name], capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0)

    def test_an_optimizer_of_another_file_is_there_without_a_line(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/sign.c", "w", encoding="utf-8") as file:
                file.write(OPTIMIZER)
            subprocess.run([COMPILER, "-std=c11", "-shared", "-fPIC", f"-DLATHE_REAL={REAL}", "-I", INCLUDE,
                            folder + "/sign.c", LIBRARY, "-o", folder + "/sign.so"], check=True)
            more = ctypes.CDLL(folder + "/sign.so")
        self.assertRaises(AttributeError, getattr, lathe.optim, "SignDescent")
        self.assertEqual(more.enter(), 0)
        self.assertIn("sign_descent", dir(lathe.optim))
        self.assertIn("lr = 0.25: step of each number (>= 0)", lathe.optim.SignDescent.__doc__)
        model = lathe.nn.Sequential(lathe.nn.Linear(2, 2)).init(1)
        for options, step in (({}, 0.25), ({"lr": 0.5}, 0.5)):
            optimizer, before = lathe.optim.SignDescent(model.parameters(), **options), model.parameters()[0].numpy()
            optimizer.zero_grad()
            lathe.cross_entropy(model([[1.0, -1.0]]), [0]).backward()
            optimizer.step()
            np.testing.assert_allclose(np.abs(model.parameters()[0].numpy() - before), step, rtol=1e-6)
        with self.assertRaisesRegex(lathe.ArgumentError, "sign_descent: lr = -1 is not legal"):
            lathe.optim.SignDescent(model.parameters(), lr=-1)

    @staticmethod
    def _is_typedef(name):
        text = lathe._raw().decode()
        return f"typedef struct {name} {name};" in text or f"}} {name};" in text


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
