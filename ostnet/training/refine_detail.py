"""Refining motion and generator on mouths and eyes, after training (beyond the paper).

Most pairs of a talking head differ little in mouth and eyes, and most pixels lie elsewhere. Here
the detector and T_theta stay as they are; half of each batch are the pairs, of four times as many,
whose mouth and eyes differ most, and the perceptual distance is taken on cut-outs of both too.

``python -m ostnet.training.refine_detail --data DIR --checkpoint C --output DIR --minutes 45``
"""

import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.flags import Parser
from ostnet.hub import resolve
from ostnet.model.layers import sample
from ostnet.model.ostnet import OSTNet
from ostnet.training import augmentation as augment
from ostnet.training.command import one_line_errors
from ostnet.training.config import TrainConfig
from ostnet.training.data import DataConfig, FrameStore
from ostnet.training.ema import ExponentialAverage
from ostnet.training.landmarks import EYE_ROWS, MOUTH_ROWS
from ostnet.training.losses import pixel_distance, region_weights
from ostnet.training.objective import Pair
from ostnet.training.pairs import Batch
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.scale_prior import draw_scale

BATCH = 8
CANDIDATES = 4
"""Pairs drawn for each pair of a batch; the half that differs most is chosen among them."""
REGION = 12.0
"""Extra weight of the pixels of mouth and eyes."""
PIXEL_WEIGHT, PERCEPTUAL_WEIGHT = 50.0, 10.0
BYPASS, NO_CODE = 0.25, 0.25
"""Shares of pairs at their own scale, and of pairs without the scale code, as in training."""
CUT_OUTS = ((MOUTH_ROWS, (0.375, 0.3125), (80, 96)), (EYE_ROWS, (0.5, 0.25), (64, 128)))
"""Landmarks whose centre is cut out, half width and height in [-1, 1], pixels (H, W)."""


def openings(points: Tensor) -> Tensor:
    """Tracked points (B, P, 2) -> opening of mouth and eyes over the eyes' distance: (B, 2)."""
    mouth, eyes = points[:, MOUTH_ROWS], points[:, EYE_ROWS]
    lips = (mouth[:, [13, 14, 15]] - mouth[:, [19, 18, 17]]).norm(dim=-1).mean(dim=1)
    lids = (eyes[:, [1, 2, 7, 8]] - eyes[:, [5, 4, 11, 10]]).norm(dim=-1).mean(dim=1)
    width = (eyes[:, 0] - eyes[:, 9]).norm(dim=-1)
    return torch.stack([lips, lids], dim=1) / width[:, None]


