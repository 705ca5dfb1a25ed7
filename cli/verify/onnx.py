# Runs pictures through a file of ONNX: FILE FOLDER COUNT. The folder has in.f32 and gets out.f32.
import sys
import numpy
import onnxruntime

file, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
entry = session.get_inputs()[0]
batch = 1 if isinstance(entry.shape[0], int) else 32
kind = "uint8" if "uint8" in entry.type else "float32"
pictures = numpy.fromfile(folder + "/in.f32", "=f4").reshape([count] + entry.shape[1:]).astype(kind)
with open(folder + "/out.f32", "wb") as out:
    for i in range(0, count, batch):
        out.write(session.run(None, {entry.name: pictures[i:i + batch]})[0].astype("=f4").tobytes())
