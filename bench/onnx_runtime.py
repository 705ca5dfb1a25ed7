"""ONNX Runtime for the comparisons: the package onnxruntime-node, in the version of bench/onnxruntime/package.json."""
import os
import subprocess
import sys

from compare import Worker

RIVAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnxruntime")


def install():
    if os.path.isdir(os.path.join(RIVAL, "node_modules", "onnxruntime-node")):
        return
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=RIVAL, capture_output=True, text=True)
    if done.returncode:
        sys.exit("bench: npm ci in bench/onnxruntime failed: %s" % done.stderr.strip()[-300:])


def session(file, batch, threads, channels, size):
    """A process that runs a model on request, for pictures of size x size."""
    return Worker(["node", os.path.join(RIVAL, "session.mjs"), file] + [str(number) for number in (batch, threads, channels, size)])
