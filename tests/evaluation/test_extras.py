"""Networks that the user gives, from the option to the row of the report.

A network that reads mean colours stands for those with weights; FID's is a real TorchScript file.
"""

import numpy as np
import pytest
import torch
from torch import nn

from ostnet.evaluation.data.clips import load_frames
from ostnet.evaluation.data.datasets import read_dataset
from ostnet.evaluation.data.drawn_pairs import same_identity
from ostnet.evaluation.evaluate_checkpoint import evaluate
from ostnet.evaluation.method_pictures import Generated
from ostnet.evaluation.metrics import extras
from ostnet.evaluation.metrics.extras import EmbedderNetwork, Extras
from ostnet.evaluation.metrics.face_reader import Face
from ostnet.evaluation.metrics.fid import FidNetwork, frechet_distance
from ostnet.evaluation.metrics.network_metrics import EXTRA, OPTIONS
from ostnet.evaluation.options import EvaluateConfig
from ostnet.evaluation.protocols import rendered_group
from ostnet.evaluation.protocols.protocol import Bench
from ostnet.evaluation.protocols.reconstruction import reconstruct
from ostnet.evaluation.score_videos import ScoreConfig, score
from ostnet.media.video import VideoWriter

pytestmark = pytest.mark.usefixtures("known_faces")


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 5, 20), nn.ReLU(), nn.AdaptiveAvgPool2d(2))

    def forward(self, x, return_features: bool = False):
        return self.layers(x / 128 - 1).flatten(1)


