"""Pictures and points must move together, and in the right direction."""

import pytest
import torch
import torch.nn.functional as F

from ostnet.landmarks import KEYPOINTS, MIRROR, POINTS
from ostnet.model.layers import identity_grid, sample
from ostnet.model.scale import FIDUCIALS, scale_image, tps_matrix
from ostnet.training import augmentation as augment
from ostnet.training.config import TrainConfig
from ostnet.training.joint import augmented_pair
from ostnet.training.pairs import Batch

SIZE = 97
LEFT_IRIS = KEYPOINTS["iris_left"]
RIGHT_IRIS = KEYPOINTS["iris_right"]


def blob(centres: torch.Tensor, width: float = 0.08) -> torch.Tensor:
    """Pictures (B, 3, SIZE, SIZE) with a bright spot at centres (B, 2), on black."""
    squared = (identity_grid(SIZE, SIZE) - centres[:, None, None]).square().sum(-1)
    return torch.exp(-squared / (2 * width**2))[:, None].repeat(1, 3, 1, 1)


def centre(image: torch.Tensor) -> torch.Tensor:
    """Centre of brightness (B, 2)."""
    weight = image.mean(1)[..., None]
    return (weight * identity_grid(SIZE, SIZE)).sum((1, 2)) / weight.sum((1, 2))


def smooth_picture(batch: int = 1) -> torch.Tensor:
    """Random smooth pictures (B, 3, SIZE, SIZE) in [0, 1]."""
    coarse = torch.rand(batch, 3, 7, 7, generator=torch.Generator().manual_seed(0))
    return F.interpolate(coarse, SIZE, mode="bicubic", align_corners=True).clamp(0, 1)


def make_batch(count: int, still: bool = False) -> Batch:
    """Pairs with a spot at the left iris: at (-.3, .1) in the source, (.2, -.2) in the driving."""
    source, driving = torch.tensor([-0.3, 0.1]), torch.tensor([0.2, -0.2])
    if still:
        driving = source
    points = torch.zeros(count, POINTS, 2)
    return Batch(
        blob(source.expand(count, 2)),
        blob(driving.expand(count, 2)),
        points + source,
        points + driving,
        torch.full((count,), still),
    )


@pytest.mark.parametrize("offset", [0.0, 0.05])
def test_the_face_appears_s_times_as_large(offset):
    spot = torch.tensor([[0.4, -0.3]])
    for s in ([0.7, 0.8], [1.3, 0.7], [1.4, 1.5]):
        s = torch.tensor([s])
        scaled = scale_image(blob(spot), s, offset)
        expected = augment.scale_points(spot[:, None], s, offset)[:, 0]
        torch.testing.assert_close(expected, (spot - offset) * s)
        torch.testing.assert_close(centre(scaled), expected, atol=0.004, rtol=0)


def test_scale_one_changes_nothing_even_under_autocast():
    picture = smooth_picture(2)
    assert torch.equal(scale_image(picture, torch.ones(2, 2)), picture)
    s = torch.tensor([[0.7, 1.2], [1.1, 0.9]])
    plain = scale_image(picture, s)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(scale_image(picture, s), plain)


def test_edge_pixels_are_repeated_outside_and_fine_detail_is_averaged():
    stripes = torch.zeros(1, 3, SIZE, SIZE)
    stripes[..., ::2] = 1
    small = scale_image(stripes, torch.full((1, 2), 0.5))
    assert (small[..., 30:-30] - 0.5).abs().max() < 0.05  # bilinear sampling would show all or none
    edge = smooth_picture()
    shrunk = scale_image(edge, torch.full((1, 2), 0.5))
    assert torch.allclose(shrunk[..., :5, :5], edge[..., :1, :1].expand(1, 3, 5, 5))


def test_scale_points_undo_the_augmentation():
    picture = smooth_picture(3)
    s = torch.tensor([[0.7, 0.8], [1.3, 0.7], [1.3, 1.3]])
    offset = torch.tensor([[0.0, 0.0], [0.05, -0.05], [0.0, 0.05]])
    driving = scale_image(picture, s, offset)
    fiducials = augment.scale_points(FIDUCIALS.float(), s, offset)
    grid = (tps_matrix(SIZE, SIZE).float() @ fiducials).view(3, SIZE, SIZE, 2)
    error = (sample(driving, grid) - picture).abs()
    visible = (grid.abs() < 0.98).all(-1)[:, None].expand_as(error)  # not cropped away
    assert error[visible].mean() < 0.004 and error[visible].max() < 0.05
    wrong = augment.scale_points(FIDUCIALS.float(), 1 / s)
    grid = (tps_matrix(SIZE, SIZE).float() @ wrong).view(3, SIZE, SIZE, 2)
    assert (sample(driving, grid) - picture).abs().mean() > 0.05


