"""Known poses of the generic face, irises drawn at known places, blinks, lids given gaze."""

import cv2
import numpy as np
import pytest

from ostnet.evaluation.metrics.columns import leave_out_blinks
from ostnet.evaluation.metrics.definitions import GAZE
from ostnet.evaluation.metrics.pose_and_gaze import (
    GENERIC_FACE,
    camera_matrix,
    gaze,
    head_pose,
)
from ostnet.evaluation.report import tables
from ostnet.landmarks import EYES, RIGID

WIDTH = 30
"""Width of a drawn eye in pixels."""


def project(yaw, pitch, roll, distance=700.0):
    """The generic face seen at these angles (degrees): (68, 2) pixels, unused points at 0."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    points = GENERIC_FACE @ (about_y @ about_x @ about_z).T + [0, 0, distance]
    seen = points @ camera_matrix(256).T
    landmarks = np.zeros((68, 2))
    landmarks[RIGID] = seen[:, :2] / seen[:, 2:]
    return landmarks


@pytest.mark.parametrize("pose", [(0, 0, 0), (30, 10, -20), (-45, -15, 40), (12, 25, 5)])
def test_known_pose_is_recovered(pose):
    assert head_pose(project(*pose)) == pytest.approx(pose, abs=0.1)


def test_pose_ignores_where_and_how_large_the_face_is():
    shifted = project(20, 5, 0) + np.array([6, -4])
    assert head_pose(shifted) == pytest.approx([20, 5, 0], abs=1.5)
    assert head_pose(project(20, 5, 0, distance=1000)) == pytest.approx([20, 5, 0], abs=0.1)


def test_positive_yaw_turns_the_nose_to_the_left_of_the_picture():
    landmarks = project(20, 0, 0)
    assert landmarks[30, 0] < landmarks[[36, 45], 0].mean()


def almond(left, middle):
    """Six points of an eye from its left corner on: (6, 2)."""
    along, down = np.array([0, 1 / 3, 2 / 3, 1, 2 / 3, 1 / 3]), np.array([0, -1, -1, 0, 1, 1])
    return np.array([left, middle]) + WIDTH * np.stack([along, 0.17 * down], axis=1)


def drawn(x, y):
    """Two eyes whose irises lie (x, y) eye widths off the middle: a picture and 68 landmarks."""
    picture, points = np.full((256, 256, 3), (200, 160, 140), np.uint8), np.zeros((68, 2))
    for eye, left in zip(EYES, (70, 150), strict=True):
        points[list(eye)] = almond(left, 120)
        whole = np.rint(16 * points[list(eye)]).astype(np.int32)
        ball = np.full_like(picture, (235, 235, 230))
        centre = 16 * np.array([left + WIDTH * (0.5 + x), 120 + WIDTH * y])
        cv2.circle(ball, np.rint(centre).astype(int).tolist(), 16 * 6, (50, 60, 40), -1, shift=4)
        mask = cv2.fillPoly(np.zeros((256, 256), np.uint8), [whole], 1, shift=4)
        picture[mask > 0] = ball[mask > 0]
    return picture, points


@pytest.mark.parametrize(("x", "y"), [(0, 0), (0.15, 0), (-0.2, 0), (0.1, 0.05), (0, -0.05)])
def test_an_iris_is_found_where_it_was_drawn(x, y):
    assert gaze(*drawn(x, y)) == pytest.approx([x, y], abs=0.025)  # lids hide a part


def test_an_eye_that_shows_no_iris_has_no_gaze():
    picture, points = drawn(0, 0)
    assert np.isnan(gaze(np.full_like(picture, 90), points)).all()  # flat
    assert np.isnan(gaze(picture, points * 0.1)).all()  # three pixels wide
    points[:, 1] = 120
    points[36:48, 1] = 300  # below the picture, closed to a line
    assert np.isnan(gaze(picture, points)).all()


def record(lids, look=0.0, output=None, **others):
    output = lids if output is None else output
    known = {"method": "full", "person": "ann", "source": "s", "driving": "d"} | others
    columns = {"eyelid_driver": lids, "eyelid_output": output, "gaze_y_driver": look}
    return known | columns | {"gaze_y_output": look, "gaze_x_driver": 0.1, "gaze_x_output": 0.1}


def test_a_blinking_driver_looks_nowhere():
    records = [record(0.3), record(0.32), record(0.1), record(0.31), record(np.nan)]
    leave_out_blinks(records)
    missing = [bool(np.isnan(one["gaze_y_driver"])) for one in records]
    assert missing == [False, False, True, False, True]
    assert np.isnan(records[2]["gaze_x_driver"]) and records[2]["gaze_x_output"] == 0.1
    lost = [record(np.nan)]
    leave_out_blinks(lost)
    assert np.isnan(lost[0]["eyelid_driver"])


def lids(records):
    backends = {"irises": "i 1"}
    rows = tables.rows(records, GAZE, {"protocol": "p", "dataset": "d"}, backends, {})
    return {row["metric"]: row for row in rows if row["metric"].startswith("eyelid")}


def test_eyes_that_close_when_they_look_down_are_counted_there():
    """Two clips of eight frames; the driver looks down in two of each and keeps the lids open."""
    records = []
    for clip, offset in (("one", 0.0), ("two", 0.1)):  # a clip's own level says nothing
        for frame in range(8):
            down = frame < 2
            look, output = offset + 0.1 * down, 0.3 + offset - 0.08 * down
            records.append(record(0.3, look, output, driving=clip))
    found = lids(records)
    assert found["eyelid_bias_down"]["value"] == pytest.approx(-0.06)  # means .3 and .28
    assert found["eyelid_error_down"]["value"] == pytest.approx(0.06)
    assert found["eyelid_error_level"]["value"] == pytest.approx(0.02)


def test_lids_given_gaze_need_a_gaze():
    for row in lids([record(0.3, np.nan)] * 4).values():
        assert row["value"] is None and row["failures"] == 4 and row["reason"]
    still = lids([record(0.3)] * 4)
    assert still["eyelid_error_down"]["value"] == 0 and still["eyelid_error_level"]["reason"]
