"""What `lathe serve` answers: every route, way to send a picture, task and option. usage: answers.py LATHE"""
import base64
import csv
import io
import json
import sys

from common import Server, expect, form, lathe, pgm, picture, png, train, work, write

program = sys.argv[1]


def probabilities(found):
    return {one["class"]: one["probability"] for one in found}


def as_predict(server, run):
    """The same probabilities as the command's."""
    files = [write("as/%d.png" % i, picture(i)) for i in range(7)]
    rows = list(csv.DictReader(io.StringIO(lathe(program, "predict", run, *files, "--csv"))))
    for i, row in enumerate(rows):
        answer = server.predict(picture(i), "?top=1000")
        for name, p in probabilities(answer["predictions"]).items():
            expect(abs(p - float(row[name])) < 1e-5, "picture %d, %s: %g, predict says %s" % (i, name, p, row[name]))
        expect(answer["model"] == "lenet5" and len(answer["weights"]) == 8, "no model or weights: %r" % answer)
        expect(set(answer["ms"]) == {"wait", "prepare", "predict"}, "no times: %r" % answer)


def ways(server):
    """As it is, in a form, several in a form, in JSON."""
    one = server.predict(picture(3), "?top=2")["predictions"]
    expect(len(one) == 2 and one[0]["probability"] >= one[1]["probability"], "two classes: %r" % one)
    body, kind = form([("file", "a b.png", picture(3)), ("top", None, b"2")])
    expect(server.predict(body, "", kind)["predictions"] == one, "a form differs")
    body, kind = form([("file", "%d.png" % i, picture(i)) for i in range(64)])
    many = server.predict(body, "?top=1", kind)["pictures"]
    expect([p["file"] for p in many] == ["%d.png" % i for i in range(64)], "names of files")
    for i in (0, 7, 63):
        alone = server.predict(picture(i), "?top=1")["predictions"][0]
        expect(many[i]["predictions"][0]["class"] == alone["class"], "picture %d differs among others" % i)
        expect(abs(many[i]["predictions"][0]["probability"] - alone["probability"]) < 1e-5, "picture %d differs" % i)
    body, kind = form([("file", "%d.png" % i, picture(i)) for i in range(65)])
    expect("more than 64" in server.predict(body, "", kind, 413)["error"], "65 pictures")
    text = base64.b64encode(picture(3)).decode()
    for image in (text, {"b64": text}, "data:image/png;base64," + text, text.replace("+", "-").replace("/", "_").rstrip("=")):
        whole = json.dumps({"instances": [{"image": image}], "parameters": {"top": 2}}).encode()
        answer = server.predict(whole, "", ["Content-Type: application/json"])
        expect(answer["predictions"] == [{"predictions": one}], "instances: %r" % answer)
    whole = json.dumps({"instances": [{"image": text}, {"image": "AAAA"}, text]}).encode()
    answer = server.predict(whole, "?top=2", ["Content-Type: application/json; charset=utf-8"])["predictions"]
    expect(answer[0] == answer[2] and "not" in answer[1]["error"], "a bad instance among good ones: %r" % answer)
    expect(len(server.predict(picture(3), "?confidence=1")["predictions"]) == 0, "confidence")
    grey = png(9, 9, lambda x, y: (x * 20, y * 20, 7), 3)
    expect(server.predict(grey)["predictions"], "colour for a model of colour or grey")


