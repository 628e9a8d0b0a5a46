"""Refining T_theta across people, after training (beyond the paper; see the model card).

Training sees pairs of one person only, so nothing tells T_theta what to do when source and driver
have faces of different shape: there it mistakes an open mouth or a long chin for scale. Here all
else stays as it is and T_theta learns from the detector's points of many frames: pairs of one clip
with the augmentation's known scale, and pairs across people, whose target is that scale times the
ratio of the two clips' typical spreads. The scale code is held to what the generator knows.

``python -m ostnet.training.refine_scale --data DIR --checkpoint C --output DIR``
"""

import copy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ostnet.flags import Parser
from ostnet.hub import resolve
from ostnet.model.keypoints import spread
from ostnet.model.ostnet import OSTNet
from ostnet.training import augmentation as augment
from ostnet.training.command import one_line_errors
from ostnet.training.data import DataConfig, FrameStore
from ostnet.training.pairs import Clip

BATCH = 64
VIEWS = 2
"""Random scales at which each frame is seen, beside the plain frame."""
NOISE = 0.005
"""Standard deviation of the noise added to the detector's points."""
CODE_WEIGHT = 0.3
"""Weight of the scale code's drift, as a share of its variance, against the points' L1."""


@dataclass
class Points:
    """Detector's points of N frames of many clips, each seen plain and at V random scales."""

    plain: Tensor
    """(N, K, 2)."""
    scaled: Tensor
    """(V, N, K, 2): after the augmentation."""
    scale: Tensor
    """(V, N, 2): the augmentation's scale."""
    first: Tensor
    """(clips,): index of the first frame of each clip."""
    count: Tensor
    """(clips,): number of frames of each clip."""
    size: Tensor
    """(clips, 2): median spread of the plain points of each clip, its typical face size."""
    identity: Tensor
    """(clips,): index of the person."""


@torch.inference_mode()
def detect_points(
    model: OSTNet, store: FrameStore, views: int, generator: torch.Generator
) -> Points:
    """Run the detector over every frame of a store, plain and at ``views`` random scales each."""
    clips: list[Clip] = [clip for clip in store.clips if not clip.is_still]
    names = sorted({clip.identity for clip in clips})
    plain, scaled, scales = [], [], []
    for clip in clips:
        images, _ = store.gather(torch.arange(clip.start, clip.start + clip.length))
        s = augment.draw_scales(views * len(images), 0.55, 1.5, generator, log_uniform=True)
        s = s.view(views, len(images), 2)
        plain.append(model.keypoints(images))
        seen = [model.keypoints(augment.scale_image(images, one)) for one in s]
        scaled.append(torch.stack(seen))
        scales.append(s)
    count = torch.tensor([len(points) for points in plain])
    return Points(
        torch.cat(plain),
        torch.cat(scaled, dim=1),
        torch.cat(scales, dim=1),
        count.cumsum(0) - count,
        count,
        torch.stack([spread(points).median(dim=0).values for points in plain]),
        torch.tensor([names.index(clip.identity) for clip in clips]),
    )


def draw_pairs(points: Points, count: int, across: bool, generator: torch.Generator):
    """Source points, driving points (count, K, 2) and the target scale (count, 2).

    Identities are balanced. ``across``: source and driver are different people.
    """

    def frames(clips: Tensor) -> Tensor:
        share = torch.rand(len(clips), generator=generator)
        return points.first[clips] + (share * points.count[clips]).long()

    people = torch.bincount(points.identity)
    balance = 1.0 / people[points.identity]
    source = torch.multinomial(balance, count, replacement=True, generator=generator)
    driver = source
    if across:
        driver = torch.multinomial(balance, count, replacement=True, generator=generator)
    view = torch.randint(len(points.scale), (count,), generator=generator)
    one, other = frames(source), frames(driver)
    target = points.scale[view, other] * points.size[driver] / points.size[source]
    return points.plain[one], points.scaled[view, other], target


@torch.inference_mode()
def scale_error(model: OSTNet, points: Points, across: bool) -> tuple[float, float]:
    """Median |ln(s^ / s)| over 4,096 pairs and both axes: T_theta's, the closed form's."""
    generator = torch.Generator().manual_seed(1)
    source, driving, target = draw_pairs(points, 4096, across, generator)
    learned = model.align(source, driving).scale
    closed = spread(driving) / spread(source)
    return tuple(float((s / target).log().abs().median()) for s in (learned, closed))


def refine(model: OSTNet, points: Points, steps: int, seed: int = 0) -> None:
    """Train T_theta in place: Adam 5e-4, cosine, half of each batch across people."""
    model.requires_grad_(False)
    known = copy.deepcopy(model.scale)
    model.scale.requires_grad_(True)
    optimizer = torch.optim.Adam(model.scale.parameters(), lr=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        halves = [draw_pairs(points, BATCH, across, generator) for across in (False, True)]
        source, driving, target = (torch.cat(parts) for parts in zip(*halves, strict=True))
        noise = NOISE * torch.randn(2, *source.shape, generator=generator)
        source, driving = source + noise[0], driving + noise[1]
        found, code = model.align(source, driving), known(source, driving).z
        ideal = augment.ideal_fiducials(model.scale.base, target)
        drift = (found.z - code).square().mean() / code.var(dim=0).mean().clamp(min=1e-8)
        loss = (found.fiducials - ideal).abs().mean() + CODE_WEIGHT * drift
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def main() -> None:
    """Refine a checkpoint by the flags of the command line."""
    parser = Parser(
        "python -m ostnet.training.refine_scale", "Refine T_theta of a checkpoint across people."
    )
    parser.add_argument("--data", required=True, help="folder with manifest.csv and clips/")
    parser.add_argument("--checkpoint", required=True, help="folder or owner/repo to start from")
    parser.add_argument("--output", required=True, help="folder for the refined checkpoint")
    parser.add_argument("--steps", type=int, default=8000, help="default: 8000")
    parser.add_argument("--frames", type=int, default=24, help="frames of a clip (default: 24)")
    with one_line_errors():
        _refine_checkpoint(**vars(parser.parse_args()))


def _refine_checkpoint(data: str, checkpoint: str, output: str, steps: int, frames: int) -> None:
    """Refine a checkpoint and print its errors on both splits before and after."""
    model = OSTNet.from_pretrained(resolve(checkpoint).folder)
    known = {}
    for split in ("train", "val"):
        store = FrameStore(DataConfig(data, split, 256, frames))
        store.wait()
        known[split] = detect_points(model, store, VIEWS, torch.Generator().manual_seed(0))
    for when in ("before", "after"):
        if when == "after":
            refine(model, known["train"], steps)
        for split, points in known.items():
            for across in (False, True):
                learned, closed = scale_error(model, points, across)
                kind = "across people" if across else "one person"
                print(f"{when}  {split}, {kind}: T_theta {learned:.4f}, closed form {closed:.4f}")
    Path(output).mkdir(parents=True, exist_ok=True)
    model.save_pretrained(output)


if __name__ == "__main__":
    main()
