"""Forty nasty names: of classes and files, read back from tables, JSON and the page by other people's parsers; of run folders, whose files those parsers take. usage: names.py LATHE"""
import csv
import html.parser
import io
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

NAMES = [
    b"with space", b" before", b"behind ", b"a,b", b"a;b", b"a\tb", b"a\nb", b"a\r\nb", b'say "hi"', b"it's", b"back\\slash", b"\\n",
    b"=cmd()|' calc'!A0", b"+1+1", b"-1-1", b"-rf", b"@SUM(A1)", b"<b>bold<i>", b"<script>alert(1)<!--", b"<!-- x -->", b"]]>", b"&amp;",
    b"&", b"%s%n%d", b"$(id)", b"`id`", b"\x1b[31mred", b"\x1b]0;title\x07", b"\x7fdelete", b"\x01\x02", "\u00fcn\u00ef".encode(),
    "\u65e5\u672c".encode(), "\U0001f600".encode(), "\u202eabc".encode(), "a\u2028b".encode(), b"\xff\xfe", b"\xc3", b"x" * 255, b"null", b"{}",
]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def shown(name):
    """As text outputs have it: bytes that are not UTF-8 as U+FFFD, one each."""
    return "".join(c if not 0xdc80 <= ord(c) <= 0xdcff else "\ufffd" for c in name.decode("utf-8", "surrogateescape"))


def in_csv(name):
    """As CSV has it: bytes that are not UTF-8 as \\xHH."""
    return "".join(c if not 0xdc80 <= ord(c) <= 0xdcff else "\\x%02X" % (ord(c) - 0xdc00)
                   for c in name.decode("utf-8", "surrogateescape"))


def check(what, got, names=NAMES, form=shown):
    got = set(got)
    lost = [n for n in names if form(n) not in got]
    if lost:
        sys.exit("names: %s lacks %r" % (what, lost))


def make(root):
    for i, name in enumerate(NAMES):
        folder = os.path.join(root, name)
        os.makedirs(folder)
        for k in range(2):
            with open(os.path.join(folder, name[:200] + b"%d.ppm" % k), "wb") as file:
                file.write(b"P6\n8 8\n255\n" + bytes([i * 6, k * 90, 128]) * 64)


def lathe(*arguments, code=0):
    done = subprocess.run([sys.argv[1], *arguments], capture_output=True)
    if done.returncode != code:
        sys.exit("names: lathe %r exits with %d: %r" % (arguments, done.returncode, done.stderr))
    # --csv and --json are for programs: there the names are as they are.
    printed = done.stderr + (b"" if "--csv" in arguments or "--json" in arguments else done.stdout)
    if any(c in printed for c in (b"\x1b", b"\x7f", b"\x07", b"\xc2\x9b", "\u202e".encode())):
        sys.exit("names: lathe %r lets an escape through" % (arguments,))
    return done.stdout


def csv_rows(data):
    rows = csv.reader(io.StringIO(data.decode("utf-8", "replace"), newline=""))
    return [[c[1:] if c.startswith("'") and c[1:].startswith(FORMULA) else c for c in row] for row in rows]


class Page(html.parser.HTMLParser):
    """What a page's script element holds, and how many script elements there are."""
    scripts, inside, data = 0, False, ""

    def handle_starttag(self, tag, attributes):
        if tag == "script":
            self.scripts += 1
            self.inside = dict(attributes).get("id") == "data"

    def handle_endtag(self, tag):
        if tag == "script":
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.data += data


