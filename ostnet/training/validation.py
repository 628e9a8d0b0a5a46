"""A quick look at the validation split during training.

These numbers steer training. Reported figures come from ``ostnet evaluate``, whose landmarks and
embeddings are independent of the model; here the scale of a picture is measured on F_kp's points.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

from ostnet.landmarks import keypoint_indices
from ostnet.methods import VARIANTS, switches
from ostnet.model.keypoints import spread
from ostnet.model.ostnet import OSTNet
from ostnet.model.rescale import scale_image
from ostnet.training import augmentation as augment
from ostnet.training.frame_store import FrameStore
from ostnet.training.losses import landmark_gap
from ostnet.training.sheet import Example, write_sheet

FRAMES = 12
BATCH = 24


def validation_pairs(store: FrameStore, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Source and driving frame indices (N,), and scales (N, 2) ~ U(.7, 1.3), the same every time.

    The first frame of each clip drives by frames spread over the rest.
    """
    sources, driving = [], []
    for clip in sorted((c for c in store.clips if not c.is_still), key=lambda c: c.file):
        rest = torch.linspace(1, clip.length - 1, min(FRAMES, clip.length - 1)).long()
        driving += [clip.start + int(i) for i in rest]
        sources += [clip.start] * len(rest)
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.tensor(sources),
        torch.tensor(driving),
        augment.draw_scales(len(sources), 0.7, 1.3, generator),
    )


def validate(model: OSTNet, store: FrameStore, folder: Path, step: int) -> dict:
    """Metrics of all variants on the validation pairs; written to folder/validation.json.

    Also writes the sample sheet folder/samples.png.
    """
    sources, driving, scales = validation_pairs(store)
    sums: dict[str, list] = {}
    examples: list[Example] = []
    shown = set(range(0, len(sources), max(1, len(sources) // 8)))

    def note(name: str, values: Tensor) -> None:
        sums.setdefault(name, []).append(values.float().cpu())

    model.eval()
    with torch.inference_mode():
        for start in range(0, len(sources), BATCH):
            rows = slice(start, start + BATCH)
            source, _ = store.gather(sources[rows])
            target, points = store.gather(driving[rows])
            s = scales[rows].to(target.device)
            note("L1 copy_source same", _l1(source, target))
            note(
                "keypoint error",
                _ratio(
                    *landmark_gap(
                        model.keypoints(target), points[:, keypoint_indices(model.config.keypoints)]
                    ),
                    len(s),
                ),
            )
            for kind, scale in (("same", torch.ones_like(s)), ("different", s)):
                frame = scale_image(target, scale)
                outputs = {n: model(source, frame, *switches(n)) for n in VARIANTS}
                full, x_target = outputs["full"].reading, model.keypoints(target)
                module = (full.alignment.scale / scale).log().abs()
                note(f"module scale error x {kind}", module[:, 0])
                note(f"module scale error y {kind}", module[:, 1])
                closed = (
                    (spread(full.x_driving) / spread(outputs["full"].source.keypoints) / scale)
                    .log()
                    .abs()
                )
                note(f"closed form scale error x {kind}", closed[:, 0])
                note(f"closed form scale error y {kind}", closed[:, 1])
                note(f"L1 rectified {kind}", _l1(full.rectified, target))
                for name, output in outputs.items():
                    note(f"L1 {name} {kind}", _l1(output.image, target))
                    error = (spread(model.keypoints(output.image)) / spread(x_target)).log()
                    note(f"E {name} {kind}", error.abs().amax(dim=1))
            for i in shown.intersection(range(start, start + len(s))):
                examples.append(
                    Example(
                        source[i - start],
                        target[i - start],
                        frame[i - start],
                        {n: _row(o, i - start) for n, o in outputs.items()},
                    )
                )
    table = {"step": step, "frames": len(sources)}
    for name, parts in sums.items():
        values = torch.cat(parts)
        table[name] = float(values.mean() if name.startswith(("L1", "key")) else values.median())
    (folder / "validation.json").write_text(json.dumps(table, indent=2) + "\n")
    write_sheet(examples, folder / "samples.png")
    for name, value in table.items():
        print(f"val  {name}: {value:.4f}" if isinstance(value, float) else f"val  {name}: {value}")
    return table


def _l1(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().mean(dim=(1, 2, 3))


def _ratio(total: Tensor, count: Tensor, rows: int) -> Tensor:
    return (total / count.clamp(min=1)).expand(rows)


def _row(output, row: int):
    """One row of an Output, as CPU tensors, for the sheet."""
    reading = output.reading
    return {
        "image": output.image[row].cpu(),
        "rectified": reading.rectified[row].cpu(),
        "fiducials": reading.alignment.fiducials[row].cpu(),
        "x_source": output.source.keypoints[row].cpu(),
        "x_driving": reading.x_driving[row].cpu(),
        "x_rectified": reading.x_rectified[row].cpu(),
    }
