"""A quick evaluation on the validation split during training.

These numbers steer training. Reported figures come from ``ostnet evaluate``, whose landmarks and
embeddings are independent of the model; here the scale of a picture is measured on F_kp's points.
"""

import functools
import json
import logging
import time
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from ostnet.landmarks import keypoint_indices
from ostnet.methods import VARIANTS, switches
from ostnet.model.keypoints import spread
from ostnet.model.ostnet import OSTNet, Output
from ostnet.model.scale import scale_image
from ostnet.training.augmentation import draw_scales
from ostnet.training.config import TrainConfig
from ostnet.training.frame_store import FrameStore
from ostnet.training.losses import landmark_gap
from ostnet.training.parallel import Processes
from ostnet.training.sources import open_validation

logger = logging.getLogger(__name__)

FRAMES = 12  # driving frames of each clip
BATCH = 24
LIVELY_ROWS = 4  # identities shown blinking, and as many with open mouths
TIMED = 4  # frames that are timed to estimate how long a validation takes
OVERHEAD = 1.5  # time of a validation as a multiple of its forward passes
GRID_COLUMNS = ("source", "driving", "augmented", "rectified", *VARIANTS, "ground truth")
LARGEST_RESERVE = 0.2  # share of a run measured in minutes that its last validation may take


class Validator:
    """The validations of one run, in the first process."""

    def __init__(self, config: TrainConfig, processes: Processes):
        self.config, self.processes = config, processes
        self.folder = Path(config.output)
        self.frames = FRAMES

    @functools.cached_property
    def store(self) -> FrameStore:
        """Return the frames of split val, decoded when first needed."""
        return open_validation(self.config, self.processes.device)

    def reserve(self, model: OSTNet, minutes: float) -> float:
        """Return the seconds to reserve for the last validation of a run of ``minutes``.

        Limits the frames of each clip to what a fifth of the run allows.
        """
        if not (self.config.val_minutes and self.processes.first):
            return 0.0
        each = seconds_per_frame(model, self.store)
        self.frames = max(1, min(FRAMES, int(LARGEST_RESERVE * 60 * minutes / each)))
        return each * self.frames

    def run(self, model: OSTNet, step: int) -> dict:
        """Measure all variants; return the table.

        Writes validation.json and the sample grid samples.png to the run's folder.
        """
        store = self.store
        sources, driving, scales = validation_pairs(store, self.frames)
        sums: dict[str, list[Tensor]] = {}
        examples: list[tuple[str, list[Image.Image]]] = []
        shown = shown_rows(store, sources, driving)
        known = keypoint_indices(model.config.keypoints)

        def note(name: str, values: Tensor) -> None:
            sums.setdefault(name, []).append(values.float().cpu())

        model.eval()
        with torch.inference_mode():
            for start in range(0, len(sources), BATCH):
                rows = slice(start, start + BATCH)
                source, _ = store.gather(sources[rows])
                target, points = store.gather(driving[rows])
                s = scales[rows].to(target.device)
                x_target = model.keypoints(target)
                total, count = landmark_gap(x_target, points[:, known])
                note("L1 copy_source same", _l1(source, target))
                note("keypoint error", (total / count.clamp(min=1)).expand(len(s)))
                for kind, scale in (("same", torch.ones_like(s)), ("different", s)):
                    frame = scale_image(target, scale)
                    outputs = {n: model(source, frame, *switches(n)) for n in VARIANTS}
                    full = outputs["full"].reading
                    closed = spread(full.x_driving) / spread(outputs["full"].source.keypoints)
                    for name, found in (("module", full.alignment.scale), ("closed form", closed)):
                        error = (found / scale).log().abs()
                        for axis in (0, 1):
                            note(f"{name} scale error {'xy'[axis]} {kind}", error[:, axis])
                    note(f"L1 rectified {kind}", _l1(full.rectified, target))
                    for name, output in outputs.items():
                        note(f"L1 {name} {kind}", _l1(output.image, target))
                        error = (spread(model.keypoints(output.image)) / spread(x_target)).log()
                        note(f"E {name} {kind}", error.abs().amax(dim=1))
                for i in sorted(shown.keys() & set(range(start, start + len(s)))):
                    pictures = sample_pictures(source, target, frame, outputs, i - start)
                    examples.append((shown[i], pictures))
        table = {"step": step, "frames": len(sources)}
        for name, parts in sums.items():
            values = torch.cat(parts)
            table[name] = float(  # pyright: ignore[reportArgumentType]
                values.mean() if name.startswith(("L1", "key")) else values.median()
            )
        (self.folder / "validation.json").write_text(json.dumps(table, indent=2) + "\n")
        write_sample_grid(examples, self.folder / "samples.png")
        for name, value in table.items():
            logger.info(
                f"val  {name}: " + (f"{value:.4f}" if isinstance(value, float) else str(value))
            )
        return table


