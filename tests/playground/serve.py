#!/usr/bin/env python3
"""`lathe playground` serves its page to this machine alone, and writes its pictures: serve.py LATHE. Exit 77 in a
build that serves nothing."""
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

lathe = sys.argv[1]
failures = 0


def check(what, right):
    global failures
    print(f"{'ok  ' if right else 'FAIL'} {what}")
    failures += not right


def ask(port, path="/", method="GET", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.headers, text


def serve(page, *more):
    process = subprocess.Popen([lathe, "playground", "--port", "0", "--page", page, *more], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
    if not found and "LATHE_HTTP" in process.stderr.read():
        print("SKIPPED: this build serves nothing")
        sys.exit(77)
    return process, int(found.group(1))


with tempfile.TemporaryDirectory() as folder:
    page = os.path.join(folder, "index.html")
    content = b"<!doctype html><title>a page</title>" + b"x" * 5000000
    with open(page, "wb") as file:
        file.write(content)
    process, port = serve(page)
    status, headers, text = ask(port)
    check("the page, whole", status == 200 and text == content)
    check("as HTML", headers["Content-Type"] == "text/html; charset=utf-8")
    check("no foreign page may frame it", "frame-ancestors 'none'" in headers["Content-Security-Policy"])
    check("nothing else", ask(port, "/secret")[0] == 404 and ask(port, "/../etc/passwd")[0] == 404)
    check("GET alone", ask(port, method="POST")[0] == 405)
    check("not for a foreign name", ask(port, host="example.com")[0] == 403)
    check("localhost is this machine", ask(port, host="localhost:80")[0] == 200)
    taken = subprocess.run([lathe, "playground", "--port", str(port), "--page", page], capture_output=True, text=True)
    check(f"a port that is taken: {taken.stderr.strip()}", taken.returncode == 1 and "--port 0" in taken.stderr)
    process.send_signal(signal.SIGTERM)
    check("SIGTERM ends it", process.wait(10) == 0)
    with open(os.path.join(folder, "xdg-open"), "w") as file: # what the desktop would have
        file.write(f"#!/bin/sh\necho \"$1\" > {folder}/opened\n")
    os.chmod(file.name, 0o755)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
    process, port = serve(page, "--open")
    for _ in range(100):
        if os.path.exists(f"{folder}/opened") and os.path.getsize(f"{folder}/opened"):
            break
        time.sleep(0.1)
    check("--open gives the browser the address", open(f"{folder}/opened").read() == f"http://127.0.0.1:{port}/\n")
    process.terminate()
    process.wait(10)
    missing = subprocess.run([lathe, "playground", "--page", page + ".no"], capture_output=True, text=True)
    check(f"a missing page: {missing.stderr.strip()}", missing.returncode == 1 and ".no" in missing.stderr)

    if os.path.exists("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"):
        sets = [os.path.join(folder, name) for name in ("a", "b")]
        for name in sets:
            subprocess.run([lathe, "playground", "--pictures", name], check=True, stdout=subprocess.DEVNULL)
        names = sorted(os.listdir(sets[0]))
        sizes = [os.path.getsize(os.path.join(sets[0], name)) for name in names]
        check("the pictures: four files", sizes == [16 + 2000 * 784, 8 + 2000, 16 + 5000 * 784, 8 + 5000])
        same = all(open(f"{sets[0]}/{name}", "rb").read() == open(f"{sets[1]}/{name}", "rb").read() for name in names)
        check("the same ones each time", same)
        with open(os.path.join(sets[0], "t10k-labels-idx1-ubyte"), "rb") as file:
            labels = file.read()[8:]
        check("each class in proportion", all(abs(labels.count(k) - 200) < 2 for k in range(10)))

sys.exit(failures > 0)
