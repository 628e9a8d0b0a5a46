"""The scale transformation, with tests of the method's typical implementation errors."""

import numpy as np
import pytest
import torch

from ostnet.config import ModelConfig
from ostnet.model.layers import identity_grid, sample
from ostnet.model.scale import FIDUCIALS, ScaleTransform, affine_matrix, tps_matrix


def smooth_picture(height: int = 96, width: int = 96) -> torch.Tensor:
    """A picture (1, 3, H, W) without fine detail, so that resampling hardly changes it."""
    x, y = identity_grid(height, width).unbind(-1)
    planes = [torch.sin(2 * x + y), torch.cos(3 * y - x), torch.sin(x * y * 3)]
    return torch.stack(planes)[None] / 2 + 0.5


def reference_tps(fiducials: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Textbook thin-plate spline in float64, solved anew: interpolates FIDUCIALS -> fiducials."""
    base = FIDUCIALS.numpy()

    def kernel(a, b):
        r = np.linalg.norm(a[:, None] - b[None], axis=-1)
        return np.where(r > 0, r**2 * 2 * np.log(np.maximum(r, 1e-300)), 0)

    ones = np.ones((len(base), 1))
    side = np.hstack([ones, base])
    top = np.hstack([kernel(base, base), side])
    system = np.vstack([top, np.hstack([side.T, np.zeros((3, 3))])])
    weights = np.linalg.solve(system, np.vstack([fiducials, np.zeros((3, 2))]))
    return np.hstack([kernel(points, base), np.ones((len(points), 1)), points]) @ weights


@pytest.fixture
def scale() -> ScaleTransform:
    torch.manual_seed(0)
    return ScaleTransform(ModelConfig(resolution=96))


def test_tps_agrees_with_an_independent_float64_solution():
    rng = np.random.default_rng(1)
    fiducials = FIDUCIALS.numpy() + rng.normal(0, 0.2, (12, 2))
    ours = tps_matrix(40, 56) @ torch.from_numpy(fiducials)
    points = identity_grid(40, 56, torch.float64).reshape(-1, 2).numpy()
    np.testing.assert_allclose(ours.numpy(), reference_tps(fiducials, points), atol=1e-10)


def test_float32_grid_stays_within_a_hundredth_of_a_pixel(scale):
    torch.manual_seed(2)
    fiducials = FIDUCIALS + 0.3 * torch.randn(1, 12, 2).double()
    ours = scale.grid(fiducials.float(), 256, 256).double()
    exact = (tps_matrix(256, 256) @ fiducials).view(1, 256, 256, 2)
    assert (ours - exact).abs().max() * 127.5 < 0.01


@pytest.mark.parametrize("s", [(0.7, 0.7), (1.0, 1.0), (1.3, 1.3), (0.8, 1.25)])
def test_measured_scale_is_the_scale_of_the_grid(scale, s):
    factor = torch.tensor(s)
    measured = scale.affine_scale(FIDUCIALS.float()[None] * factor + 0.1)
    torch.testing.assert_close(measured[0], factor, atol=1e-5, rtol=0)


def test_measured_scale_is_the_least_squares_fit_of_a_bent_grid():
    rng = np.random.default_rng(3)
    fiducials = FIDUCIALS.numpy() * [0.8, 1.2] + rng.normal(0, 0.1, (12, 2))
    grid = (tps_matrix(24, 32) @ torch.from_numpy(fiducials)).numpy()
    points = identity_grid(24, 32, torch.float64).reshape(-1, 2).numpy()
    design = np.hstack([points, np.ones((len(points), 1))])
    fit = np.linalg.lstsq(design, grid, rcond=None)[0]
    ours = torch.einsum("af,fa->a", affine_matrix(24, 32), torch.from_numpy(fiducials))
    np.testing.assert_allclose(ours.numpy(), np.diag(fit[:2]), atol=1e-10)


@pytest.mark.parametrize("s", [0.7, 1.0, 1.3])
@pytest.mark.parametrize("size", [(96, 96), (96, 64)])
def test_oracle_fiducials_undo_the_augmentation(scale, s, size):
    """I_D(p) = GT(p / s); fiducials s * base give I_D^(p) = I_D(s p) = GT(p) where it is visible.

    Predicting 1 / s instead (the classic bug) must not pass.
    """
    truth = smooth_picture(*size)
    coordinates = identity_grid(*size)
    driving = sample(truth, (coordinates / s)[None])
    visible = (coordinates.abs() < min(1, 1 / s) * 0.98).all(-1)

    def error(factor: float) -> float:
        grid = scale.grid(FIDUCIALS.float()[None] * factor, *size)
        return (sample(driving, grid) - truth)[..., visible].abs().max().item()

    assert error(s) < 0.01
    if s != 1.0:
        assert error(1 / s) > 0.1


def test_an_affine_module_bends_nothing_and_starts_as_the_identity():
    torch.manual_seed(0)
    module = ScaleTransform(ModelConfig(resolution=96, scale_map="affine"))
    x_source, x_driving = torch.rand(2, 3, 15, 2) * 2 - 1
    assert torch.equal(module(x_source, x_driving).fiducials[0], module.base)
    torch.nn.init.normal_(module.head.weight, std=0.3)
    alignment = module(x_source, x_driving)
    grid = module.grid(alignment.fiducials, 24, 32)[0].reshape(-1, 2)
    points = torch.nn.functional.pad(identity_grid(24, 32).reshape(-1, 2), (0, 1), value=1.0)
    fit = torch.linalg.lstsq(points, grid).solution  # (3, 2)
    torch.testing.assert_close(points @ fit, grid, atol=1e-5, rtol=0)
    torch.testing.assert_close(alignment.scale[0], fit[:2].diagonal(), atol=1e-5, rtol=0)
    assert (fit[:2] - torch.eye(2)).abs().max() > 0.01


def test_tps_reproduces_every_affine_map_exactly():
    matrix, shift = torch.tensor([[0.7, 0.1], [-0.2, 1.4]]).double(), torch.tensor([0.1, -0.3])
    grid = tps_matrix(32, 48) @ (FIDUCIALS @ matrix.T + shift.double())
    expected = identity_grid(32, 48, torch.float64).reshape(-1, 2) @ matrix.T + shift.double()
    torch.testing.assert_close(grid, expected, atol=1e-12, rtol=0)


def test_grid_is_float32_under_autocast(scale):
    with torch.autocast("cpu", torch.bfloat16):
        alignment = scale(torch.rand(2, 15, 2), torch.rand(2, 15, 2))
        grid = scale.grid(alignment.fiducials, 32, 32)
    assert alignment.z.dtype == alignment.fiducials.dtype == grid.dtype == torch.float32


def test_an_untrained_module_is_the_identity_on_any_keypoints(scale):
    alignment = scale(torch.rand(3, 15, 2) * 2 - 1, torch.rand(3, 15, 2) * 0.2)
    assert torch.equal(alignment.scale.round(decimals=5), torch.ones(3, 2))
    picture = smooth_picture().expand(3, -1, -1, -1)
    rectified = sample(picture, scale.grid(alignment.fiducials, 96, 96))
    torch.testing.assert_close(rectified, picture, atol=1e-5, rtol=0)


def test_scale_code_sees_distances_that_ignore_translation(scale):
    """d is translation invariant: moving both sets alike changes z only through x."""
    first = scale.code[0]
    with torch.no_grad():
        first.weight[:, :60] = 0  # x_S and x_D; what is left reads d_S and d_D
    x_source, x_driving = torch.rand(1, 15, 2), torch.rand(1, 15, 2)
    moved = scale(x_source + 0.3, x_driving - 0.2).z
    torch.testing.assert_close(moved, scale(x_source, x_driving).z, atol=1e-6, rtol=0)