def test_scales_fill_their_range_independently(generator):
    s = augment.draw_scales(4000, 0.7, 1.3, generator)
    assert s.shape == (4000, 2) and 0.7 <= s.min() < 0.71 and 1.29 < s.max() <= 1.3
    assert abs(torch.corrcoef(s.T)[0, 1]) < 0.05 and abs(s.mean() - 1) < 0.01
    wide = augment.draw_scales(4000, 0.4, 2.5, generator, log_uniform=True)
    assert abs(wide.log().mean()) < 0.03  # the logarithms are symmetric about 1


def test_the_mirror_swaps_left_and_right_names():
    mirror = torch.tensor(MIRROR)
    assert torch.equal(mirror[mirror], torch.arange(70))
    for name, point in KEYPOINTS.items():
        partner = name.replace("left", "r*").replace("right", "left").replace("r*", "right")
        assert MIRROR[point] == KEYPOINTS[partner]


def test_flip_mirrors_a_share_of_the_pairs_with_their_points(generator):
    batch = make_batch(40)
    batch.source_landmarks[:, RIGHT_IRIS] = torch.tensor([0.3, 0.1])
    flipped = augment.flip(batch, generator)
    moved = (flipped.source != batch.source).flatten(1).any(1)
    assert 8 < moved.sum() < 32
    assert torch.equal(moved, (flipped.driving != batch.driving).flatten(1).any(1))
    row = moved.nonzero()[0, 0]
    spot = centre(flipped.source)[row]
    torch.testing.assert_close(spot, torch.tensor([0.3, 0.1]), atol=0.01, rtol=0)
    # the spot was the left iris; mirrored it is the right one
    torch.testing.assert_close(flipped.source_landmarks[row, RIGHT_IRIS], spot, atol=0.01, rtol=0)
    assert torch.equal(flipped.source_landmarks[~moved], batch.source_landmarks[~moved])


def test_colour_changes_alike_on_both_pictures_and_stays_in_range(generator):
    picture = smooth_picture(6)
    points = torch.zeros(6, POINTS, 2)
    batch = Batch(picture, picture.clone(), points, points, torch.zeros(6, dtype=torch.bool))
    changed = augment.colour_jitter(batch, generator)
    assert torch.equal(changed.source, changed.driving)
    assert changed.source.min() >= 0 and changed.source.max() <= 1
    difference = (changed.source - picture).abs().mean((1, 2, 3))
    assert (difference > 0.005).all() and difference.std() > 0.001
    still = augment.colour_jitter(batch, generator, amount=0.0)
    torch.testing.assert_close(still.source, picture, atol=1e-5, rtol=0)


def test_framing_moves_both_pictures_alike_and_points_follow(generator):
    batch = make_batch(16)
    framed = augment.jitter_framing(batch, generator, share=1.0)
    for image, points in (
        (framed.source, framed.source_landmarks),
        (framed.driving, framed.driving_landmarks),
    ):
        torch.testing.assert_close(centre(image), points[:, LEFT_IRIS], atol=0.01, rtol=0)
    gap = framed.source_landmarks[:, 0] - framed.driving_landmarks[:, 0]
    stretch = gap.norm(dim=1) / torch.tensor([-0.5, 0.3]).norm()
    assert stretch.min() > 0.78 and stretch.max() < 1.28 and stretch.std() > 0.03
    twice = augment.jitter_framing(batch, generator, share=1.0, zoom=(2, 2), stretch=0.0)
    gap = twice.source_landmarks[:, 0] - twice.driving_landmarks[:, 0]
    torch.testing.assert_close(gap.norm(dim=1) / 2, torch.full((16,), 0.34**0.5))
    untouched = augment.jitter_framing(batch, generator, share=0.0)
    torch.testing.assert_close(untouched.source, batch.source, atol=1e-5, rtol=0)


