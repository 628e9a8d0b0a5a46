"""A detector that follows the picture exactly has no error; known faults have theirs."""

import numpy as np
import pytest
from procedural_face import FaceParams, render

from ostnet.evaluation.data.pairs import Pair
from ostnet.evaluation.method_pictures import augment, rotate
from ostnet.evaluation.metrics import columns
from ostnet.evaluation.metrics.faces import Face
from ostnet.evaluation.protocols import keypoint_checks
from ostnet.evaluation.protocols.protocol import Context
from ostnet.landmarks import KEYPOINTS


def pair(s_x=1.0, s_y=1.0, roll=0.0):
    return Pair(0, "ann", "a", 0, "a", 5, s_x, s_y, roll)


@pytest.fixture(scope="module")
def points():
    """The 15 landmarks of a rendered face in pixels of a 256 picture."""
    return (render(FaceParams(yaw=0.2), size=64)[1] + 1) * 127.5


@pytest.mark.parametrize("change", [pair(0.5, 0.5), pair(1.3, 0.7), pair(roll=30), pair(2, 2)])
def test_an_exact_detector_is_equivariant(points, change):
    found = columns.equivariance_columns(points, columns.moved(points, change), change)
    assert found["equivariance"] == pytest.approx(0, abs=1e-9)
    spread = columns.spread_columns(points, points, columns.moved(points, change), change)
    for name, value in spread.items():
        assert np.isnan(value) if change.roll else value == pytest.approx(0, abs=1e-9), name


def test_a_detector_that_sees_nothing_of_the_change(points):
    half = pair(0.5, 0.5)
    found = columns.equivariance_columns(points, points, half)
    distance = np.linalg.norm((points - 127.5) / 2, axis=1)
    assert found["equivariance"] == pytest.approx(distance.mean())
    spread = columns.spread_columns(points, points, points, half)
    assert spread["spread_bias_x"] == pytest.approx(np.log(2))
    assert spread["closed_form_error_y"] == pytest.approx(np.log(2))


def test_points_that_left_the_picture_do_not_count(points):
    large = pair(2.0, 2.0)
    expected = columns.moved(points, large)
    gone = ~columns.inside(expected)
    assert gone.any() and not gone.all()
    held = expected.clip(0, 255)  # a soft-argmax cannot leave the picture
    found = columns.equivariance_columns(points, held, large)
    assert found["equivariance"] == pytest.approx(0, abs=1e-9)
    assert found["outside"] == pytest.approx(gone.mean())
    assert columns.spread_columns(points, points, held, large)["spread_bias_y"] < 0


def test_the_change_of_points_is_that_of_the_picture(face_picture):
    """A bright square and its centre, turned and scaled: they stay together."""
    change = pair(0.8, 1.2, roll=30)
    picture = face_picture(20, 20, at=(170, 120))
    changed = augment([rotate(picture, change.roll)], [(change.s_x, change.s_y)])[0]
    y, x = np.nonzero(changed.mean(2) > 128)
    expected = columns.moved(np.array([[169.5, 119.5]]), change)[0]
    assert [x.mean(), y.mean()] == pytest.approx(expected, abs=0.6)


def test_accuracy_names_the_point_that_is_off(points):
    change = pair(0.7, 0.7)
    found = columns.moved(points, change)
    found[list(KEYPOINTS).index("chin")] += [3, 4]
    record = columns.accuracy_columns(points, found, change)
    assert record["accuracy_chin"] == pytest.approx(5)
    assert record["accuracy_nose_tip"] == pytest.approx(0, abs=1e-9)
    assert record["accuracy"] == pytest.approx(5 / len(points))
    assert np.isnan(columns.accuracy_columns(None, found, change)["accuracy"])


def test_an_iris_is_the_middle_of_its_eye(face_points):
    face = Face(face_points, np.zeros(3))
    found = dict(zip(KEYPOINTS, columns.keypoints_of(face), strict=True))
    assert found["iris_left"] == pytest.approx(face_points[36:42].mean(0))
    assert found["chin"] == pytest.approx(face_points[8])
    assert columns.keypoints_of(None) is None


def test_conditions_are_scale_roll_or_bin_of_yaw(face_points):
    face = Face(face_points, np.array([-31.0, 0, 0]))
    assert keypoint_checks.condition(pair(0.5, 0.5), face) == "both 0.5"
    assert keypoint_checks.condition(pair(0.5, 1.0), face) == "x 0.5"
    assert keypoint_checks.condition(pair(roll=-30.0), face) == "roll -30"
    assert keypoint_checks.condition(pair(0.83, 1.21), face) == "yaw 30+"
    assert keypoint_checks.condition(pair(1.0, 1.21), face) == "yaw 30+"  # drawn, not of the sweep
    assert keypoint_checks.condition(pair(0.83, 1.21), None) == "yaw unknown"


def test_records_of_both_detectors(data, model, reader):
    """The landmarker of the tests follows scales exactly; F_kp has 4 points and no landmarks."""
    drawn = Pair(0, "ann", "clips/a0.mp4", 0, "clips/a0.mp4", 5, 0.8, 0.9)
    result = keypoint_checks.KeypointChecks().measure(Context(data, model, {}, [], reader), [drawn])
    by_method = {record["method"]: record for record in result.records}
    assert list(by_method) == ["F_kp", "landmarker"]
    assert by_method["landmarker"]["equivariance"] < 1
    assert by_method["landmarker"]["spread_error_x"] < 0.03
    assert np.isfinite(by_method["F_kp"]["equivariance"])
    assert np.isnan(by_method["F_kp"]["accuracy"])
