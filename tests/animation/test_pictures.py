"""Pictures in and out, and the driving zoom."""

import numpy as np
import pytest
import torch

from ostnet.animation.pictures import to_picture, to_tensor, zoom

CPU = torch.device("cpu")


def test_a_picture_survives_the_round_trip():
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert np.array_equal(to_picture(to_tensor(picture, 32, CPU, "picture")), picture)


def test_no_zoom_is_no_change():
    picture = torch.rand(1, 3, 16, 16)
    assert zoom(picture, (1.0, 1.0)) is picture


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