def seconds_per_frame(model: OSTNet, store: FrameStore) -> float:
    """Estimate how long one frame of every clip takes to validate, from a small batch."""
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


def validation_pairs(store: FrameStore, frames: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return source and driving frame indices (N,) and scales (N, 2) ~ U(.7, 1.3), always the same.

    The first frame of each clip is animated by ``frames`` frames spread over the rest.
    """
    sources, driving = [], []
    for clip in (clip for clip in store.clips if not clip.is_still):
        rest = torch.linspace(1, clip.length - 1, min(frames, clip.length - 1)).long()
        driving += [clip.start + int(i) for i in rest]
        sources += [clip.start] * len(rest)
    scales = draw_scales(len(sources), 0.7, 1.3, torch.Generator().manual_seed(0))
    return torch.tensor(sources), torch.tensor(driving), scales


def shown_rows(store: FrameStore, sources: Tensor, driving: Tensor) -> dict[int, str]:
    """Return the rows of the sample grid with their labels.

    Some spread over all, then, where landmarks are known, those whose eyes close or mouth opens
    most against the source.
    """
    shown = dict.fromkeys(range(0, len(sources), max(1, len(sources) // 8)), "")
    change = (store.openings[driving] - store.openings[sources]).double()
    for column, sign, label in ((1, -1, "eyes close"), (0, 1, "mouth opens")):
        order = torch.nan_to_num(sign * change[:, column], nan=-torch.inf).argsort(descending=True)
        identities = set()
        for row in order.tolist():
            if len(identities) == LIVELY_ROWS or not torch.isfinite(change[row, column]):
                break
            if int(sources[row]) not in identities:
                identities.add(int(sources[row]))
                shown[row] = label
    return shown


def _l1(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().mean(dim=(1, 2, 3))


def sample_pictures(
    source: Tensor, target: Tensor, driving: Tensor, outputs: dict[str, Output], row: int
) -> list[Image.Image]:
    """Return one row of the sample grid, a picture for each of ``GRID_COLUMNS``.

    Of one row of pictures (B, 3, H, W); keypoints are drawn on source, augmented and rectified.
    """
    full = outputs["full"]
    reading = full.reading
    fiducials, rectified = reading.alignment.fiducials[row], reading.rectified
    assert rectified is not None
    return [
        _marked(source[row], full.source.keypoints[row]),
        _picture(target[row]),
        _marked(driving[row], reading.x_driving[row], fiducials),
        _marked(rectified[row], reading.x_rectified[row]),
        *(_picture(outputs[name].image[row]) for name in VARIANTS),
        _picture(target[row]),
    ]


def write_sample_grid(
    rows: list[tuple[str, list[Image.Image]]], path: Path, side: int = 160
) -> None:
    """Write a PNG of labelled rows of ``sample_pictures``; the label is on the first picture."""
    grid = Image.new("RGB", (side * len(GRID_COLUMNS), 16 + side * len(rows)), "white")
    pen = ImageDraw.Draw(grid)
    for column, name in enumerate(GRID_COLUMNS):
        pen.text((column * side + 4, 2), name, fill="black")
    for row, (label, pictures) in enumerate(rows):
        for column, picture in enumerate(pictures):
            grid.paste(picture.resize((side, side)), (column * side, 16 + row * side))
        pen.text((4, 18 + row * side), label, fill="yellow", stroke_width=1, stroke_fill=0)
    grid.save(path)


def _picture(image: Tensor) -> Image.Image:
    array = (image.clamp(0, 1).float() * 255).round().byte().permute(1, 2, 0).contiguous()
    return Image.fromarray(array.cpu().numpy())


def _marked(image: Tensor, points: Tensor, fiducials: Tensor | None = None) -> Image.Image:
    """Return the picture with keypoints as dots and fiducial points as crosses."""
    picture = _picture(image)
    pen, side = ImageDraw.Draw(picture), picture.width
    for x, y in ((points + 1) / 2 * (side - 1)).tolist():
        pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=(0, 255, 120))
    if fiducials is not None:
        for x, y in ((fiducials + 1) / 2 * (side - 1)).tolist():
            pen.line((x - 4, y, x + 4, y), fill=(255, 60, 60), width=2)
            pen.line((x, y - 4, x, y + 4), fill=(255, 60, 60), width=2)
    return picture
