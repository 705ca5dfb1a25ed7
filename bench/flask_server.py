"""The rival of bench/compare_serving: a net of torch_models.py behind Flask, as tutorials write it.

    flask_server.py MODEL SIZE CHANNELS THREADS [waitress]

Prints its port, then answers POST /predict with the classes of a picture. With waitress it is served by that server's threads, else by Flask's own.
"""
import io
import sys

import numpy
import torch
from flask import Flask, jsonify, request
from PIL import Image

import torch_models

model, size, channels, threads = sys.argv[1], *map(int, sys.argv[2:5])
torch.set_num_threads(threads)
net = torch_models.build(model)
net = (net[0] if isinstance(net, tuple) else net).eval()
mean, std = 0.5, 0.25
app = Flask(__name__)


@app.route("/predict", methods=["POST"])
def predict():
    picture = Image.open(io.BytesIO(request.get_data())).convert("RGB" if channels == 3 else "L").resize((size, size))
    pixels = torch.from_numpy(numpy.asarray(picture, dtype=numpy.float32) / 255)
    pixels = (pixels.permute(2, 0, 1) if channels == 3 else pixels[None])[None]
    with torch.inference_mode():
        p = net((pixels - mean) / std).softmax(1)[0]
    top = p.topk(5)
    return jsonify(predictions=[{"index": int(i), "probability": float(x)} for x, i in zip(top.values, top.indices)])


if __name__ == "__main__":
    import logging
    import socket
    logging.disable(logging.CRITICAL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    print(port, flush=True)
    if sys.argv[5:] == ["waitress"]:
        import waitress
        waitress.serve(app, host="127.0.0.1", port=port, threads=4, connection_limit=1000, _quiet=True)
    else:
        app.run(host="127.0.0.1", port=port, threaded=True)
