"""T_theta refined across people whose faces differ in shape."""

import copy
import sys

import pytest
import torch

from ostnet import OSTNet
from ostnet.config import PRESETS
from ostnet.model.keypoints import spread
from ostnet.training import augmentation as augment
from ostnet.training import refine_scale
from ostnet.training.refine_scale import Points, draw_pairs, refine, scale_error

PEOPLE, FRAMES = 6, 20


@pytest.fixture
def points() -> Points:
    """Six people, one clip each: a common face, stretched by person, moving a little by frame."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    person = 1 + 0.1 * normal(PEOPLE, 1, 1, 2)
    plain = 0.3 * normal(15, 2) * person + 0.02 * normal(PEOPLE, FRAMES, 15, 2)
    size = spread(plain.flatten(0, 1)).view(PEOPLE, FRAMES, 2).median(dim=1).values
    plain = plain.flatten(0, 1)
    scale = augment.draw_scales(len(plain), 0.7, 1.3, generator)
    return Points(
        plain=plain,
        scaled=augment.scale_points(plain, scale)[None],
        scale=scale[None],
        first=torch.arange(PEOPLE) * FRAMES,
        count=torch.full((PEOPLE,), FRAMES),
        size=size,
        identity=torch.arange(PEOPLE),
    )


def known_scales(points: Points, target: torch.Tensor) -> torch.Tensor:
    """Which targets (N, 2) are one of the augmentation's own scales: (N,) bool."""
    return torch.isclose(target[:, None], points.scale[0], rtol=1e-5).all(-1).any(1)


def learn_one_person(model: OSTNet, points: Points) -> None:
    """What training leaves behind: a T_theta that knows pairs of one person only."""
    optimizer = torch.optim.Adam(model.scale.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(1)
    for _ in range(300):
        source, driving, target = draw_pairs(points, 64, False, generator)
        ideal = augment.ideal_fiducials(model.scale.base, target)
        optimizer.zero_grad()
        (model.align(source, driving).fiducials - ideal).abs().mean().backward()
        optimizer.step()


def test_a_pair_of_one_person_has_the_known_scale_as_target(points):
    source, driving, target = draw_pairs(points, 200, False, torch.Generator().manual_seed(0))
    assert source.shape == driving.shape == (200, 15, 2)
    assert known_scales(points, target).all()
    assert (spread(driving) / spread(source) / target).log().abs().median() < 0.05


def test_across_people_the_target_includes_the_ratio_of_their_faces(points):
    source, driving, target = draw_pairs(points, 200, True, torch.Generator().manual_seed(0))
    assert known_scales(points, target).float().mean() < 0.5
    assert (spread(driving) / spread(source) / target).log().abs().median() < 0.05


def test_refining_learns_both_and_leaves_everything_else_alone(points, tiny_preset):
    torch.manual_seed(0)
    model = OSTNet(PRESETS[tiny_preset]).eval()
    learn_one_person(model, points)
    before = copy.deepcopy(model)
    refine(model, points, steps=600)
    assert scale_error(model, points, True)[0] < 0.85 * scale_error(before, points, True)[0]
    assert scale_error(model, points, False)[0] < 1.1 * scale_error(before, points, False)[0]
    for name, value in before.state_dict().items():
        if not name.startswith("scale."):
            assert torch.equal(value, model.state_dict()[name]), name


def test_weights_that_are_not_there_are_an_error_of_one_line(tmp_path, monkeypatch, capsys):
    flags = ["--data", "d", "--output", "o", "--checkpoint", str(tmp_path / "none")]
    monkeypatch.setattr(sys, "argv", ["refine_scale", *flags])
    with pytest.raises(SystemExit, match="2"):
        refine_scale.main()
    error = capsys.readouterr().err
    assert error.startswith("ostnet: error: checkpoint: no folder") and error.count("\n") == 1
