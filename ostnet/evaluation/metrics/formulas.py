"""Closed-form metrics of images, landmarks, embeddings and head poses; no networks.

Images are uint8 (H, W, 3) or floats in [0, 1] of the same shape; landmarks are (68, 2) in pixels of
a 256 x 256 picture, iBUG order. Functions return a float unless an array's shape is given.
"""

import numpy as np
from numpy.typing import ArrayLike
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ostnet import landmarks as ibug

LINEAGE_RANGE = 2.0
"""data_range of the lineage's published tables: old scikit-image took floats as -1..1."""


def as_unit(image: np.ndarray) -> np.ndarray:
    """Return a uint8 or float image as float64 in [0, 1]."""
    if image.dtype == np.uint8:
        return image.astype(np.float64) / 255.0
    return image.astype(np.float64)


def l1(truth: np.ndarray, generated: np.ndarray) -> float:
    """Return the mean absolute difference over all pixels and channels, images in [0, 1]."""
    return float(np.abs(as_unit(truth) - as_unit(generated)).mean())


def psnr(truth: np.ndarray, generated: np.ndarray, data_range: float = 1.0) -> float:
    """Return the peak signal-to-noise ratio in dB; infinite for identical images."""
    if np.array_equal(truth, generated):
        return float("inf")
    return float(peak_signal_noise_ratio(as_unit(truth), as_unit(generated), data_range=data_range))


def ssim(truth: np.ndarray, generated: np.ndarray, data_range: float = 1.0) -> float:
    """Return the mean structural similarity: uniform 7 x 7 window per channel."""
    mean = structural_similarity(
        as_unit(truth), as_unit(generated), data_range=data_range, channel_axis=2
    )
    return float(mean)  # pyright: ignore[reportArgumentType]


def ssim_map(truth: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """Return structural similarity by pixel, (H, W), mean of the channels; its mean is ``ssim``.

    NaN in the outer 3 pixels, whose windows reach over the edge.
    """
    similarity = structural_similarity(
        as_unit(truth), as_unit(generated), data_range=1.0, channel_axis=2, full=True
    )[1]
    inner = np.full(similarity.shape[:2], np.nan)
    inner[3:-3, 3:-3] = similarity.mean(axis=2)[3:-3, 3:-3]
    return inner


def akd(truth: np.ndarray, generated: np.ndarray) -> float:
    """Return the average keypoint distance: mean |difference| of 136 coordinates, pixels."""
    return float(np.abs(truth - generated).mean())


def akd_l2(truth: np.ndarray, generated: np.ndarray) -> float:
    """Return the mean Euclidean landmark distance in pixels; 1.41 to 2 times ``akd``."""
    return float(np.linalg.norm(truth - generated, axis=-1).mean())


def aed(truth: np.ndarray, generated: np.ndarray) -> float:
    """Return the lineage's average Euclidean distance: the *squared* L2 of two embeddings."""
    return float(((truth - generated) ** 2).sum())


def csim(source: np.ndarray, generated: np.ndarray) -> float:
    """Return the cosine similarity of two identity embeddings."""
    norms = np.linalg.norm(source) * np.linalg.norm(generated)
    return float(source @ generated / norms)


def prmse(driving: np.ndarray, generated: np.ndarray) -> float:
    """Return the root mean square of the differences of yaw, pitch and roll, degrees."""
    return float(np.sqrt(((driving - generated) ** 2).mean()))


def spread(points: np.ndarray) -> np.ndarray:
    """Return sigma (2,) of points (N, 2): rms distance from the centroid along each axis."""
    return np.sqrt(((points - points.mean(axis=0)) ** 2).mean(axis=0))


def scale_error(generated: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return E_a = |ln(sigma_a(generated) / sigma_a(reference))|, (2,), of landmarks (N, 2).

    The larger of the two is the one-number form E.
    """
    return np.abs(np.log(spread(generated) / spread(reference)))


def module_scale_error(measured: ArrayLike, known: ArrayLike) -> np.ndarray:
    """Return |ln(measured / known)| of driving scales (..., 2), per axis."""
    return np.abs(np.log(np.asarray(measured) / np.asarray(known)))


def scale_jitter(measured: np.ndarray) -> np.ndarray:
    """Return the std of ln scale (2,) of measured scales (T, 2) where the true one is constant."""
    return np.log(measured).std(axis=0)


def landmark_jitter(landmarks: np.ndarray) -> float:
    """Return the mean length of the second difference over time of (T, 68, 2), pixels."""
    if len(landmarks) < 3:
        return float("nan")
    second = landmarks[2:] - 2 * landmarks[1:-1] + landmarks[:-2]
    return float(np.linalg.norm(second, axis=-1).mean())


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the Pearson correlation of the positions where both are finite.

    NaN with fewer than 3 such positions, or where one side does not move.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 3 or a[both].std() < 1e-9 or b[both].std() < 1e-9:
        return float("nan")
    return float(np.corrcoef(a[both], b[both])[0, 1])


def mouth_opening(landmarks: np.ndarray) -> float:
    """Return the distance of the middle inner lips over the nose's length: |66-62| / |27-33|.

    Both lengths run along the face's vertical, so face size, position and a vertical stretch
    cancel.
    """
    upper, lower = landmarks[ibug.INNER_LIP_UPPER[1]], landmarks[ibug.INNER_LIP_LOWER[1]]
    nose = np.linalg.norm(landmarks[ibug.NOSE_BASE] - landmarks[ibug.NOSE_BRIDGE])
    return float(np.linalg.norm(upper - lower) / nose)


def eyelid_opening(landmarks: np.ndarray) -> float:
    """Return the mean eye aspect ratio: distance of the lids over the eye's width."""
    return float(ibug.openings(landmarks)[1])
