"""nn4.small2 on random weights under the published names, computed layer by layer beside it."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage.transform import warp

from ostnet.errors import InputError
from ostnet.evaluation.metrics.openface import OpenFaceAed

STEM = {"layer1": (3, 64, 7), "layer6": (64, 64, 1), "layer9": (64, 192, 3)}
"""Convolution -> channels in, channels out, kernel; the batch norm is the next layer."""

BRANCHES = {
    "layer14": [(192, 96, 3, 128), (192, 16, 5, 32), ("max", 192, 32), (192, 64)],
    "layer15": [(256, 96, 3, 128), (256, 32, 5, 64), ("root", 256, 64), (256, 64)],
    "layer16": [(320, 128, 3, 256), (320, 32, 5, 64), ("max",)],
    "layer17": [(640, 96, 3, 192), (640, 32, 5, 64), ("root", 640, 128), (640, 256)],
    "layer18": [(640, 160, 3, 256), (640, 64, 5, 128), ("max",)],
    "layer19": [(1024, 96, 3, 384), ("root", 1024, 96), (1024, 256)],
    "layer21": [(736, 96, 3, 384), ("max", 736, 96), (736, 256)],
}
"""Inception layer -> its branches: in, reduced, kernel, out; pooling, in, out; in, out."""


def random_weights():
    """Names and shapes of openface.pth."""
    generator = torch.Generator().manual_seed(0)
    state = {}

    def convolution(name, norm, channels, out, kernel):
        spread = (2 / (channels * kernel**2)) ** 0.5
        weight = torch.randn(out, channels, kernel, kernel, generator=generator) * spread
        state[f"{name}.weight"], state[f"{name}.bias"] = weight, torch.full((out,), 0.1)
        for key in ("weight", "bias", "running_mean", "running_var"):
            state[f"{norm}.{key}"] = torch.rand(out, generator=generator) + 0.5

    for (name, sizes), norm in zip(STEM.items(), ("layer2", "layer7", "layer10"), strict=True):
        convolution(name, norm, *sizes)
    for layer, branches in BRANCHES.items():
        for i, branch in enumerate(branches):
            at = f"{layer}.seq_list.{i}."
            if branch[0] in ("max", "root"):
                if branch[1:]:
                    convolution(f"{at}2_conv", f"{at}3_bn", *branch[1:], 1)
            elif len(branch) == 2:
                convolution(f"{at}1_conv", f"{at}2_bn", *branch, 1)
            else:
                channels, reduced, kernel, out = branch
                convolution(f"{at}1_conv", f"{at}2_bn", channels, reduced, 1)
                convolution(f"{at}4_conv", f"{at}5_bn", reduced, out, kernel)
    state["layer25.weight"] = torch.randn(128, 736, generator=generator)
    state["layer25.bias"] = torch.randn(128, generator=generator)
    return state


def embed(state, image):
    """The network by the book: (1, 3, 96, 96) -> (128,)."""

    def convolve(x, name, norm, **options):
        x = F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], **options)
        mean, var = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
        x = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
        x = x * state[f"{norm}.weight"][:, None, None] + state[f"{norm}.bias"][:, None, None]
        return x.clamp(min=0)

    def across_channels(x):
        squares = F.pad(x.square(), (0, 0, 0, 0, 2, 2))
        near = sum(squares[:, i : i + x.shape[1]] for i in range(5))
        return x / (1 + 1e-4 / 5 * near) ** 0.75

    pools = {
        "max": lambda x: F.max_pool2d(x, 3, 2),
        "root": lambda x: (9 * F.avg_pool2d(x.square(), 3, 3)).sqrt(),
    }

    def inception(x, layer):
        stride = 2 if layer in ("layer16", "layer18") else 1
        outputs = []
        for i, branch in enumerate(BRANCHES[layer]):
            at = f"{layer}.seq_list.{i}."
            if branch[0] in pools:
                y = pools[branch[0]](x)
                y = convolve(y, f"{at}2_conv", f"{at}3_bn") if branch[1:] else y
            else:
                y = convolve(x, f"{at}1_conv", f"{at}2_bn")
                if len(branch) == 4:
                    options = {"stride": stride, "padding": branch[2] // 2}
                    y = convolve(y, f"{at}4_conv", f"{at}5_bn", **options)
            outputs.append(y)
        side = max(y.shape[-1] for y in outputs)
        padded = []
        for y in outputs:
            low = (side - y.shape[-1]) // 2
            inside = slice(low, low + y.shape[-1])
            padded.append(torch.zeros(1, y.shape[1], side, side))
            padded[-1][:, :, inside, inside] = y
        return torch.cat(padded, dim=1)

    x = convolve(image, "layer1", "layer2", stride=2, padding=3)
    x = across_channels(F.max_pool2d(x, 3, 2, padding=1))
    x = convolve(convolve(x, "layer6", "layer7"), "layer9", "layer10", padding=1)
    x = F.max_pool2d(across_channels(x), 3, 2, padding=1)
    for layer in BRANCHES:
        x = inception(x, layer)
    x = state["layer25.weight"] @ x.mean(dim=(2, 3))[0] + state["layer25.bias"]
    return (x / (x.square().sum() + 1e-6).sqrt()).numpy()


def test_aed_agrees_with_its_definition(tmp_path, rng):
    state = random_weights()
    torch.save(state, tmp_path / "openface.pth")
    aed = OpenFaceAed(tmp_path / "openface.pth")
    images = np.kron(rng.integers(0, 256, (2, 16, 16, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    vectors = []
    for image in images:
        # pixel centres of 96 on the 256 of the frame, values in [0, 1], blue first
        small = warp(image, lambda xy: (xy + 0.5) * 256 / 96 - 0.5, output_shape=(96, 96), order=1)
        x = torch.from_numpy(small[..., ::-1].copy()).permute(2, 0, 1).float()
        vectors.append(embed(state, x[None]))
    truth, output = aed.read(images, [None, None])
    np.testing.assert_allclose([truth, output], vectors, atol=1e-4)
    expected = ((vectors[0] - vectors[1]) ** 2).sum()
    assert aed.columns(output, None, truth)["aed"] == pytest.approx(expected, rel=1e-2)
    assert aed.columns(truth, None, truth)["aed"] == 0


def test_other_files_are_named(tmp_path):
    with pytest.raises(InputError, match="openface: .*absent.pth is no file"):
        OpenFaceAed(tmp_path / "absent.pth")
    torch.save({"layer1.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="openface: .*nn4.small2"):
        OpenFaceAed(tmp_path / "other.pth")
    for text in ("no weights", "junk"):
        (tmp_path / "text.pth").write_text(text)
        with pytest.raises(InputError, match="openface: .*holds no weights"):
            OpenFaceAed(tmp_path / "text.pth")
