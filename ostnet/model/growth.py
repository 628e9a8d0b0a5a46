"""Growing a trained network into a larger one that computes the same, to train it further.

New keypoints begin as copies of a neighbour, new channels of input and output at zero, so that
nothing learned is lost and everything new can be learned (Net2Net, arXiv 1511.05641). Wider layers
begin as ``ostnet.model.widening`` says.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from ostnet.config import GAINS, ModelConfig
from ostnet.landmarks import KEYPOINTS
from ostnet.model.ostnet import OSTNet
from ostnet.model.widening import widen

SAME = ("first_tap", "full_width", "hourglass_blocks", "motion_resolution", "temperature")
"""Fields of the configuration that cannot change without changing what the network computes."""

NEIGHBOURS = {
    "lip_inner_upper": "lip_upper",
    "lip_inner_lower": "lip_lower",
    "lid_upper_left": "iris_left",
    "lid_lower_left": "iris_left",
    "lid_upper_right": "iris_right",
    "lid_lower_right": "iris_right",
    "eye_inner_left": "iris_left",
    "eye_inner_right": "iris_right",
    "brow_inner_left": "brow_left",
    "brow_inner_right": "brow_right",
    "nose_base": "nose_tip",
    "ear_left": "jaw_left",
    "ear_right": "jaw_right",
    "lip_bow_left": "lip_upper",
    "lip_bow_right": "lip_upper",
}
"""Each later keypoint and the earlier one that it begins as."""

MIX_CLOSED = -16.0
"""Bias that keeps the warped source out of the result at first: a share of 1e-7."""


def parents(known: int, count: int) -> list[int]:
    """For each of ``count`` keypoints the one of the ``known`` first ones that it begins as."""
    names = list(KEYPOINTS)
    found = []
    for index, name in enumerate(names[:count]):
        while index >= known:
            name = NEIGHBOURS[name]
            index = names.index(name)
        found.append(index)
    return found


@torch.no_grad()
def grow(model: OSTNet, config: ModelConfig) -> OSTNet:
    """A network of ``config`` that computes what ``model`` does.

    Only what ``config`` adds may differ: wider layers, larger kernels of masks and more residual
    blocks, more keypoints (from 15), the detector's larger picture, keypoints without a warped
    hint, the refinement, FiLM, the mixing with the warped source.
    Gains of mouth and lids stay the network's own.
    Candidates that turn are the exception: they change the picture where the head rolls, for the
    better at once (measured in the model card of ostnet-lite).

    Raises:
        ValueError: another difference; it names the field or the tensor.
    """
    for name in SAME:
        had, wanted = getattr(model.config, name), getattr(config, name)
        if had != wanted:
            raise ValueError(
                f"{name}: found {had} and {wanted}, expected the same of a network that grows"
            )
    model = widen(model, config)
    gains = {name: getattr(model.config, name) for name in GAINS}
    config = replace(config, **gains)
    grown = OSTNet(config).eval()
    old, new = model.state_dict(), grown.state_dict()
    known, count = model.config.keypoints, config.keypoints
    origin = torch.tensor(parents(known, count))
    shares = torch.bincount(origin, minlength=known)  # how many begin as each
    changed = {
        "detector.heatmaps.weight": lambda t: t[origin],
        "detector.heatmaps.bias": lambda t: t[origin],
        "motion.mask.weight": lambda t: torch.cat([t[:1], t[1:][origin]]),
        "motion.mask.bias": lambda t: torch.cat(
            [t[:1], t[1:][origin] - shares[origin].float().log()]
        ),
        "scale.code.0.weight": lambda t: _widen_scale_code(t, known, count),
    }
    for name, value in new.items():
        if name not in old:
            continue  # new parts start as nothing by themselves
        found = changed[name](old[name]) if name in changed and known != count else old[name]
        if name.startswith("generator.embed_") and value.shape != found.shape:
            found = _pad(found, value.shape)  # FiLM's gains
        elif name.startswith("generator.head.") and value.shape[:1] != found.shape[:1]:
            found = _pad(found, value.shape)
            if name.endswith("bias"):
                found[len(old[name]) :] = MIX_CLOSED
        elif value.dim() == 4 and value.shape[1] > found.shape[1]:
            found = _widen_input(found, value.shape, name, model.config, config)
        if value.shape != found.shape:
            raise ValueError(
                f"{name}: grows from {tuple(old[name].shape)} to {tuple(value.shape)}, which "
                "cannot be done without changing what the network computes"
            )
        value.copy_(found)
    return grown


def _pad(tensor: Tensor, shape: torch.Size) -> Tensor:
    """The tensor in the first corner of zeros of a larger shape."""
    padded = tensor.new_zeros(shape)
    padded[tuple(slice(0, side) for side in tensor.shape)] = tensor
    return padded


def _widen_input(
    kernel: Tensor, shape: torch.Size, name: str, old: ModelConfig, new: ModelConfig
) -> Tensor:
    """A kernel that ignores new input channels.

    They come last wherever the hourglass's input is read; dense motion's would lie among the
    others if new keypoints showed the warped source too.
    """
    if name.startswith("motion.") and old.keypoints != new.keypoints:
        hints = new.keypoints if new.warped_hints is None else new.warped_hints
        if hints != old.keypoints or old.warped_hints not in (None, old.keypoints):
            raise ValueError(
                f"warped_hints: found {hints}, expected {old.keypoints}, those of the network "
                "that grows"
            )
    return _pad(kernel, shape)


def _widen_scale_code(weight: Tensor, known: int, count: int) -> Tensor:
    """First layer of T_theta (hidden, 8 K) for more keypoints.

    It reads x_S, x_D, d_S, d_D. The centroid that the distance vectors d are measured from moves
    with the new points: d of the known ones about their own centroid is d less its mean over them.
    """
    parts = weight.view(len(weight), 4, known, 2).clone()
    distances = parts[:, 2:]
    parts[:, 2:] = distances - distances.mean(dim=2, keepdim=True)
    grown = weight.new_zeros(len(weight), 4, count, 2)
    grown[:, :, :known] = parts
    return grown.flatten(1)


def open_mix(model: OSTNet, share: float = 0.3) -> None:
    """Let the warped source into the result by ``share`` everywhere, to learn from there."""
    layer = model.generator.head[-1 if model.config.full_width else 0]
    assert isinstance(layer, nn.Conv2d) and layer.bias is not None
    with torch.no_grad():
        layer.bias[-(1 if model.config.full_width else 4) :] = math.log(share / (1 - share))
