"""A quick look at the validation split during training.

These numbers steer training. Reported figures come from ``ostnet evaluate``, whose landmarks and
embeddings are independent of the model; here the scale of a picture is measured on F_kp's points.
"""

import json
import time
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
from ostnet.training.sample_grid import Example, write_sample_grid

FRAMES = 12
"""Driving frames of each clip."""
BATCH = 24
LIVELY_ROWS = 4
"""People shown blinking, and as many with open mouths."""
TIMED = 4
"""Frames that are timed to know how long a validation takes."""
OVERHEAD = 1.5
"""What a validation takes beside forward passes: metrics, scaled frames, the sample sheet."""


def validation_pairs(
    store: FrameStore, seed: int = 0, frames: int = FRAMES
) -> tuple[Tensor, Tensor, Tensor]:
    """Source and driving frame indices (N,), and scales (N, 2) ~ U(.7, 1.3), the same every time.

    The first frame of each clip drives by ``frames`` frames spread over the rest.
    """
    sources, driving = [], []
    for clip in sorted((c for c in store.clips if not c.is_still), key=lambda c: c.file):
        rest = torch.linspace(1, clip.length - 1, min(frames, clip.length - 1)).long()
        driving += [clip.start + int(i) for i in rest]
        sources += [clip.start] * len(rest)
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.tensor(sources),
        torch.tensor(driving),
        augment.draw_scales(len(sources), 0.7, 1.3, generator),
    )


def shown_rows(store: FrameStore, sources: Tensor, driving: Tensor) -> dict[int, str]:
    """Rows of the sample sheet and why: some spread over all, then blinks and open mouths.

    Of the latter those whose eyes or mouth differ most from the source's, where landmarks tell.
    """
    shown = dict.fromkeys(range(0, len(sources), max(1, len(sources) // 8)), "")
    change = (store.openings[driving] - store.openings[sources]).double()
    for column, sign, label in ((1, -1, "eyes close"), (0, 1, "mouth opens")):
        order = torch.nan_to_num(sign * change[:, column], nan=-torch.inf).argsort(descending=True)
        people = set()
        for row in order.tolist():
            if len(people) == LIVELY_ROWS or not torch.isfinite(change[row, column]):
                break
            if int(sources[row]) not in people:
                people.add(int(sources[row]))
                shown[row] = label
    return shown


def seconds_of_a_frame(model: OSTNet, store: FrameStore) -> float:
    """How long one frame of every clip takes to validate, from a batch of a few."""
    clips = sum(not clip.is_still for clip in store.clips)
    row = torch.tensor([store.clips[0].start] * TIMED)
    model.eval()
    with torch.inference_mode():
        pictures, _ = store.gather(row)
        model(pictures[:1], pictures[:1])
        started = time.monotonic()
        model(pictures, pictures)
        each = (time.monotonic() - started) / TIMED
    return clips * 2 * len(VARIANTS) * each * OVERHEAD


def validate(
    model: OSTNet, store: FrameStore, folder: Path, step: int, frames: int = FRAMES
) -> dict:
    """Metrics of all variants on the validation pairs; written to folder/validation.json.

    Also writes the sample sheet folder/samples.png. ``frames`` of each clip are measured.
    """
    sources, driving, scales = validation_pairs(store, frames=frames)
    sums: dict[str, list] = {}
    examples: list[Example] = []
    shown = shown_rows(store, sources, driving)

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
            for i in sorted(shown.keys() & set(range(start, start + len(s)))):
                examples.append(
                    Example(
                        source[i - start],
                        target[i - start],
                        frame[i - start],
                        {n: _row(o, i - start) for n, o in outputs.items()},
                        shown[i],
                    )
                )
    table = {"step": step, "frames": len(sources)}
    for name, parts in sums.items():
        values = torch.cat(parts)
        table[name] = float(values.mean() if name.startswith(("L1", "key")) else values.median())
    (folder / "validation.json").write_text(json.dumps(table, indent=2) + "\n")
    write_sample_grid(examples, folder / "samples.png")
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
