"""The adapter on a stand-in for Py-Feat: random values in a table of the package's shape."""

import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from ostnet.errors import InputError
from ostnet.evaluation.metrics.pyfeat import PyFeat

UNITS = [f"AU{number:02d}" for number in (1, 2, 4, 5, 6, 7, 9, 10)]


class Table(pd.DataFrame):
    """Py-Feat's Fex, as far as it is used."""

    @property
    def _constructor(self):
        return Table

    @property
    def aus(self):
        return self[UNITS]


class RandomDetector:
    """Two faces in every picture, the second one larger; none in a black picture."""

    def __init__(self, **options):
        self.options = options
        self.folder = sys.modules["feat.detector"].get_resource_path()
        self.rng = np.random.default_rng(0)

    def detect(self, inputs, data_type, progress_bar):
        assert data_type == "tensor" and inputs.shape[1] == 3
        rows = []
        for frame, picture in enumerate(inputs):
            for side in (40.0, 90.0) if picture.any() else (np.nan,):
                drawn = self.rng.uniform(0, 1, len(UNITS) + 3) * (side / side)
                row = dict(zip([*UNITS, "Pitch", "Roll", "Yaw"], drawn, strict=True))
                rows.append(row | {"FaceRectWidth": side, "FaceRectHeight": side, "frame": frame})
        self.table = Table(rows)
        return self.table


@pytest.fixture
def feat(monkeypatch):
    package, detector = ModuleType("feat"), ModuleType("feat.detector")
    detector.Detectorv1 = RandomDetector
    detector.get_resource_path = lambda: "the package's own"
    package.detector = detector
    monkeypatch.setitem(sys.modules, "feat", package)
    monkeypatch.setitem(sys.modules, "feat.detector", detector)
    return detector


def test_aucon_and_prmse_agree_with_their_definition(feat, tmp_path):
    network = PyFeat(tmp_path)
    images = np.full((2, 32, 32, 3), 9, np.uint8)
    driver, output = network.read(images, [None, None])
    large = network._detector.table.iloc[[1, 3]]
    a, b = large[UNITS].to_numpy()
    equal = [(x > 0.5) == (y > 0.5) for x, y in zip(a, b, strict=True)]
    angles = large[["Pitch", "Roll", "Yaw"]].to_numpy() * 180 / np.pi
    found = network.columns(output, None, driver)
    assert found["aucon"] == pytest.approx(sum(equal) / len(UNITS))
    assert found["prmse"] == pytest.approx(np.sqrt(np.mean((angles[0] - angles[1]) ** 2)))
    assert network.columns(driver, None, driver) == {"aucon": 1, "prmse": 0}


def test_a_face_that_is_not_found_gives_no_number(feat, tmp_path):
    network = PyFeat(tmp_path)
    images = np.stack([np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 9, np.uint8)])
    lost, found = network.read(images, [None, None])
    assert lost is None
    assert np.isnan(list(network.columns(lost, None, found).values())).all()


def test_the_weights_come_from_the_folder(feat, tmp_path):
    before = PyFeat(tmp_path)
    assert before._detector.folder == str(tmp_path)
    assert feat.get_resource_path() == "the package's own"
    assert before._detector.options["face_model"] == "img2pose"
    (tmp_path / "snapshots").mkdir()
    assert PyFeat(tmp_path).name != before.name


def test_what_is_missing_is_named(tmp_path, monkeypatch, feat):
    with pytest.raises(InputError, match="py_feat: .*absent is no folder"):
        PyFeat(tmp_path / "absent")

    def without_weights(**options):
        raise FileNotFoundError("no model.safetensors")

    monkeypatch.setattr(feat, "Detectorv1", without_weights)
    with pytest.raises(InputError, match="weights are missing .*model.safetensors"):
        PyFeat(tmp_path)
    monkeypatch.setitem(sys.modules, "feat.detector", None)
    with pytest.raises(InputError, match="pip install 'py-feat"):
        PyFeat(tmp_path)
