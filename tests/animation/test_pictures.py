"""Pictures in and out, and the driving zoom."""

import numpy as np
import pytest
import torch

from ostnet import InputError
from ostnet.animation.pictures import to_array, to_picture, to_tensor, zoom

CPU = torch.device("cpu")


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_picture_survives_the_round_trip():
    picture = noise(32, 32)
    assert np.array_equal(to_picture(to_tensor(picture, 32, CPU, "picture")), picture)
    assert np.array_equal(to_picture(to_array(picture, 32, "picture")), picture)


@pytest.mark.parametrize("shape", [(64, 64), (90, 200), (201, 77), (48, 48)])
def test_arrays_are_the_same_as_tensors(shape):
    array = to_array(noise(*shape), 64, "picture")
    tensor = to_tensor(noise(*shape), 64, CPU, "picture").numpy()
    assert array.dtype == np.float32 and array.shape == (1, 3, 64, 64)
    np.testing.assert_allclose(array, tensor, atol=1e-6)


def test_levels_are_rounded_alike():
    values = np.random.default_rng(1).uniform(-0.1, 1.1, (1, 3, 16, 16)).astype(np.float32)
    assert np.array_equal(to_picture(values), to_picture(torch.from_numpy(values)))


def test_what_is_no_picture_is_named():
    with pytest.raises(InputError, match="source: expected a uint8 RGB picture"):
        to_array(noise(8, 8)[..., 0], 8, "source")


def test_no_zoom_is_no_change():
    picture = torch.rand(1, 3, 16, 16)
    assert zoom(picture, (1.0, 1.0)) is picture
    assert np.array_equal(zoom(picture.numpy(), (1.5, 0.5)), zoom(picture, (1.5, 0.5)).numpy())


@pytest.mark.parametrize("factors", [(1.3, 0.7), (0.7, 1.3), (2.0, 2.0), (0.5, 0.5)])
def test_zoom_moves_every_point_away_from_the_centre_by_its_factor(factors):
    """On a picture whose values are its coordinates, output p shows p / s, edges replicated."""
    side = torch.linspace(-1, 1, 65)
    x, y = torch.meshgrid(side, side, indexing="xy")
    picture = torch.stack([x, y, x * 0], dim=0)[None] * 0.5 + 0.5
    zoomed = (zoom(picture, factors) - 0.5) * 2
    for axis, (coordinate, factor) in enumerate(zip((x, y), factors, strict=True)):
        expected = (coordinate / factor).clamp(-1, 1)
        inside = (coordinate.abs() < 0.9 * min(1, factor)) | (coordinate.abs() > 1.1 * factor)
        assert (zoomed[0, axis] - expected)[inside].abs().max() < 0.02


def test_shrinking_is_anti_aliased():
    stripes = torch.zeros(1, 3, 64, 64)
    stripes[..., ::2] = 1
    middle = zoom(stripes, (0.25, 0.25))[..., 28:36, 28:36]
    assert (middle - 0.5).abs().max() < 0.15