def wrong(server):
    for body, query, headers, status, why in (
            (b"", "", [], 400, "empty"),
            (b"no picture", "", [], 400, "not a JPEG"),
            (picture(1)[:-20], "", [], 400, "PNG"),
            (picture(1), "?top=0", [], 400, "top"),
            (picture(1), "?top=x", [], 400, "top"),
            (picture(1), "?top=1e99", [], 400, "top"),
            (picture(1), "?confidence=2", [], 400, "confidence"),
            (picture(1), "?mask=svg", [], 400, "mask"),
            (b"{", "", ["Content-Type: application/json"], 400, "instances"),
            (b"[" * 100000, "", ["Content-Type: application/json"], 400, "instances"),
            (b'{"instances":[]}', "", ["Content-Type: application/json"], 400, "instances"),
            (b'{"instances":[{"image":"?"}]}', "", ["Content-Type: application/json"], 400, "instance"),
            (b'{"instances":[{"image":7}]}', "", ["Content-Type: application/json"], 400, "instance"),
            (b'{"instances":[{"image":""}]}', "", ["Content-Type: application/json"], 400, None),
            (picture(1), "", ["Content-Type: multipart/form-data"], 400, "boundary"),
            (picture(1), "", ["Content-Type: multipart/form-data; boundary=a"], 400, "two characters"),
            (picture(1), "", ["Content-Type: multipart/form-data; boundary=aa"], 400, "form"),
            (form([])[0], "", form([])[1], 400, "form")):
        said = server.predict(body, query, headers, status)
        expect(why is None or why in said["error"], "%r %s: %r" % (body[:20], query, said))
    many = b"x" * (2 << 20)
    expect("more than 1048576 bytes" in server.predict(many, "", [], 413)["error"], "a large body")
    large = png(1500, 1500, lambda x, y: 0)
    expect("at most 1048576" in server.predict(large, "", [], 400)["error"], "a picture of many pixels")
    expect(server.ask("GET", "/predict")[0] == 405 and server.ask("POST", "/health")[0] == 405, "methods")
    for method, path, allowed in (("OPTIONS", "/predict", "POST"), ("DELETE", "/model", "GET, HEAD")):
        expect("Allow: %s\r\n" % allowed in server.ask(method, path)[1], "methods of " + path)
    for path in ("/etc/passwd", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/run/config.ini", "//etc/passwd", "/.",
                 "/predict/", "/model?../..", "/\\..\\x"):
        status, _, body = server.ask("GET", path)
        expect(status == (200 if path.startswith("/model?") else 404) and b"root:" not in body, path)
    for host in ("elsewhere.example", "127.0.0.1.evil.example", "localhost:x", "127.0.0.10"):
        expect(server.ask("GET", "/model", host=host)[0] == 403, "host name " + host)
    for host in ("localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:80"):
        expect(server.ask("GET", "/model", host=host)[0] == 200, "host name " + host)


def told(server):
    model = server.json("GET", "/model")
    expect(model["model"] == "lenet5" and model["task"] == "classify", "the model: %r" % model)
    expect(len(model["classes"]) == len(model["class_counts"]) and len(model["input"]["mean"]) == model["input"]["channels"],
           "the model's numbers")
    expect(model["parameters"] > 10000 and model["step"] == 8, "parameters and step")
    expect(server.json("GET", "/health") == {"status": "ok"}, "health")
    expect(server.json("GET", "/v2/health/live") == {"live": True}, "live")
    expect(server.json("GET", "/v2/health/ready") == {"ready": True}, "ready")
    status, head, page = server.ask("GET", "/")
    expect(status == 200 and b"Drop a picture" in page and b"{{" not in page, "the page")
    for line in ("Content-Security-Policy: default-src 'none'", "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY"):
        expect(line in head, "no header " + line)
    expect(server.ask("HEAD", "/health")[2] == b"", "HEAD has no body")


def metrics(program, run):
    server = Server(program, run)
    given = {}
    for i in range(20):
        first = server.predict(picture(i), "?top=1")["predictions"][0]
        count, total = given.get(first["class"], (0, 0))
        given[first["class"]] = count + 1, total + first["probability"]
    server.predict(b"broken", "", [], 400)
    expect(server.metric('lathe_requests_total{route="/predict",code="200"}') == 20, "requests")
    expect(server.metric('lathe_requests_total{route="/predict",code="400"}') == 1, "refused requests")
    expect(server.metric("lathe_pictures_total") == 20 and server.metric("lathe_bad_pictures_total") == 1, "pictures")
    expect(server.metric("lathe_request_seconds_count") == 21, "the histogram")
    expect(server.metric('lathe_request_seconds_bucket{le="+Inf"}') == 21, "the histogram's last bucket")
    counts = server.json("GET", "/model")["class_counts"]
    names = server.json("GET", "/model")["classes"]
    apart = 0
    for name, count in zip(names, counts):
        now, total = given.get(name, (0, 0))
        expect(server.metric('lathe_predicted_total{class="%s"}' % name) == now, "predictions of " + name)
        expect(abs(server.metric('lathe_confidence_sum{class="%s"}' % name) - total) < 1e-9, "confidence of " + name)
        expect(abs(server.metric('lathe_training_share{class="%s"}' % name) - count / sum(counts)) < 1e-12, "share of " + name)
        apart += abs(now / 20 - count / sum(counts)) / 2
    expect(abs(server.metric("lathe_drift") - apart) < 1e-9, "drift")
    said = server.end()
    expect("21 requests for predictions, 1 of them refused; 20 pictures" in said, "the last line: " + said)


