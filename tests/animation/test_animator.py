"""The Animator's contract."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ostnet import AnimateOptions, Animator, InputError, OSTNet
from ostnet.animation import VARIANTS
from ostnet.animation.frame import DrivingFrame
from ostnet.animation.pictures import to_tensor
from ostnet.backends import BACKENDS
from ostnet.media.square import Crop, Framed
from ostnet.methods import switches
from ostnet.model.growth import open_mix
from ostnet.model.layers import identity_grid
from ostnet.model.motion import Motion
from ostnet.options import METHOD


def all_equal(left, right) -> bool:
    return all(np.array_equal(a.image, b.image) for a, b in zip(left, right, strict=True))


def test_a_frame_per_driving_frame(animator, driving):
    frames = list(animator.animate(driving, scale_transform=True, scale_embedding=True))
    assert len(frames) == len(driving)
    for frame, picture in zip(frames, driving, strict=True):
        assert frame.image.shape == frame.rectified.shape == (64, 64, 3)
        assert frame.image.dtype == frame.rectified.dtype == np.uint8
        assert np.array_equal(frame.driving, picture)
        assert all(value > 0 for value in (*frame.scale, *frame.driving_spread))
        assert not frame.held and frame.ms > 0 and frame.spread is None


@pytest.mark.parametrize("name", VARIANTS)
def test_same_as_the_model_itself(model, source, driving, name):
    transform, embedding = switches(name)
    animator = Animator(model, device="cpu", backend="torch")
    animator.set_source(source)
    with torch.inference_mode():
        expected = model(
            to_tensor(source, 64, animator.device, "source"),
            to_tensor(driving[0], 64, animator.device, "driving"),
            transform,
            embedding,
        )
    frame = next(animator.animate(driving, transform, embedding))
    image = expected.image[0].permute(1, 2, 0).numpy() * 255
    rectified = expected.reading.rectified[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(frame.image - image).max() <= 0.5 + 1e-2
    assert np.abs(frame.rectified - rectified).max() <= 0.5 + 1e-2
    assert frame.scale == pytest.approx(expected.reading.alignment.scale[0].tolist(), abs=1e-5)


def test_bfloat16_moves_pixels_by_little_and_coordinates_not_at_all(model, source, driving):
    def first(backend: str):
        animator = Animator(model, device="cpu", backend=backend)
        animator.set_source(source)
        return next(animator.animate(driving))

    exact, fast = first("torch"), first("torch-bf16")
    assert fast.scale == exact.scale and np.array_equal(fast.rectified, exact.rectified)
    assert np.abs(fast.image.astype(int) - exact.image).max() <= 4


def test_the_animator_names_the_back_end_in_use(animator):
    assert animator.backend in set(BACKENDS) - {"auto"}


def test_four_variants_of_one_call_equal_four_calls(animator, driving):
    together = list(animator.variants(driving))
    for name in VARIANTS:
        alone = list(animator.animate(driving, *switches(name)))
        assert all_equal(alone, [made[name] for made in together])


def test_every_toggle_changes_the_picture_but_not_the_measured_scale(animator, driving):
    made = next(animator.variants(driving))
    pictures = [frame.image for frame in made.values()]
    for index, one in enumerate(pictures):
        assert not any(np.array_equal(one, other) for other in pictures[:index])
    assert len({frame.scale for frame in made.values()}) == 1
    assert np.array_equal(made["neither"].rectified, made["neither"].driving)
    assert not np.array_equal(made["full"].rectified, made["full"].driving)


def test_variants_come_in_the_order_asked_for(animator, driving):
    assert list(next(animator.variants(driving, ["neither", "full"]))) == ["neither", "full"]


def test_the_source_is_encoded_once(animator, source, driving, monkeypatch):
    calls = []
    encode = animator.networks.encode
    monkeypatch.setattr(
        animator.networks, "encode", lambda *given: calls.append(1) or encode(*given)
    )
    animator.set_source(source)
    list(animator.variants(driving))
    list(animator.animate(driving))
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("rectify", "shown", "detections", "rescaled"),
    [("picture", True, 2, 1), ("picture", False, 2, 1), ("points", True, 1, 1),
     ("points", False, 1, 0)],
)  # fmt: skip
def test_common_work_is_done_once_per_driving_frame(
    model, source, driving, monkeypatch, rectify, shown, detections, rescaled
):
    animator = Animator(model, device="cpu", backend="torch")
    animator.set_source(source)
    counts = {"keypoints": 0, "align": 0, "rectify": 0}
    for name in counts:
        original = getattr(model, name)

        def counted(*arguments, name=name, original=original):
            counts[name] += 1
            return original(*arguments)

        monkeypatch.setattr(model, name, counted)
    options = replace(METHOD, rectify=rectify)
    made = list(animator.variants(driving, options=options, rectified=shown))
    frames = len(driving)
    assert counts == {
        "keypoints": detections * frames, "align": frames, "rectify": rescaled * frames,
    }  # fmt: skip
    assert all((one["full"].rectified is not None) == shown for one in made)


def test_the_rectified_driving_frame_is_the_same_with_points(animator, driving):
    options = replace(METHOD, rectify="points")
    frames = zip(animator.animate(driving), animator.animate(driving, options=options), strict=True)
    for one, other in frames:
        assert np.array_equal(one.rectified, other.rectified) and one.scale == other.scale
        assert not np.array_equal(one.image, other.image)


def test_frames_are_read_one_at_a_time(animator, driving):
    read = []

    def frames():
        for index, picture in enumerate(driving):
            read.append(index)
            yield picture

    made = animator.animate(frames())
    assert read == []
    next(made)
    assert read == [0]


def test_any_size_is_cropped_to_its_centre_square(model, driving):
    wide = np.zeros((90, 200, 3), np.uint8)
    wide[:, 55:145] = 200
    animator = Animator(model, "cpu", "torch")
    animator.set_source(wide)
    assert animator.source.image.min() == pytest.approx(200 / 255, abs=1e-6)
    assert next(animator.animate([np.repeat(driving[0], 3, axis=1)])).image.shape == (64, 64, 3)


def moving_down(model: OSTNet, by: float, **changes) -> OSTNet:
    """A network that moves its source down by a share of its side, whatever drives it."""
    network = OSTNet(replace(model.config, mix=True, **changes)).eval()
    open_mix(network, 0.99)
    flow = identity_grid(32, 32)[None] - torch.tensor([0.0, 2 * by])
    network.move = lambda *_: Motion(flow, torch.ones(1, 1, 32, 32))
    return network


@pytest.mark.parametrize("size", [64, 90, 128])
def test_what_a_photograph_shows_beyond_the_square_moves_into_it(model, driving, size):
    tall = np.full((96, 64, 3), (0, 0, 200), np.uint8)
    tall[:16] = (250, 0, 0)  # above the square, rows 16 to 79
    found = {}
    for reach in (1.0, 1.5):
        network = moving_down(model, by=0.25, reach=reach)
        animator = Animator(network, device="cpu", backend="torch", size=size)
        animator.set_source(tall)
        found[reach] = next(animator.animate(driving)).image
    top, rest = found[1.5][: size // 4 - 2], found[1.5][size // 4 + 2 :]
    assert (top[..., 0] > 220).all() and (top[..., 2] < 30).all()
    assert (rest[..., 0] < 30).all() and (rest[..., 2] > 170).all()
    assert (found[1.0][..., 0] < 30).all()


def test_another_square_of_a_photograph_can_be_animated(model, driving):
    wide = np.full((64, 200, 3), (0, 0, 200), np.uint8)
    wide[:, 90:] = (250, 0, 0)
    animator = Animator(moving_down(model, by=0.0, reach=1.5), device="cpu", backend="torch")
    animator.set_source(Framed(wide, Crop(20, 0, 64), 64))
    assert animator.source.bounds.tolist() == [[-1.5, -1.0, 1.5, 1.0]]
    assert (animator.source.canvas[0, 0, 48] > 0.9).nonzero().min() == 86  # from column 4 on
    assert (next(animator.animate(driving)).image[..., 0] < 30).all()


def test_a_fresh_model_measures_scale_one(source, driving, model):
    torch.manual_seed(3)
    animator = Animator(OSTNet(model.config), "cpu", "torch")
    animator.set_source(source)
    for frame in animator.animate(driving):
        assert frame.scale == pytest.approx((1, 1), abs=1e-5)
        difference = frame.rectified.astype(int) - frame.driving
        assert np.abs(difference).max() <= 1


def test_an_ablation_without_the_transform_never_moves_the_driving_frame(source, driving, model):
    from dataclasses import replace

    torch.manual_seed(0)
    config = replace(model.config, with_scale_transform=False, with_scale_embedding=False)
    animator = Animator(OSTNet(config), "cpu", "torch")
    animator.set_source(source)
    made = next(animator.variants(driving))
    assert np.array_equal(made["full"].rectified, driving[0])
    assert len({frame.image.tobytes() for frame in made.values()}) == 1


def test_a_lost_face_repeats_the_last_motion(animator, driving):
    present = iter([True, False, False, True])
    frames = list(animator.animate(map(DrivingFrame, driving, present)))
    assert [frame.held for frame in frames] == [False, True, True, False]
    assert np.array_equal(frames[0].image, frames[1].image)
    assert np.array_equal(frames[0].image, frames[2].image)
    assert frames[2].scale == frames[0].scale
    assert np.array_equal(frames[2].driving, driving[2])
    assert np.array_equal(frames[3].image, list(animator.animate(driving))[3].image)


def test_before_the_first_face_the_source_keeps_its_own_pose(animator, source, driving):
    frame = next(animator.animate([DrivingFrame(p, False) for p in driving], measure=True))
    assert frame.held and frame.scale == (1, 1)
    assert frame.driving_spread == animator.source_spread
    assert np.array_equal(frame.rectified, source)


def test_measured_spread_is_that_of_the_generated_picture(animator, model, driving):
    frame = next(animator.animate(driving, measure=True))
    points = model.keypoints(to_tensor(frame.image, 64, animator.device, "generated"))[0]
    rms = (points - points.mean(0)).square().mean(0).sqrt()
    assert frame.spread == pytest.approx(rms.tolist(), abs=1e-5)


def test_driving_zoom_makes_the_driving_face_larger(animator, driving):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[24:40, 24:40] = 255
    zoomed = next(
        animator.animate([picture], options=AnimateOptions(driving_zoom=(1.5, 0.5)))
    ).driving
    assert (zoomed[32, :, 0] > 127).sum() == pytest.approx(24, abs=1)
    assert (zoomed[:, 32, 0] > 127).sum() == pytest.approx(8, abs=1)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda model, source: Animator(model, backend="tpu"), "backend: 'tpu'.*auto, torch"),
        (lambda model, source: Animator(model, device="cuda:77"), "device: 'cuda:77'"),
        (lambda model, source: Animator(model, device="abacus"), "device: 'abacus'"),
        (lambda model, source: Animator(model).animate([source]), "source: not set"),
        (lambda model, source: Animator(model).set_source(source / 2), "source: .*float64"),
        (lambda model, source: Animator(model).set_source(source[..., 0]), r"source: .*\(64, 64\)"),
    ],
)
def test_what_cannot_be_used_is_named(model, source, call, named):
    with pytest.raises(InputError, match=named):
        call(model, source)


def test_unknown_variants_are_named(animator, driving):
    with pytest.raises(InputError, match="half"):
        animator.variants(driving, ["full", "half"])
