#!/usr/bin/env python3
"""Who may include whom (docs/architecture.md). Refuses every other edge and every circle.

usage: includes.py SOURCE_DIR      check the tree
       includes.py --table         print what is allowed
"""
import os
import re
import sys

# A folder, and the folders that its files may include beside its own.
FOLDERS = {
    "core": "",
    "nn": "core",
    "optim": "core",
    "data": "core",
    "metrics": "core",
    "io": "core",
    "sched": "optim core",
    "task": "metrics nn data core",
    "dist": "core",
    "train": "dist task sched optim nn data metrics io core",
    "study": "train dist task sched optim nn data metrics io core",
    "deploy": "task nn data io core",
    "report": "study train task sched optim nn data metrics io core",
}

# Rooms: what the files of a folder in a folder may include of that folder, beside their own room. Rooms that are not
# listed may include whatever makes no circle of rooms; a single header that is named here is no edge between rooms.
ROOMS = {
    "core/kernels": "core/real.h",
    "data": "",  # the files that lie in no room; all.h includes every room
    "data/files": "data",
    "data/pictures": "data data/files",
    "data/transforms": "data data/pictures",
    "data/formats": "data data/files data/pictures",
    "data/loading": "data data/files data/transforms",
    "train/feed": "train/settings/section_impl.h",
    "train/learner": "train/settings/section_impl.h train/rows.h",
    "train/keeper": "train/settings/section_impl.h train/rows.h",
    "train/probe": "train/learner train/feed",
}

# Headers that are not public, and who outside of their folder may include them.
PRIVATE = {
    "core/kernels/kernels.h": "optim data",  # the loops of updates, and of resizing
    "core/kernels/planes/bytes.h": "data",  # pixels to lanes
    "core/chain_impl.h": "nn",  # a net's forward is a chain
    "core/ops/batch_norm_impl.h": "nn",  # fusion
    "core/replay_impl.h": "nn",  # plans
    "core/threads_impl.h": "data dist",  # the loader's workers, and the thread that tells others of a process
    "data/formats/csv_impl.h": "study",  # tables of results
    "data/pictures/fit_impl.h": "deploy",  # pictures in memory as samples
}

# Whoever is not part of the library includes <lathe/lathe.h> alone.
OUTSIDE = ["cli", "examples", "bench", "playground", "tests"]


def table():
    """The rules above as the text that docs/architecture.md quotes."""
    lines = [f"{name:15} -> {allowed or 'nothing'}" for name, allowed in FOLDERS.items()]
    lines += [f"{name:15} -> {allowed or 'nothing'} (of its folder)" for name, allowed in ROOMS.items() if "/" in name]
    lines += [f"{header} is private to core, {', '.join(PRIVATE[header].split())}" for header in PRIVATE]
    lines += ["NAME_impl.h is private to its folder", f"{', '.join(OUTSIDE)} -> lathe.h"]
    return lines


def sources(folder):
    for place, _, names in os.walk(folder):
        yield from (os.path.join(place, name) for name in sorted(names) if name.endswith((".c", ".h")))


def included(file):
    """The files that `file` includes by "...", from the source folder on."""
    with open(file, encoding="utf-8") as text:
        for name in re.findall(r'^#include "([^"]+)"', text.read(), re.M):
            yield os.path.normpath(os.path.join(os.path.dirname(file), name))


def is_private(header):
    return header.endswith("_impl.h") or header.startswith("core/kernels/")


def room_of(file):
    """Where a file lies: data/formats, data for files that lie in no room, core/ops for core/ops/losses too."""
    return "/".join(file.split("/")[:-1][:2])


def refusal(file, header):
    """Why `file` may not include `header`; None if it may."""
    folder, target = file.split("/")[0], header.split("/")[0]
    room, other = room_of(file), room_of(header)
    if not os.path.exists(header):
        return "which does not exist"
    if file.startswith("core/kernels/") and target != "core":
        return "but a kernel knows nothing of lathe except its number type"
    if target != folder and target not in FOLDERS[folder].split():
        return f"but {folder} may not include {target}"
    if target != folder and is_private(header) and folder not in PRIVATE.get(header, "").split():
        return f"which is private to {target}"
    if target == folder and other != room and room in ROOMS and os.path.basename(file) != "all.h":
        if other not in ROOMS[room].split() and header not in ROOMS[room].split():
            return f"but {room} may not include {other}"
    return None


def circle(graph):
    """The nodes of one circle in {node: {node, ...}}, in order; [] if there is none."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return []
        path.append(node)
        for following in sorted(graph.get(node, ())):
            found = visit(following)
            if found:
                return found
        done.add(path.pop())
        return []

    for node in sorted(graph):
        found = visit(node)
        if found:
            return found
    return []


def check():
    faults, files, rooms = [], {}, {}
    for folder in FOLDERS:
        for file in sources(folder):
            files[file] = set(included(file))
            for header in sorted(files[file]):
                why = refusal(file, header)
                if why:
                    faults.append(f"{file} includes {header}, {why}")
                ours, theirs = room_of(file), room_of(header)
                named = header in ROOMS.get(ours, "").split()
                if "/" in ours and "/" in theirs and ours != theirs and not named:
                    rooms.setdefault(ours, set()).add(theirs)
    for folder in OUTSIDE:
        for file in sources(folder):
            faults += [f"{file} includes {header}: it may include <lathe/lathe.h> alone"
                       for header in included(file) if header.split("/")[0] in FOLDERS and not is_private(header)]
    for graph in (files, rooms):
        found = circle(graph)
        if found:
            faults.append("a circle: " + " -> ".join(found))
    edges = sum(map(len, files.values()))
    if edges < 500:
        faults.append(f"only {edges} includes found")
    return faults


if __name__ == "__main__":
    if sys.argv[1] == "--table":
        print("\n".join(table()))
        sys.exit(0)
    os.chdir(sys.argv[1])
    found = check()
    print("\n".join(found))
    sys.exit(bool(found))
