"""The curl lines of docs/serving.md, as they stand there, in a shell. usage: docs.py LATHE SOURCE_DIR"""
import json
import os
import re
import shutil
import subprocess
import sys

from common import SKIPPED, Server, expect, picture, train, work, write

program, source = sys.argv[1:]
if not shutil.which("curl"):
    print("SKIPPED: no curl")
    sys.exit(SKIPPED)
with open(os.path.join(source, "docs/serving.md"), encoding="utf-8") as page:
    lines = re.findall(r"^    (.*\S)$", page.read(), re.M)
commands, rest = [], ""
for line in lines:
    rest += line
    if line.endswith("|"):
        rest += "\n"
        continue
    if "curl" in rest:
        commands.append(rest)
    rest = ""
expect(len(commands) == 7, "%d commands with curl" % len(commands))
train(program)
write("other.png", picture(2))
with open(os.path.join(source, "tests/golden/preset.jpg"), "rb") as file:
    write("photo.jpg", file.read())
server = Server(program, "run")
for command in commands:
    command = command.replace("127.0.0.1:8080", "127.0.0.1:%d" % server.port)
    done = subprocess.run(["bash", "-c", "set -o pipefail\n" + command], cwd=work.name, capture_output=True, text=True, timeout=60)
    expect(done.returncode == 0 and done.stdout, "%s: %s%s" % (command, done.stdout, done.stderr))
    if "metrics" in command:
        expect("# TYPE lathe_drift gauge" in done.stdout, "no metrics: " + done.stdout)
        continue
    answer = json.loads(done.stdout)
    expect("error" not in done.stdout, "%s: %s" % (command, done.stdout))
    if "predict" in command:
        found = answer.get("pictures") or answer["predictions"]
        expect(found, "no predictions: " + done.stdout)
        if "top=" in command:
            expect(len(answer["predictions"]) == int(re.search(r"top=(\d)", command).group(1)), "top: " + done.stdout)
server.end()
print("%d commands" % len(commands))
