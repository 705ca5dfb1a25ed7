"""The image of packaging/image, by each tool that is here: its settings are those of the Dockerfile, its
files those of a program and a model that may be read by anyone.
usage: image.py SOURCE_DIR LATHE. 77: skipped."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

source, lathe = pathlib.Path(sys.argv[1]), sys.argv[2]
work = pathlib.Path(tempfile.mkdtemp())


def said(text, word):
    """A line of the Dockerfile's last stage."""
    return re.findall(rf"^{word} (.*)$", text, re.M)[-1]


def blob(image, digest):
    return image / "blobs" / digest.replace(":", "/")


def check(image):
    index = json.loads((image / "index.json").read_text())
    manifest = json.loads(blob(image, index["manifests"][0]["digest"]).read_text())
    settings = json.loads(blob(image, manifest["config"]["digest"]).read_text())
    config = settings["config"]
    text = (source / "packaging/Dockerfile").read_text()
    wanted = {"User": said(text, "USER"), "Entrypoint": json.loads(said(text, "ENTRYPOINT")),
              "Cmd": json.loads(said(text, "CMD")), "StopSignal": said(text, "STOPSIGNAL")}
    for name, value in wanted.items():
        assert config[name] == value, (name, config[name], value)
    assert said(text, "EXPOSE") in [port.split("/")[0] for port in config["ExposedPorts"]], config
    assert settings["os"] == "linux" and settings["architecture"] in ("amd64", "arm64"), settings
    files = {}
    for layer in manifest["layers"]:
        with tarfile.open(blob(image, layer["digest"])) as layer_files:
            for file in layer_files:
                files[file.name.lstrip("./")] = file.mode & 0o777
    assert files["lathe"] == 0o755 and files["model/best.safetensors"] == 0o644, files
    assert set(files) <= {"", "lathe", "LICENSE", "model", "model/best.safetensors"}, files


try:
    run = work / "run"
    run.mkdir()
    (run / "best.safetensors").write_bytes(b"weights")
    os.chmod(run / "best.safetensors", 0o600)
    tools = [tool for tool in ("buildah", "umoci") if shutil.which(tool)]
    for tool in tools:
        done = subprocess.run([source / "packaging/image", run, work / tool], capture_output=True, text=True,
                              env=dict(os.environ, TOOL=tool, PROGRAM=lathe))
        if done.returncode:
            sys.exit(done.stderr)
        check(work / tool)
        print(done.stdout.strip())
    if not tools:
        print("SKIPPED: no umoci and no buildah")
        sys.exit(77)
finally:
    shutil.rmtree(work)
