"""What lathe.py reads from the headers' text is what the compiler and the linker have.

usage: test_declarations.py COMPILER INCLUDE_FOLDER LIBRARY"""
import ctypes
import subprocess
import sys
import tempfile
import unittest

import lathe

COMPILER, INCLUDE, LIBRARY = sys.argv[1:4]


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
            real = "double" if lathe._real.itemsize == 8 else "float"
            done = subprocess.run([COMPILER, "-std=c11", "-fsyntax-only", f"-DLATHE_REAL={real}", "-I", INCLUDE,
                                   file.name], capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0)

    @staticmethod
    def _is_typedef(name):
        text = lathe._raw().decode()
        return f"typedef struct {name} {name};" in text or f"}} {name};" in text


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
