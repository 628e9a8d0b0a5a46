"""Pictures as NumPy arrays: what torch makes of them."""

import numpy as np
import pytest
import torch

from ostnet import InputError
from ostnet.animation import arrays, pictures

CPU = torch.device("cpu")


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(64, 64), (90, 200), (201, 77), (48, 48)])
def test_the_same_as_with_torch(shape):
    ours = arrays.to_array(picture(*shape), 64, "picture")
    theirs = pictures.to_tensor(picture(*shape), 64, CPU, "picture").numpy()
    assert ours.dtype == np.float32 and ours.shape == (1, 3, 64, 64)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_picture_survives_the_round_trip():
    square = picture(32, 32)
    assert np.array_equal(arrays.to_picture(arrays.to_array(square, 32, "picture")), square)


def test_levels_are_rounded_as_torch_rounds_them():
    values = np.random.default_rng(1).uniform(-0.1, 1.1, (1, 3, 16, 16)).astype(np.float32)
    assert np.array_equal(arrays.to_picture(values), pictures.to_picture(torch.from_numpy(values)))


def test_zoom():
    values = arrays.to_array(picture(32, 32), 32, "picture")
    assert arrays.zoom(values, (1.0, 1.0)) is values
    expected = pictures.zoom(torch.from_numpy(values), (1.5, 0.5)).numpy()
    assert np.array_equal(arrays.zoom(values, (1.5, 0.5)), expected)


def test_what_is_no_picture_is_named():
    with pytest.raises(InputError, match="source: expected a uint8 RGB picture"):
        arrays.to_array(picture(8, 8)[..., 0], 8, "source")
