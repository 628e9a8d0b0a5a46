"""Cost of a frame: parameters, multiplications, milliseconds by stage, beside the alternatives.

Times are medians, one frame at a time, and hold for this machine only.
"""

from collections.abc import Sequence

import torch

from ostnet.evaluation.data.clips import Clip, load_frames
from ostnet.evaluation.method_pictures import to_batch
from ostnet.evaluation.protocols.protocol import Context
from ostnet.evaluation.report.tables import Row
from ostnet.evaluation.timing import (
    PER_FRAME,
    STAGES,
    device_name,
    milliseconds,
    multiplications,
    stage_calls,
)

REPEATS = 20
"""Timed calls per stage."""


class Efficiency:
    """Parameters, multiplications and times of one frame: a protocol without pairs."""

    name = "efficiency"
    headline: Sequence[str] = ()

    @torch.inference_mode()
    def rows(self, context: Context, clips: Sequence[Clip], dataset: str) -> list[Row]:
        """Measure on the first frame of the first clip."""
        image = load_frames(context.data / clips[0].file, [0])[0]
        device = next(context.model.parameters()).device
        stages = stage_calls(context.model, to_batch([image], device))
        machine = f"torch {torch.__version__}, {device_name(device)}, batch 1, float32"
        head = {"protocol": "efficiency", "dataset": dataset, "backend": machine, "failures": 0}

        def row(method: str, metric: str, value: float, definition: str) -> Row:
            return {
                "method": method,
                "metric": metric,
                "value": value,
                "definition": definition,
                "frames": REPEATS,
                **head,
            }

        times = {name: milliseconds(call, device, REPEATS) for name, call in stages.items()}
        operations = {name: multiplications(call) for name, call in stages.items()}
        parameters = sum(parameter.numel() for parameter in context.model.parameters())
        rows = [row("full", "parameters", parameters, "parameters of the checkpoint")]
        for name, what in STAGES.items():
            rows.append(row("full", f"ms_{name}", times[name], f"median time, ms: {what}"))
            rows.append(row("full", f"gmac_{name}", operations[name], f"1e9 multiply-adds: {what}"))
        for method, parts in PER_FRAME.items():
            listed = ", ".join(parts)
            total = sum(times[part] for part in parts)
            rows.append(row(method, "ms_per_frame", total, f"sum of the stages {listed}, ms"))
            total = sum(operations[part] for part in parts)
            rows.append(row(method, "gmac_per_frame", total, f"1e9 multiply-adds of {listed}"))
        landmarker = context.reader.landmarker
        search = milliseconds(lambda: landmarker.landmarks(image), device, REPEATS)
        text = (
            "median time of the landmarks of one frame, ms: a search for the anchor frame takes it "
            "for each driving frame, before the first result "
            f"({landmarker.name})"
        )
        return [*rows, row("anchor_relative", "ms_search_per_frame", search, text)]
