"""A model as a folder of OpenVINO graphs."""

import platform
import warnings
from pathlib import Path

import torch

import ostnet
from ostnet.backends.digest import model_digest
from ostnet.backends.graphs import cut
from ostnet.backends.manifest import GraphFile, Manifest, file_digest
from ostnet.model.ostnet import OSTNet

RESULT = "mix * warped + (1 - mix) * painted where there is a mix, else painted"


@torch.inference_mode(False)  # which tracing cannot stand
@torch.no_grad()
def build(model: OSTNet, folder: Path, precision: str = "f32") -> Manifest:
    """Write the graphs of a model on the CPU, NAME.xml and NAME.bin, and the manifest.

    Args:
        model: in evaluation mode.
        folder: exists and is empty.
        precision: of ``paint``, ``f32`` or ``bf16``; all others are f32.
    """
    import openvino

    written = {}
    for name, graph in cut(model).items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # shapes become constants, which is what is wanted
            traced = torch.jit.trace(graph.module, graph.example, check_trace=False)
        shapes = {name: list(tensor.shape) for name, tensor in graph.inputs.items()}
        made = openvino.convert_model(
            traced, example_input=graph.example, input=[tuple(shape) for shape in shapes.values()]
        )
        for port, label in zip(made.inputs, shapes, strict=True):
            port.get_tensor().set_names({label})
        for port, label in zip(made.outputs, graph.outputs, strict=True):
            port.get_tensor().set_names({label})
        openvino.save_model(made, folder / f"{name}.xml", compress_to_fp16=False)
        files = {f"{name}.{end}": file_digest(folder / f"{name}.{end}") for end in ("xml", "bin")}
        used = precision if name == "paint" else "f32"
        written[name] = GraphFile(shapes, list(graph.outputs), files, used)
    manifest = Manifest(
        format="openvino",
        weights=model_digest(model),
        config=model.config.to_dict(),
        versions={
            "ostnet": ostnet.__version__,
            "torch": torch.__version__,
            "openvino": openvino.__version__,
            "python": platform.python_version(),
        },
        opset=None,
        graphs=written,
        result=RESULT,
    )
    manifest.write(folder)
    return manifest
