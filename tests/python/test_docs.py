"""The code of docs/python.md and of README runs as it is written, and so does python/example.py, with 256 pictures.

usage: test_docs.py SOURCE_FOLDER LATHE"""
import contextlib
import io
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import lathe

SOURCE, LATHE = (os.path.abspath(path) for path in sys.argv[1:3])


def write_fashion_mnist(folder):
    """Few pictures in Fashion-MNIST's files."""
    os.makedirs(os.path.join(folder, "fashion-mnist"))
    rng = np.random.default_rng(0)
    for part, count in (("train", 256), ("t10k", 64)):
        labels = np.arange(count, dtype=np.uint8) % 10
        pixels = rng.integers(0, 60, (count, 28, 28), np.uint8)
        pixels[np.arange(count), 2 + labels * 2] = 250  # a line whose height is the class
        place = os.path.join(folder, "fashion-mnist", part)
        with open(place + "-images-idx3-ubyte", "wb") as file:
            file.write(struct.pack(">4I", 0x803, count, 28, 28) + pixels.tobytes())
        with open(place + "-labels-idx1-ubyte", "wb") as file:
            file.write(struct.pack(">2I", 0x801, count) + labels.tobytes())


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        write_fashion_mnist(cls.folder.name)
        os.environ.update(LATHE_DATA=cls.folder.name, LATHE_CACHE="off")
        os.chdir(cls.folder.name)
        subprocess.run([LATHE, "train", "--data", "fashion-mnist", "--model", "lenet5", "--epochs", "1", "--quiet",
                        "--out", "runs/first"], check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        os.chdir(SOURCE)
        cls.folder.cleanup()

    def blocks(self, name):
        with open(os.path.join(SOURCE, name), encoding="utf-8") as file:
            return re.findall(r"^```python\n(.*?)^```", file.read(), flags=re.S | re.M)

    def run_blocks(self, name, least):
        blocks, names, said = self.blocks(name), {}, io.StringIO()
        self.assertGreaterEqual(len(blocks), least)
        for block in blocks:
            with contextlib.redirect_stdout(said):
                exec(compile(block, name, "exec"), names)  # noqa: S102: the manual's own code
        return said.getvalue()

    def test_the_manual(self):
        said = self.run_blocks("docs/python.md", 9)
        self.assertIn("adam: betas[0] = 1.5 is not legal: [0, 1)", said)
        self.assertIn("0.001550", said)
        self.assertTrue(os.path.getsize("net.safetensors") > 10000)
        with open("rates.svg", encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("<svg"))

    def test_the_readme(self):
        self.run_blocks("README.md", 1)

    def test_the_example(self):
        done = subprocess.run([sys.executable, os.path.join(SOURCE, "python", "example.py")], capture_output=True,
                              text=True, env={**os.environ, "LATHE_LIBRARY": lathe._library._name})
        self.assertEqual(done.stderr, "")
        self.assertRegex(done.stdout, r"(?s)256 pictures.*one rate\n.*a cycle\n.*rate 0\.00010  loss .*accuracy")
        for name in ("rates.svg", "accuracy.svg"):
            self.assertGreater(os.path.getsize(name), 1000)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
