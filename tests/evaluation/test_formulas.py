"""Every metric against a value worked out by hand or by someone else's code."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torchmetrics.image import PeakSignalNoiseRatio
from torchmetrics.regression import MeanAbsoluteError

from ostnet import landmarks as ibug
from ostnet.evaluation.metrics import formulas


@pytest.fixture
def two_images(rng):
    """Two smooth, similar pictures, uint8 (64, 64, 3)."""
    ramp = np.linspace(0, 200, 64)[:, None, None] + np.zeros((64, 64, 3))
    noisy = ramp + rng.normal(0, 12, ramp.shape)
    return ramp.astype(np.uint8), noisy.clip(0, 255).astype(np.uint8)


def test_lineage_psnr_is_six_decibels_higher_and_its_ssim_is_inflated(two_images):
    gain = formulas.psnr(*two_images, formulas.LINEAGE_RANGE) - formulas.psnr(*two_images)
    assert gain == pytest.approx(6.0206, abs=1e-4)
    assert formulas.ssim(*two_images, formulas.LINEAGE_RANGE) > formulas.ssim(*two_images) + 0.05


def test_l1_and_psnr_agree_with_torchmetrics(two_images):
    a, b = (torch.from_numpy(image).double() / 255 for image in two_images)
    assert formulas.l1(*two_images) == pytest.approx(float(MeanAbsoluteError()(a, b)))
    theirs = PeakSignalNoiseRatio(data_range=1.0)(a, b)
    assert formulas.psnr(*two_images) == pytest.approx(float(theirs))
    assert formulas.psnr(two_images[0], two_images[0]) == np.inf


def test_ssim_agrees_with_its_formula_on_every_window(two_images):
    a, b = (image.astype(float) / 255 for image in two_images)
    values = []
    for channel in range(3):
        windows_a, windows_b = (
            np.lib.stride_tricks.sliding_window_view(x[..., channel], (7, 7)).reshape(-1, 49)
            for x in (a, b)
        )
        mean_a, mean_b = windows_a.mean(1), windows_b.mean(1)
        var_a, var_b = windows_a.var(1, ddof=1), windows_b.var(1, ddof=1)
        product = ((windows_a - mean_a[:, None]) * (windows_b - mean_b[:, None])).sum(1) / 48
        c1, c2 = 0.01**2, 0.03**2
        numerator = (2 * mean_a * mean_b + c1) * (2 * product + c2)
        values.append(numerator / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)))
    assert formulas.ssim(*two_images) == pytest.approx(np.mean(values), abs=1e-9)
    gaussian = structural_similarity(a, b, data_range=1, channel_axis=2, gaussian_weights=True)
    assert formulas.ssim(*two_images) != pytest.approx(gaussian, abs=1e-3)


def test_akd_averages_coordinates_and_akd_l2_averages_distances(face_points):
    moved = face_points + np.array([3, 4])
    assert formulas.akd(face_points, moved) == pytest.approx(3.5)
    assert formulas.akd_l2(face_points, moved) == pytest.approx(5)
    assert formulas.akd_l2(face_points, face_points + 1) == pytest.approx(np.sqrt(2))


def test_aed_is_squared_and_csim_ignores_length():
    a, b = np.array([1.0, 0, 0]), np.array([0, 2.0, 0])
    assert formulas.aed(a, b) == pytest.approx(5)
    assert formulas.csim(a, 7 * a) == pytest.approx(1)
    assert formulas.csim(a, b) == pytest.approx(0)
    assert formulas.csim(a, -b - a) == pytest.approx(-1 / np.sqrt(5))


def test_scale_error_reads_the_stretch_and_nothing_else(face_points):
    stretched = face_points * [0.8, 1.25] + [31, -12]
    assert formulas.scale_error(stretched, face_points) == pytest.approx(
        [-np.log(0.8), np.log(1.25)]
    )
    assert formulas.scale_error(face_points + 5, face_points) == pytest.approx([0, 0])
    forth, back = (
        formulas.scale_error(*points)
        for points in ((stretched, face_points), (face_points, stretched))
    )
    assert forth == pytest.approx(back)


def test_module_scale_error_treats_twice_and_half_alike():
    error = formulas.module_scale_error([[2.0, 0.5], [1, 1]], [[1.0, 1], [1, 1]])
    assert error == pytest.approx(np.log([[2, 2], [1, 1]]))
    assert formulas.prmse(np.zeros(3), np.array([3.0, 0, 4])) == pytest.approx(np.sqrt(25 / 3))


def test_jitter_of_a_still_and_of_a_shaking_face(face_points):
    still = np.stack([face_points] * 5)
    assert formulas.landmark_jitter(still) == 0
    drift = still + np.arange(5)[:, None, None]  # constant speed is no jitter
    assert formulas.landmark_jitter(drift) == pytest.approx(0)
    shaking = still + np.array([0, 1, 0, 1, 0])[:, None, None] * np.array([1.0, 0])
    assert formulas.landmark_jitter(shaking) == pytest.approx(2)
    assert np.isnan(formulas.landmark_jitter(still[:2]))
    scales = np.exp([[0.1, 0], [-0.1, 0]])
    assert formulas.scale_jitter(scales) == pytest.approx([0.1, 0])


def test_correlation_leaves_out_missing_frames_and_needs_motion():
    driver = np.array([0.0, 1, 2, np.nan, 4])
    assert formulas.correlation(3 * driver + 1, driver) == pytest.approx(1)
    assert formulas.correlation(-driver, driver) == pytest.approx(-1)
    assert np.isnan(formulas.correlation(np.ones(5), driver))
    assert np.isnan(formulas.correlation(driver[:2], driver[:2]))


def test_mouth_opening_ignores_size_and_vertical_stretch(face_points):
    opened = face_points.copy()
    opened[ibug.INNER_LIP_LOWER] += [0, 10]
    nose = np.linalg.norm(face_points[ibug.NOSE_BASE] - face_points[ibug.NOSE_BRIDGE])
    gap = opened[66, 1] - opened[62, 1]
    assert formulas.mouth_opening(opened) == pytest.approx(gap / nose)
    assert formulas.mouth_opening(opened) > formulas.mouth_opening(face_points)
    assert formulas.mouth_opening(opened * [1, 1.3] + 9) == pytest.approx(
        formulas.mouth_opening(opened)
    )