def tasks():
    """Heads, tags and masks, as in tests/cli/test_predict_tasks.c."""
    tables = {"heads": "path,left,right\n", "tags": "path,left,right\n"}
    for i in range(40):
        left, right = i % 2, i // 2 % 2
        write("tasks/images/%02d.pgm" % i, pgm(200 * left + i % 5, 200 * right + i % 5))
        write("tasks/masks/%02d.pgm" % i, pgm(255 * left, 255 * right))
        tables["heads"] += "images/%02d.pgm,%s,%s\n" % (i, "lit" if left else "dark", "white" if right else "black")
        tables["tags"] += "images/%02d.pgm,%d,%d\n" % (i, left, right)
    for name, text in tables.items():
        write("tasks/%s.csv" % name, text.encode())
    common = ("--size", "8", "--channels", "1", "--epochs", "12", "--batch-size", "8", "--lr", "5e-3", "--quiet")
    for data, model, loss, run in (("csv:tasks/heads.csv", "mlp", "cross_entropy", "heads"),
                                   ("csv:tasks/tags.csv", "mlp", "binary_cross_entropy", "tags"),
                                   ("masks:tasks", "unet", "cross_entropy", "masks")):
        lathe(program, "train", "--data", data, "--model", model, "--loss", loss, "--out", run, *common)
    server = Server(program, "heads")
    found = server.predict(pgm(200, 0))["predictions"]
    expect([(f["head"], f["class"]) for f in found] == [("left", "left=lit"), ("right", "right=black")], "heads: %r" % found)
    expect(server.json("GET", "/model")["heads"][1]["name"] == "right", "the model's heads")
    expect(server.metric('lathe_predicted_share{class="left=lit",head="left"}') == 1, "a head's share")
    server.end()
    server = Server(program, "tags")
    found = probabilities(server.predict(pgm(200, 0), "?top=2")["predictions"])
    expect(found["left"] > 0.5 > found["right"], "tags: %r" % found)
    server.predict(pgm(200, 200))
    expect(server.metric('lathe_predicted_total{class="left"}') == 2, "tags are counted")
    expect(server.metric('lathe_predicted_total{class="right"}') == 1, "a tag below a half is not counted")
    server.end()
    server = Server(program, "masks")
    answer = server.predict(pgm(200, 0))
    expect(abs(sum(f["part"] for f in answer["predictions"]) - 1) < 1e-9, "parts: %r" % answer)
    mask, pixels = answer["mask"], []
    for i in range(0, len(mask["rle"]), 2):
        pixels += [mask["rle"][i]] * mask["rle"][i + 1]
    expect((mask["height"], mask["width"], len(pixels)) == (8, 8, 64), "the mask's size: %r" % mask)
    expect(pixels[:4] == pixels[8:12] and pixels[0] != pixels[7], "the mask's halves: %r" % pixels)
    expect("mask" not in server.predict(pgm(200, 0), "?mask=none"), "a mask that is not wanted")
    expect(server.metric("lathe_drift") is None and "class_counts" not in server.json("GET", "/model"), "the drift of masks")
    server.end()


def begins():
    """The environment of Vertex AI, addresses, and what is refused at the start."""
    server = Server(program, "run", "--host", "0.0.0.0", environment={"AIP_HEALTH_ROUTE": "/ping", "AIP_PREDICT_ROUTE": "/v1/go"})
    expect(server.json("GET", "/ping") == {"status": "ok"}, "Vertex's health route")
    expect(server.json("POST", "/v1/go", picture(1))["predictions"], "Vertex's route for predictions")
    expect(server.ask("GET", "/model", host="elsewhere.example")[0] == 200, "any host name on the network")
    server.end()
    import subprocess
    for words, code, why in ((("none",), 1, "none"), (("run", "--port", "70000"), 2, "port"), (("run", "--host", "a.b"), 2, "--host"),
                             (("run", "--max-megabytes", "0"), 2, "max-megabytes"), ((), 2, "name a run"),
                             (("run", "--json", "--log"), 2, "--log")):
        done = subprocess.run([program, "serve", *words], cwd=work.name, capture_output=True, text=True, timeout=60)
        expect(done.returncode == code and why in done.stderr, "serve %r: %d %s" % (words, done.returncode, done.stderr))
    done = subprocess.run([program, "serve", "run"], cwd=work.name, capture_output=True, text=True, timeout=60,
                          env={"AIP_HTTP_PORT": "x"})
    expect(done.returncode == 2 and "AIP_HTTP_PORT" in done.stderr, "AIP_HTTP_PORT=x: " + done.stderr)


train(program)
one = Server(program, "run", "--max-megabytes", "1", "--max-megapixels", "1", "--log")
as_predict(one, "run")
ways(one)
wrong(one)
told(one)
expect("POST /predict 200, " in one.end(), "no log")
metrics(program, "run")
begins()
tasks()