def test_reframed_pairs_are_windows_at_different_places_of_the_same_picture(generator):
    picture, spot = smooth_picture(64), torch.tensor([0.1, -0.1])
    points = torch.zeros(64, POINTS, 2) + spot
    batch = Batch(picture, picture.clone(), points, points, torch.arange(64) % 4 == 0)
    framed, rows = augment.reframe(batch, generator, share=0.8)
    assert not rows[batch.is_still].any() and 24 < rows.sum() < 48
    assert torch.equal(framed.source_landmarks[~rows], points[~rows])
    apart = (framed.source_landmarks - framed.driving_landmarks)[rows, 0]  # of windows 2 wide
    assert 0.2 < apart.abs().max() <= 0.3 + 1e-6
    for image, landmarks in (
        (framed.source, framed.source_landmarks),
        (framed.driving, framed.driving_landmarks),
    ):
        seen = sample(image, landmarks[:, :1, None])  # the spot is still what it was
        expected = sample(picture, points[:, :1, None])
        torch.testing.assert_close(seen, expected, atol=0.01, rtol=0)
        flat = [image[rows][..., 0, :], image[rows][..., -1, :]]
        beside = [image[rows][..., 1, :], image[rows][..., -2, :]]
        for edge, next_to_it in zip(flat, beside, strict=True):  # no edge pixels are repeated
            assert ((edge - next_to_it).abs().amax((1, 2)) > 1e-4).all()


def test_the_target_shows_what_the_source_does_not(generator):
    config = TrainConfig(
        reframed_share=1.0, framing_share=1.0, scale_low=1.0, scale_high=1.0, transform_dropout=0.0
    )
    pair = augmented_pair(make_batch(8), config, generator)
    assert pair.reframed.all()
    gap = pair.source_points[:, 0] - pair.target_points[:, 0]
    unmoved = torch.tensor([-0.5, 0.3]).norm()
    assert ((gap.norm(dim=1) - unmoved).abs() > 0.02).any()
    assert torch.equal(pair.target, pair.driving)
    assert not augmented_pair(make_batch(8), TrainConfig(), generator).reframed.any()


def test_a_still_becomes_two_different_pictures_with_their_points(generator):
    stills = augment.warp_stills(make_batch(16, still=True), generator)
    for image, points in (
        (stills.source, stills.source_landmarks),
        (stills.driving, stills.driving_landmarks),
    ):
        torch.testing.assert_close(centre(image), points[:, LEFT_IRIS], atol=0.02, rtol=0)
    apart = (stills.source_landmarks - stills.driving_landmarks)[:, LEFT_IRIS].norm(dim=1)
    assert apart.mean() > 0.02
    pairs = make_batch(4)
    assert torch.equal(augment.warp_stills(pairs, generator).driving, pairs.driving)


def test_unknown_points_stay_unknown(generator):
    batch = make_batch(4, still=True)
    batch.source_landmarks[:, 5] = float("nan")
    for change in (augment.flip, augment.jitter_framing, augment.warp_stills):
        batch = change(batch, generator)
        assert batch.source_landmarks.isnan().any(-1).sum() == 4
        assert not batch.driving_landmarks.isnan().any()


def test_the_equivariance_map_tells_where_points_were(generator):
    spots = torch.rand(12, 2, generator=generator) - 0.5
    mapping = augment.random_equivariance_map(12, generator)
    seen = centre(mapping.warp_image(blob(spots)))
    torch.testing.assert_close(mapping.warp_points(seen[:, None])[:, 0], spots, atol=0.02, rtol=0)
    torch.testing.assert_close(
        mapping.inverse_points(spots[:, None])[:, 0], seen, atol=0.02, rtol=0
    )
    exact = mapping.warp_points(mapping.inverse_points(spots[:, None]))[:, 0]
    torch.testing.assert_close(exact, spots, atol=1e-4, rtol=0)
    doubled = augment.random_equivariance_map(100, generator, low=2, high=2)
    twice = doubled.inverse_points(torch.tensor([[[0.25, 0.0], [-0.25, 0.0]]]).expand(100, 2, 2))
    assert abs((twice[:, 0] - twice[:, 1]).norm(dim=1).mean() - 1) < 0.03  # half a unit before
