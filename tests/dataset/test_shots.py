"""Cuts are found where they were planted, and nowhere else."""

import numpy as np

from ostnet.dataset.prepare.shots import CutDetector, scan


def picture(seed, shift=0):
    """A busy picture that can be panned."""
    grid = np.random.default_rng(seed).integers(0, 256, (6, 40, 3))
    return np.roll(np.kron(grid, np.ones((20, 8, 1))), shift, axis=1).astype(np.uint8)


def cuts(frames, threshold=0.3):
    detector = CutDetector(threshold)
    return [index for index, frame in enumerate(frames) if detector.is_cut(frame)]


def test_planted_cuts_are_found():
    frames = [picture(seed, shift) for seed in (1, 2, 3) for shift in range(10)]
    assert cuts(frames) == [10, 20]


def test_a_cut_that_changes_a_quarter_of_the_picture_is_found():
    wall = np.full((120, 320, 3), 90, np.uint8)
    frames = [wall.copy() for _ in range(20)]
    for index, frame in enumerate(frames):
        frame[30:110, 100:180] = picture(1 + index // 10)[30:110, 100:180]
    assert cuts(frames) == [10]


def test_a_slow_pan_a_fade_and_noise_are_no_cuts():
    rng = np.random.default_rng(0)
    assert cuts(picture(1, shift) for shift in range(30)) == []
    assert cuts((picture(1) * np.linspace(1, 0.2, 40)[i]).astype(np.uint8) for i in range(40)) == []
    noisy = (np.clip(picture(1) + rng.normal(0, 8, (120, 320, 3)), 0, 255) for _ in range(10))
    assert cuts(frame.astype(np.uint8) for frame in noisy) == []


def test_a_shot_that_is_restless_throughout_is_one_shot():
    """A crowd of flashing lights: every frame changes as much as a cut would."""
    assert len(cuts(picture(seed) for seed in range(20))) <= 1


def test_a_scan_looks_at_both_ends_of_a_shot_and_every_few_frames_between():
    frames = [picture(1)] * 13 + [picture(2)] * 4
    looked = []
    shots = list(scan(frames, lambda index, _: looked.append(index) or [], 5, 0.3))
    assert [(shot.start, shot.end) for shot in shots] == [(0, 13), (13, 17)]
    assert looked == [0, 5, 10, 12, 13, 16]
    assert [look.frame for look in shots[1].looks] == [13, 16]
    assert list(scan([], None, 5, 0.3)) == []