def check_outputs():
    lathe("train", "--data", "folder:data", "--model", "mlp", "--size", "8", "--max-steps", "2", "--batch-size", "16", "--val-split", "0.5", "--out", "run")
    rows = csv_rows(lathe("predict", "run", "data", "--csv"))
    check("predict --csv, classes", rows[0], form=in_csv)
    check("predict --csv, pictures", (os.path.basename(r[0])[:-5] for r in rows[1:]), [n[:200] for n in NAMES],
          form=in_csv)
    if any(len(r) != len(rows[0]) for r in rows[1:]):
        sys.exit("names: a row of predict --csv has another number of cells")
    raw = csv.reader(io.StringIO(lathe("predict", "run", "data", "--csv").decode("utf-8", "replace"), newline=""))
    if any(cell.startswith(FORMULA) for row in raw for cell in row):
        sys.exit("names: predict --csv has a cell that a spreadsheet would run")
    predicted = json.loads(lathe("predict", "run", "data", "--json").decode("utf-8"))
    check("predict --json", predicted["classes"])
    check("data --json", json.loads(lathe("data", "--data", "folder:data", "--json").decode("utf-8"))["train"]["classes"])
    page = Page()
    page.feed(open("run/report.html", encoding="utf-8").read())
    check("report.html", find(json.loads(page.data), "classes"))
    if page.scripts != 3:
        sys.exit("names: report.html has %d script elements" % page.scripts)
    lathe("predict", "run", "data")
    lathe("eval", "run")


def check_skipped():
    """Names of what is left out and told: in notes, at a run's end, by data, check and show, and in errors."""
    for name in (b"a\x1b[2J", b"b\xc2\x9b2J", b"c\x7f", "d\u202e".encode()):
        folder = os.path.join(b"skipped", name)
        os.makedirs(folder)
        for k in range(6):
            with open(os.path.join(folder, name + b"%d.ppm" % k), "wb") as file:
                file.write(b"P6\n8 8\n255\n" + bytes(192 if k < 4 else 20))
    given = ("--data", "folder:skipped", "--size", "8")
    lathe("train", *given, "--model", "mlp", "--max-steps", "1", code=1)
    lathe("check", *given, "--model", "mlp", code=1)
    skip = (*given, "--bad-image", "skip")
    lathe("train", *skip, "--model", "mlp", "--max-steps", "1", "--out", "skipped-run")
    lathe("data", *skip)
    lathe("show", *skip, "--png", b"a\xc2\x9b2J.png")
    lathe("predict", "skipped-run", b"no\x1b[2J such\xc2\x9b file", code=1)
    lathe("eval", b"no\x1b[2J such\xc2\x9b run", code=1)
    lathe("show\x1b[2J\x7f", code=2)
    lathe("train", "--\x1b[2J\x7f", "1", code=2)
    lathe("train", "--model", "\x1b[2J\x7f\u202e", code=2)


def find(value, key):
    """The first list under a key, anywhere."""
    if isinstance(value, dict) and isinstance(value.get(key), list):
        return value[key]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for found in (find(item, key) for item in inner) if found), None)


def check_run_folders():
    for name in NAMES:
        folder = b"./" + name
        control = any(c < 32 or c == 127 for c in name) # these no settings file could hold
        lathe("train", "--data", "shapes", "--train-count", "32", "--model", "mlp", "--max-steps", "1", "--batch-size", "16", "--val-split", "0", "--out", folder, code=2 if control else 0)
        if control:
            continue
        for file in sorted(os.listdir(folder)):
            path = os.path.join(folder, file)
            if file.endswith(b".svg"):
                xml.parse(os.fsdecode(path))
            if file.endswith(b".jsonl"):
                for line in open(path, encoding="utf-8"):
                    json.loads(line)
        page = Page()
        page.feed(open(os.path.join(folder, b"report.html"), encoding="utf-8").read())
        if page.scripts != 3:
            sys.exit("names: %r: report.html has %d script elements" % (name, page.scripts))
        json.loads(page.data)


with tempfile.TemporaryDirectory() as root:
    sys.argv[1] = os.path.abspath(sys.argv[1])
    os.chdir(root)
    make(b"data")
    check_outputs()
    check_skipped()
    check_run_folders()
print("names %d/%d" % (len(NAMES), len(NAMES)))
