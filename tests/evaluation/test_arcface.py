"""A small random ONNX network of ArcFace's kinds of layers, against the same network in torch."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from ostnet.errors import InputError
from ostnet.evaluation.metrics.arcface import (
    TEMPLATE,
    ArcFaceEmbedder,
    aligned,
    five_points,
    similarity,
)

onnx = pytest.importorskip("onnx", reason="the dev extra brings it")


class SmallArcFace(nn.Module):
    """Convolution, batch norm, PReLU, a residual, flatten, linear, batch norm: (B, 8)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 8, 1)
        self.bn1 = nn.BatchNorm2d(4)
        self.prelu = nn.PReLU(4)
        self.conv2 = nn.Conv2d(4, 4, 3, 1, 1)
        self.fc = nn.Linear(4 * 14 * 14, 8)
        self.bn2 = nn.BatchNorm1d(8)
        for layer in (self.bn1, self.bn2):
            nn.init.uniform_(layer.running_mean, -0.1, 0.1)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
        nn.init.uniform_(self.prelu.weight, 0.1, 0.5)

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        return self.bn2(self.fc((x + self.conv2(x)).flatten(1)))


def save_onnx(network, path):
    """The network as an ONNX file with insightface's names and an open batch size."""
    node, weights = onnx.helper.make_node, []

    def put(name, tensor):
        weights.append(onnx.numpy_helper.from_array(tensor.detach().numpy(), name))
        return name

    def of(layer, *names):
        own = network.get_submodule(layer)
        return [put(f"{layer}.{name}", getattr(own, name)) for name in names]

    norm = ("weight", "bias", "running_mean", "running_var")
    slope = put("slope", network.prelu.weight.reshape(4, 1, 1))
    nodes = [
        node("Conv", ["input.1", *of("conv1", "weight", "bias")], ["a"], strides=[8, 8],
             pads=[1] * 4, kernel_shape=[3, 3]),
        node("BatchNormalization", ["a", *of("bn1", *norm)], ["b"], epsilon=1e-5),
        node("PRelu", ["b", slope], ["c"]),
        node("Conv", ["c", *of("conv2", "weight", "bias")], ["d"], pads=[1] * 4,
             kernel_shape=[3, 3]),
        node("Add", ["c", "d"], ["e"]),
        node("Flatten", ["e"], ["f"], axis=1),
        node("Gemm", ["f", *of("fc", "weight", "bias")], ["g"], transB=1),
        node("BatchNormalization", ["g", *of("bn2", *norm)], ["683"], epsilon=1e-5),
    ]  # fmt: skip
    shape = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "arcface",
        [shape("input.1", onnx.TensorProto.FLOAT, ["None", 3, 112, 112])],
        [shape("683", onnx.TensorProto.FLOAT, ["None", 8])],
        weights,
    )
    opset = onnx.helper.make_opsetid("", 11)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=6), str(path))


@pytest.fixture
def files(tmp_path):
    torch.manual_seed(0)
    network = SmallArcFace().eval()
    save_onnx(network, tmp_path / "small.onnx")
    return tmp_path / "small.onnx", network


def test_the_embedding_is_that_of_the_network_on_the_aligned_face(files, face_points, rng):
    path, network = files
    image = rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)
    embedder = ArcFaceEmbedder(path)
    face = aligned(image, five_points(face_points)).astype(np.float32)  # (112, 112, 3) RGB
    with torch.no_grad():
        expected = network(torch.from_numpy((face - 127.5) / 127.5).permute(2, 0, 1)[None])[0]
    found = embedder.embed(image, face_points)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-3, atol=1e-4)
    assert embedder.key == "arcface" and "small.onnx (sha256" in embedder.name


def test_five_points_are_eyes_nose_and_mouth(face_points):
    points = five_points(face_points)
    np.testing.assert_allclose(points[1], face_points[42:48].mean(axis=0))
    np.testing.assert_array_equal(points[2:], face_points[[30, 48, 54]])


def test_alignment_undoes_a_turn_a_scale_and_a_shift():
    angle, scale, shift = 0.4, 1.7, [60, 20]
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = scale * TEMPLATE @ turn.T + shift
    matrix = similarity(moved, TEMPLATE)
    np.testing.assert_allclose(moved @ matrix[:, :2].T + matrix[:, 2], TEMPLATE, atol=1e-9)


def test_alignment_is_the_least_squares_one(rng):
    """Against the four unknowns a, b, x, y solved as a linear system."""
    points = rng.uniform(0, 256, (5, 2))
    one, zero = np.ones(5), np.zeros(5)
    system = np.concatenate(
        [
            np.stack([points[:, 0], -points[:, 1], one, zero], axis=1),
            np.stack([points[:, 1], points[:, 0], zero, one], axis=1),
        ]
    )
    a, b, x, y = np.linalg.lstsq(system, TEMPLATE.T.reshape(-1), rcond=None)[0]
    np.testing.assert_allclose(similarity(points, TEMPLATE), [[a, -b, x], [b, a, y]], atol=1e-8)


def test_a_face_at_its_place_is_not_changed(rng):
    picture = cv2.GaussianBlur(rng.integers(0, 256, (112, 112, 3), dtype=np.uint8), (0, 0), 3)
    difference = aligned(picture, TEMPLATE).astype(int) - picture
    assert np.abs(difference).max() <= 1


def test_other_files_are_named(tmp_path):
    with pytest.raises(InputError, match="arcface: .*absent.onnx is no file"):
        ArcFaceEmbedder(tmp_path / "absent.onnx")
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(InputError, match="arcface: OpenCV cannot read"):
        ArcFaceEmbedder(tmp_path / "text.onnx")
