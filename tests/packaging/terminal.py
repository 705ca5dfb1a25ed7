"""Lines typed into a bash on a terminal, each with a tabulator: readline parts words at = and at colons by
its own rules. usage: terminal.py LATHE. 77: skipped."""
import os
import pty
import select
import shutil
import sys
import tempfile
import time

LINES = {"lathe lis": "lathe list ", "lathe train --base-l": "lathe train --base-lr ",
         "lathe train --model=resnet2": "lathe train --model=resnet20 ",
         "lathe train --augment crop:4,hfl": "lathe train --augment crop:4,hflip ",
         "lathe train --data fol": "lathe train --data folder:",
         "lathe train --data folder:ph": "lathe train --data folder:photos/",
         "lathe train --out ph": "lathe train --out photos/",
         "lathe predict photos/a": "lathe predict photos/a b.png "}

if not shutil.which("bash"):
    print("SKIPPED: no bash")
    sys.exit(77)
lathe = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp()
os.makedirs(f"{work}/photos")
open(f"{work}/photos/a b.png", "w").close()
child, terminal = pty.fork()
if child == 0:
    os.chdir(work)
    path = f"{os.path.dirname(lathe)}:{os.environ['PATH']}"
    os.environ.update(PS1="$ ", TERM="dumb", PATH=path, HISTFILE="")
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])


def read_until(text):
    """All that the terminal shows until `text` is there, blanks in names without their backslash."""
    shown, end = "", time.monotonic() + 30
    while text not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
            shown = shown.replace("\\ ", " ").replace("\a", "")
    return text in shown, shown


failed = False
os.write(terminal, b"bind 'set enable-bracketed-paste off'\n"
         b"source <(lathe help --completion bash); echo don''e\n")
failed = not read_until("done")[0]
for line, wanted in LINES.items():
    os.write(terminal, line.encode() + b"\t")
    found, shown = read_until(wanted)
    if not found:
        print(f"{line}<TAB>: {shown!r}, not '{wanted}'")
        failed = True
        break
    os.write(terminal, b"\x15")  # the line is emptied
os.write(terminal, b"exit\n")
os.close(terminal)
os.waitpid(child, 0)
shutil.rmtree(work)
sys.exit(failed)
