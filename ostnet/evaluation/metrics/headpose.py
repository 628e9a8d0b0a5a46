"""Head pose from 68 landmarks: a generic three-dimensional face fitted by perspective-n-point.

The face below is a coarse average adult, millimetres, x right in the picture, y down, z away from
the camera, origin at the nose tip. Only points that speech does not move are used. Absolute angles
are good to some degrees, and large yaw is underestimated, because landmarkers draw the jaw line
along the visible outline; correlations and bins are what they are for.
"""

import cv2
import numpy as np

from ostnet import landmarks as ibug

GENERIC_FACE = np.array(
    [
        [0.0, -44.0, 18.0],  # 27 nose bridge, between the eyes
        [0.0, -30.0, 11.0],  # 28
        [0.0, -15.0, 4.0],  # 29
        [0.0, 0.0, 0.0],  # 30 nose tip
        [-14.0, 12.0, 19.0],  # 31 nostril, left in the picture
        [0.0, 14.0, 13.0],  # 33 nose base
        [14.0, 12.0, 19.0],  # 35 nostril, right in the picture
        [-45.0, -37.0, 39.0],  # 36 outer eye corner, left in the picture
        [-17.0, -36.0, 31.0],  # 39 inner eye corner
        [17.0, -36.0, 31.0],  # 42 inner eye corner
        [45.0, -37.0, 39.0],  # 45 outer eye corner, right in the picture
        [-72.0, -30.0, 110.0],  # 0 end of the jaw line at the ear, left in the picture
        [72.0, -30.0, 110.0],  # 16 end of the jaw line at the ear, right in the picture
    ]
)
"""(13, 3): the points ``ibug.RIGID`` of an average face."""


def camera_matrix(size: int) -> np.ndarray:
    """(3, 3) pinhole camera with a long lens: focal length four sides of the square picture."""
    centre = (size - 1) / 2
    return np.array([[4.0 * size, 0, centre], [0, 4.0 * size, centre], [0, 0, 1]])


def rotation_angles(rotation: np.ndarray) -> np.ndarray:
    """(3, 3) rotation -> (yaw, pitch, roll) in degrees, R = Ry(yaw) Rx(pitch) Rz(roll)."""
    yaw = np.arctan2(rotation[0, 2], rotation[2, 2])
    pitch = np.arcsin(np.clip(-rotation[1, 2], -1, 1))
    roll = np.arctan2(rotation[1, 0], rotation[1, 1])
    return np.degrees([yaw, pitch, roll])


def head_pose(landmarks: np.ndarray, size: int = 256) -> np.ndarray:
    """(68, 2) landmarks in pixels of a size x size picture -> (yaw, pitch, roll) in degrees.

    Yaw is positive where the face turns to the picture's left. NaN where the fit fails.
    """
    points = np.ascontiguousarray(landmarks[ibug.RIGID], dtype=np.float64)
    camera = camera_matrix(size)
    found, rotation, translation = cv2.solvePnP(
        GENERIC_FACE, points, camera, None, flags=cv2.SOLVEPNP_SQPNP
    )
    if not found:
        return np.full(3, np.nan)
    rotation, _ = cv2.solvePnPRefineLM(GENERIC_FACE, points, camera, None, rotation, translation)
    return rotation_angles(cv2.Rodrigues(rotation)[0])