@pytest.fixture(scope="module")
def inception(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("inception") / "random.pt"
    torch.jit.script(Inception()).save(str(path))
    return path


class Colours:
    """Reads the mean colour; its one metric is the largest difference to the driver's."""

    def __init__(self, kind, path):
        self.kind, self.name = kind, f"colours of {path.name}"
        self.column = EXTRA[kind][0].column

    def read(self, images, faces):
        return [image.reshape(-1, 3).mean(axis=0) for image in images]

    def columns(self, output, source, driver):
        return {self.column: np.abs(output - driver).max()}


@pytest.fixture
def colours(monkeypatch):
    """Stands for OpenFace's network."""
    make = {"openface": lambda path, device: Colours("openface", path)}
    monkeypatch.setattr(extras, "MAKERS", extras.MAKERS | make)


def config(data, checkpoint, output, **options):
    settings = {"protocol": "same-scale", "pairs": 4, "methods": "full,copy_source"} | options
    return EvaluateConfig(data=data, output=output, checkpoint=checkpoint, **settings)


def by_metric(rows, method="full"):
    return {row["metric"]: row for row in rows if row["method"] == method}


def test_without_a_path_the_row_says_which_option_to_give(data, checkpoint, tmp_path):
    rows = evaluate(config(data, checkpoint, tmp_path, protocol="same-scale,cross-identity"))
    for protocol, expected in {
        "same-scale": {"lpips": "--lpips-weights", "fid": "--fid-network", "aed": "--openface"},
        "cross-identity": {
            "fid": "--fid-network",
            "csim_arcface": "--arcface",
            "aed_arcface": "--arcface",
            "aucon": "--py-feat",
            "prmse": "--py-feat",
        },
    }.items():
        found = by_metric(row for row in rows if row["protocol"] == protocol)
        for metric, option in expected.items():
            assert found[metric]["value"] is None and found[metric]["backend"] == "unavailable"
            assert option in found[metric]["reason"]


def test_fid_is_one_value_per_method_over_all_frames(data, checkpoint, inception, tmp_path):
    options = {"fid_network": str(inception), "protocol": "same-scale,cross-identity"}
    rows = evaluate(config(data, checkpoint, tmp_path, **options))
    fid = {(row["protocol"], row["method"]): row for row in rows if row["metric"] == "fid"}
    assert len(fid) == 4
    for row in fid.values():
        assert row["value"] > 0 and row["frames"] == row["reference_frames"] == 4
        assert row["backend"].startswith("random.pt (sha256")
    assert fid["same-scale", "full"]["value"] != fid["same-scale", "copy_source"]["value"]
    assert "fid" in (tmp_path / "report.md").read_text().split("### Every value")[0]


def test_fid_survives_an_interruption_and_two_processes(
    data, checkpoint, inception, tmp_path, in_two_processes
):
    alone = evaluate(config(data, checkpoint, tmp_path / "one", fid_network=inception))
    for lost in (tmp_path / "one" / "same-scale" / "groups").glob("0001.*"):
        lost.unlink()
    again = evaluate(config(data, checkpoint, tmp_path / "one", fid_network=inception))
    assert by_metric(again)["fid"] == by_metric(alone)["fid"]

    rows, _ = in_two_processes(
        lambda: evaluate(config(data, checkpoint, tmp_path / "two", fid_network=inception))
    )
    assert by_metric(rows)["fid"] == by_metric(alone)["fid"]


def test_across_identities_arcface_and_py_feat_have_their_rows(
    data, checkpoint, reader, monkeypatch, tmp_path
):
    class ArcFace:
        key, name = "arcface", "arcface stand-in"
        embed = staticmethod(reader.embedder.embed)

    class Feat(Colours):
        def columns(self, output, source, driver):
            return {"aucon": 1.0, "prmse": float(np.abs(output - driver).max())}

    make = {
        "arcface": lambda path, device: EmbedderNetwork(ArcFace()),
        "py-feat": lambda path, device: Feat("py-feat", path),
    }
    monkeypatch.setattr(extras, "MAKERS", extras.MAKERS | make)
    given = {"arcface": "a.onnx", "py_feat": "weights", "protocol": "cross-identity"}
    rows = by_metric(evaluate(config(data, checkpoint, tmp_path, **given)), "copy_source")
    assert rows["csim_arcface"]["value"] == pytest.approx(1)
    assert rows["aed_arcface"]["value"] == pytest.approx(0)
    assert rows["csim_arcface"]["backend"] == "arcface stand-in"
    assert rows["aucon"]["value"] == 1 and rows["prmse"]["value"] > 0
    assert rows["fid"]["value"] is None


def test_a_network_given_later_or_exchanged_is_measured(data, checkpoint, colours, tmp_path):
    evaluate(config(data, checkpoint, tmp_path))
    for path in ("first.pth", "second.pth"):
        row = by_metric(evaluate(config(data, checkpoint, tmp_path, openface=path)))["aed"]
        assert row["value"] > 0 and row["backend"] == f"colours of {path}"
        settings = (tmp_path / "same-scale" / "settings.json").read_text()
        assert f"colours of {path}" in settings


def test_checkpoints_are_compared_by_the_networks_too(
    data, checkpoint, colours, inception, tmp_path
):
    options = {"openface": "x.pth", "fid_network": inception, "methods": "full"}
    options |= {"compare": (str(checkpoint), str(checkpoint))}
    rows = evaluate(config(data, None, tmp_path, **options))
    first, second = (row for row in rows if row["metric"] == "aed")
    assert second["difference"] == 0 and "difference" not in first
    first, second = (row for row in rows if row["metric"] == "fid")
    assert second["value"] == first["value"] > 0


def test_a_perfect_generator_has_no_frechet_distance(data, model, reader, inception, monkeypatch):
    def perfect(network, source, driving, names, anchor=0, **_):
        return Generated({"full": np.stack(driving)}, {}, {})

    monkeypatch.setattr(rendered_group, "generate", perfect)
    given = Extras([FidNetwork(inception)])
    bench = Bench(data, model, {}, ["full"], reader, extras=given)
    pairs = same_identity(read_dataset(data).clips[:1], 5)
    result = reconstruct(bench, pairs)
    features = result.arrays["full"], result.arrays["reference"]
    assert features[0].shape == (5, 16)
    assert frechet_distance(*features) == pytest.approx(0, abs=1e-6)
    frames = load_frames(data / pairs[0].driving, [pair.frame for pair in pairs])
    expected = [reading["fid"] for reading in given.read(frames, [None] * 5)]
    np.testing.assert_array_equal(features[1], expected)


def test_an_identity_network_compares_output_source_and_driver(reader, rng):
    network = EmbedderNetwork(reader.embedder)
    images = rng.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    face = Face(np.zeros((68, 2)), np.zeros(3))
    output, source, driver = network.read(images, [face] * 3)
    means = images.reshape(3, -1, 3).mean(axis=1) / 255
    found = network.columns(output, source, driver)
    assert found["aed_colour"] == pytest.approx(((means[0] - means[1]) ** 2).sum())
    assert found["identity_distance_colour"] == pytest.approx(np.linalg.norm(means[0] - means[1]))
    lengths = np.linalg.norm(means[:2], axis=1).prod()
    assert found["csim_colour"] == pytest.approx(means[0] @ means[1] / lengths)
    (lost,) = network.read(images[:1], [None])
    assert lost is None and np.isnan(network.columns(lost, source, driver)["csim_colour"])


def test_score_takes_the_same_networks(tmp_path, inception, colours, face_picture):
    for folder, start in (("ours", 80), ("truth", 80), ("wide", 110)):
        (tmp_path / folder).mkdir()
        with VideoWriter(tmp_path / folder / "a.mp4", fps=25) as writer:
            for t in range(4):
                writer.write(face_picture(start + 4 * t, 100))
    found = {}
    for name in ("ours", "wide"):
        rows = score(
            ScoreConfig(
                tmp_path / name,
                tmp_path / "truth",
                tmp_path / "out",
                fid_network=inception,
                openface="x.pth",
            )
        )
        found[name] = by_metric(rows, name)
    assert found["ours"]["fid"]["value"] == pytest.approx(0, abs=1e-6)
    assert found["ours"]["aed"]["value"] == 0
    assert found["wide"]["fid"]["value"] > 0 and found["wide"]["fid"]["frames"] == 4
    assert found["wide"]["aed"]["value"] > 0
    assert "--lpips-weights" in found["ours"]["lpips"]["reason"]


def test_both_commands_have_every_option():
    for kind in OPTIONS:
        assert {OPTIONS[kind].field, "fan_weights"} <= set(EvaluateConfig.__dataclass_fields__)
        assert {OPTIONS[kind].field, "fan_weights"} <= set(ScoreConfig.__dataclass_fields__)
        assert kind in extras.MAKERS
