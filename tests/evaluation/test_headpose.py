"""Known poses of the generic face are recovered; turning and scaling do what they should."""

import numpy as np
import pytest

from ostnet.evaluation.metrics.pose_and_gaze import (
    GENERIC_FACE,
    camera_matrix,
    head_pose,
    rotation_angles,
)
from ostnet.landmarks import RIGID


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


def test_angles_of_the_identity_are_zero():
    assert rotation_angles(np.eye(3)) == pytest.approx([0, 0, 0])
