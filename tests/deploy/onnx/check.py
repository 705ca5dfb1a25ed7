"""Checks each case of a folder (see write_cases.c) by onnx: the checker, and strict inference of shapes and types, whose result must be
the declared output. usage: check.py FOLDER"""
import os
import sys

import onnx
import onnx.checker
import onnx.shape_inference

OPSET, IR_VERSION = 13, 7


def dims(value):
    # "unk__0" is what inference calls a size that depends on N in a way that it does not follow.
    return ["N" if d.dim_param.startswith("unk__") else d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def check(path):
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    assert model.ir_version == IR_VERSION, model.ir_version
    assert [(o.domain, o.version) for o in model.opset_import] == [("", OPSET)]
    graph = model.graph
    names = [node.name for node in graph.node]
    assert len(set(names)) == len(names) and all(names), "names of nodes"
    assert [value.name for value in graph.input] == ["input"] and [value.name for value in graph.output] == ["output"]
    assert not any(node.op_type == "Identity" for node in graph.node) or len(names) == 1, "Identity"
    declared = dims(graph.output[0])
    del graph.output[0].type.tensor_type.shape.dim[:]
    graph.output[0].type.tensor_type.ClearField("shape")
    inferred = dims(onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True).graph.output[0])
    assert inferred == declared, f"{inferred} inferred, {declared} declared"


def main():
    folder = sys.argv[1]
    names = [line.split()[0] for line in open(os.path.join(folder, "cases.txt"))]
    failures = 0
    for name in names:
        try:
            check(os.path.join(folder, name + ".onnx"))
        except Exception as error:
            failures += 1
            print(f"{name}: {error}")
    print(f"{len(names)} files checked by onnx {onnx.__version__}: {failures} refused")
    sys.exit(1 if failures or not names else 0)


main()
