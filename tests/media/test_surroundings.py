"""What the picture shows around a square."""

import numpy as np
import pytest

from ostnet.media.square import Crop, Framed


def picture(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_the_surroundings_of_a_square_are_the_pictures_as_far_as_it_goes():
    image = picture(300, 400)
    framed = Framed(image, Crop(50, 100, 200), 200)
    around, edges = framed.around(0.25)
    assert np.array_equal(around[:, :250], np.pad(image[50:300, 0:250], [(0, 50), (0, 0), (0, 0)],
                                                  mode="edge"))  # fmt: skip
    assert np.array_equal(around[50:250, 50:250], framed.square)
    assert edges == (-1.5, -1.5, 1.5, 1.0)
    half = Framed(image, Crop(50, 100, 200), 100).around(0.25)
    assert half[0].shape == (150, 150, 3) and half[1] == edges


def test_a_square_that_the_picture_ends_with_has_no_surroundings():
    assert Framed(picture(64, 64), Crop(0, 0, 64), 64).around(0.25) is None
    assert Framed(picture(64, 64), Crop(-8, -8, 80), 64).around(0.25) is None
    assert Framed(picture(64, 64), Crop(0, 8, 48), 64).around(0.0) is None


@pytest.mark.parametrize("turns", range(4))
def test_the_surroundings_turn_with_the_square(turns):
    image = picture(200, 200)
    turned = np.rot90(image, turns)
    upright = Crop(110, 20, 80)
    around, edges = Framed(turned, upright, 80).around(0.25)
    lying = Framed(image, upright.turned_back(turns, 200, 200), 80).around(0.25)
    assert edges == pytest.approx((-1.5, -1.5, 1.25, 1.5))
    assert lying[1] == pytest.approx(edges) and np.array_equal(lying[0], around)


def test_around_a_tilted_square_all_of_it_is_known_or_nothing():
    image = picture(300, 300)
    assert Framed(image, Crop(100, 100, 100, 30), 64).around(0.25)[1] == (-1.5, -1.5, 1.5, 1.5)
    assert Framed(image, Crop(20, 100, 100, 30), 64).around(0.25) is None