def draw_lively(store: FrameStore, batch: int, generator: torch.Generator) -> Batch:
    """``batch`` pairs: one half differs most in mouth and eyes, the other is drawn as ever."""
    count = CANDIDATES * batch
    indices, is_still = store.draw(count, generator)
    source, driving = (openings(store.landmarks[rows]) for rows in indices.split(count))
    change = (source - driving).abs() @ torch.tensor([1.0, 2.0])  # eyes open less than mouths
    most = torch.nan_to_num(change).argsort(descending=True)[: batch // 2]
    others = torch.randint(count, (batch - batch // 2,), generator=generator)
    chosen = torch.cat([most, others])
    images, points = store.gather(torch.cat([rows[chosen] for rows in indices.split(count)]))
    return Batch(*images.split(batch), *points.split(batch), torch.from_numpy(is_still)[chosen])


def cut_out(image: Tensor, centre: Tensor, half: tuple[float, float], size: tuple[int, int]):
    """(B, 3, H, W) about centres (B, 2) -> (B, 3, *size)."""
    y, x = (torch.linspace(-1, 1, n) * h for n, h in zip(size, reversed(half), strict=True))
    window = torch.stack([x.expand(len(y), -1), y[:, None].expand(-1, len(x))], dim=-1)
    return sample(image, window + centre[:, None, None])


def detail_loss(image: Tensor, pair: Pair, perceptual: PerceptualLoss) -> Tensor:
    """Pixels with mouth and eyes weighted, and perceptual distance of all at half size and of both
    cut-outs at full size, where their landmarks are known."""
    points = pair.target_points
    region = torch.cat([points[:, MOUTH_ROWS], points[:, EYE_ROWS]], dim=1)
    weights = region_weights(region, *image.shape[-2:], REGION)
    loss = PIXEL_WEIGHT * pixel_distance(image, pair.target, weights)
    distance = perceptual(F.avg_pool2d(image, 2), F.avg_pool2d(pair.target, 2))
    known = torch.isfinite(points).all(dim=-1).all(dim=-1).nonzero()[:, 0]
    if len(known):
        for rows, half, size in CUT_OUTS:
            centre = points[known][:, rows].mean(dim=1)
            parts = (
                cut_out(picture[known], centre, half, size) for picture in (image, pair.target)
            )
            distance = distance + perceptual(*parts) * len(known) / len(image)
    return loss + PERCEPTUAL_WEIGHT * distance


def render(model: OSTNet, pair: Pair, generator: torch.Generator) -> Tensor:
    """The pair's output (B, 3, H, W); no gradient reaches detector and T_theta."""
    with torch.no_grad():
        small = model.shrink(pair.source)
        x_source, x_driving = model.detector(small), model.keypoints(pair.driving)
        alignment = model.align(x_source, x_driving)
        off = pair.bypass[:, None, None]
        fiducials = torch.where(off, model.scale.base, alignment.fiducials)
        x_rectified = model.keypoints(model.rectify(pair.driving, fiducials))
    gate = (torch.rand(len(small), generator=generator) >= NO_CODE).float()
    taps = model.generator.encoder(pair.source)
    motion = model.motion(small, x_source, x_rectified)
    return model.generator(taps, *motion, alignment.z, gate)


def draw_pair(store: FrameStore, config: TrainConfig, generator: torch.Generator) -> Pair:
    """A batch of lively pairs, changed and scaled as in training."""
    batch = draw_lively(store, BATCH, generator)
    batch = augment.jitter_framing(batch, generator, share=config.framing_share)
    batch = augment.flip(augment.colour_jitter(batch, generator), generator)
    bypass = torch.rand(BATCH, generator=generator) < BYPASS
    scale = torch.where(bypass[:, None], 1.0, draw_scale(config, BATCH, generator))
    driving = augment.scale_image(batch.driving, scale)
    points = batch.source_landmarks, batch.driving_landmarks
    return Pair(batch.source, batch.driving, driving, scale, bypass, *points)


def refine(
    model: OSTNet, store: FrameStore, perceptual: PerceptualLoss, minutes: float, rate: float = 2e-4
) -> OSTNet:
    """Train motion and generator for some minutes (Adam, cosine); their running average."""
    torch.set_flush_denormal(True)
    model.requires_grad_(False).to(memory_format=torch.channels_last)
    model.eval()  # batch norm keeps its statistics: batches are small
    trained = [*model.motion.parameters(), *model.generator.parameters()]
    for parameter in trained:
        parameter.requires_grad_(True)
    optimizer = torch.optim.Adam(trained, betas=(0.5, 0.999))
    average = ExponentialAverage(model, 0.995)
    generator = torch.Generator().manual_seed(3)
    config = TrainConfig(wide_share=0.4)
    start, step = time.monotonic(), 0
    while (done := (time.monotonic() - start) / 60 / minutes) < 1:
        warm, falling = min(1, (step + 1) / 30), (1 + math.cos(math.pi * done)) / 2
        optimizer.param_groups[0]["lr"] = rate * warm * max(0.02, falling)
        pair = draw_pair(store, config, generator)
        with torch.autocast("cpu", torch.bfloat16):
            loss = detail_loss(render(model, pair, generator), pair, perceptual)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 20.0)
        optimizer.step()
        average.update(model)
        step += 1
        if step % 50 == 0:
            print(f"{100 * done:3.0f}%  step {step}  loss {float(loss):.1f}", flush=True)
    print(f"{step * BATCH} pairs", flush=True)
    return average.model


def main() -> None:
    """Refine a checkpoint by the flags of the command line."""
    parser = Parser(
        "python -m ostnet.training.refine_detail",
        "Refine mouth and eyes of a checkpoint, on a CPU.",
    )
    parser.add_argument("--data", required=True, help="folder with manifest.csv and clips/")
    parser.add_argument("--checkpoint", required=True, help="folder or owner/repo to start from")
    parser.add_argument("--output", required=True, help="folder for the refined checkpoint")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--frames", type=int, default=24, help="frames of a clip (default: 24)")
    parser.add_argument("--perceptual-weights", help="file of the perceptual network's weights")
    with one_line_errors():
        _refine_checkpoint(**vars(parser.parse_args()))


def _refine_checkpoint(data, checkpoint, output, minutes, frames, perceptual_weights) -> None:
    model = OSTNet.from_pretrained(resolve(checkpoint).folder)
    store = FrameStore(DataConfig(data, "train", model.config.resolution, frames))
    store.wait()
    perceptual = PerceptualLoss(weights=perceptual_weights)
    refined = refine(model, store, perceptual, minutes)
    Path(output).mkdir(parents=True, exist_ok=True)
    refined.save_pretrained(output)


if __name__ == "__main__":
    main()
