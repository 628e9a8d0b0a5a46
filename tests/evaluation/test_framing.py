"""Source and driver cut out of one clip: what lies where is known by the shift."""

import numpy as np
import pytest

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import load_frames, read_clips
from ostnet.evaluation.data.pairs import Pair, draw_shifts, same_identity
from ostnet.evaluation.method_pictures import Generated
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.options import EvaluateConfig
from ostnet.evaluation.protocols import PROTOCOLS, protocol
from ostnet.evaluation.protocols.framing import (
    DRIVER,
    LARGEST,
    SIDE,
    SOURCE,
    Framing,
    hidden_part,
    part_columns,
    windows,
)
from ostnet.evaluation.protocols.protocol import Context


def shifted(x, y, frames=(1,)):
    return [
        Pair(n, "ann", "clips/a0.mp4", 0, "clips/a0.mp4", frame, shift_x=x, shift_y=y)
        for n, frame in enumerate(frames)
    ]


def test_every_clip_has_one_shift_of_at_most_15_percent(data):
    config = EvaluateConfig(data=data, protocol="framing", output=data / "out")
    clips = read_clips(data)
    pairs = PROTOCOLS["framing"].pairs(clips, config, 4)
    shifts = {pair.driving: (pair.shift_x, pair.shift_y) for pair in pairs}
    assert len({(p.driving, p.shift_x, p.shift_y) for p in pairs}) == len(shifts) == len(clips)
    assert len(set(shifts.values())) == len(clips)
    many = draw_shifts([p for _ in range(200) for p in same_identity(clips, 1)], 0, LARGEST)
    for axis in ("shift_x", "shift_y"):
        drawn = [getattr(pair, axis) for pair in many]
        assert min(drawn) == -33 and max(drawn) == 33  # .15 of 222


@pytest.mark.parametrize("shift", [(20, -10), (-33, 33), (0, 1)])
def test_windows_lie_in_the_clip_and_apart_by_the_shift(shift):
    source, driver = windows(shifted(*shift))
    assert (driver.left - source.left, driver.top - source.top) == shift
    for window in (source, driver):
        assert 0 <= min(window.left, window.top)
        assert max(window.left, window.top) + window.size <= 256


@pytest.mark.parametrize("shift", [(20, -10), (-33, 33)])
def test_the_hidden_part_is_what_the_source_does_not_show(shift):
    """Each pixel of a ramp says where in the clip it comes from."""
    source, driver = windows(shifted(*shift))
    ramp = np.stack(np.broadcast_arrays(*np.ogrid[:256, :256], 0), axis=-1).astype(np.uint8)
    rows, columns, _ = np.moveaxis(driver.apply(ramp).astype(int), -1, 0)
    expected = (rows < source.top) | (rows >= source.top + SIDE)
    expected |= (columns < source.left) | (columns >= source.left + SIDE)
    hidden = hidden_part(source, driver)
    assert (hidden != expected).mean() < 0.01  # at most a line of pixels along each edge
    assert not hidden_part(source, source).any()


def bench_with(monkeypatch, data, reader, make):
    """A bench whose methods show what ``make(source, driving)`` says."""

    def generate(model, source, driving, names, anchor=0, first_second=None):
        return Generated(make(source, driving))

    monkeypatch.setattr(protocol, "generate", generate)
    return Context(data, None, {}, [], reader)


def test_methods_are_held_against_their_own_window(data, reader, monkeypatch):
    """The driver's framing is right for ``full`` and off by the shift for ``full_portrait``."""
    pairs = shifted(20, -10, frames=(1, 4))
    source_window, _ = windows(pairs)
    frames = load_frames(data / pairs[0].driving, [1, 4])
    still = np.stack([source_window.apply(frame) for frame in frames])
    bench = bench_with(
        monkeypatch,
        data,
        reader,
        lambda source, driving: {
            "full": driving, "no_transform": still,
            "full_portrait": still, "full_position": driving,
        },
    )  # fmt: skip
    records = {}
    for record in Framing().measure(bench, pairs).records:
        records.setdefault((record["method"], record["condition"]), []).append(record)
    assert set(records) == {
        ("full", DRIVER), ("no_transform", DRIVER),
        ("full_portrait", SOURCE), ("full_position", SOURCE),
    }  # fmt: skip
    for right in (("full", DRIVER), ("full_portrait", SOURCE)):
        for record in records[right]:
            assert record["centre_error"] == 0 and record["l1_shown"] == 0
            assert record["ssim_shown"] == pytest.approx(1)
    enlarged = np.hypot(20, 10) * 256 / SIDE
    for wrong in (("no_transform", DRIVER), ("full_position", SOURCE)):
        for record, frame in zip(records[wrong], (1, 4), strict=True):
            width = (80 + 4 * frame) * 256 / SIDE  # of the landmarks, nearly the face's
            assert record["centre_error"] == pytest.approx(enlarged / width, rel=0.06)
            assert record["l1_shown"] > 0.01
    assert all(np.isfinite(one["l1_hidden"]) for one in records["full", DRIVER])
    assert all(np.isnan(one["l1_hidden"]) for one in records["full_portrait", SOURCE])


def test_a_copy_of_the_source_is_held_against_both_windows(data, reader, monkeypatch):
    def copied(source, driving):
        return {"copy_source": np.stack([source] * len(driving))}

    bench = bench_with(monkeypatch, data, reader, copied)
    assert {r["condition"] for r in Framing().measure(bench, shifted(8, 8)).records} == {
        DRIVER,
        SOURCE,
    }


def test_errors_are_split_between_the_hidden_part_and_the_rest(rng):
    truth = rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)
    hidden = np.zeros((256, 256), bool)
    hidden[:, 200:] = True
    image = truth.copy()
    image[:, 200:] = 255 - truth[:, 200:]
    columns = part_columns(truth, image, hidden)
    assert columns["l1_shown"] == 0
    assert columns["l1_hidden"] == pytest.approx(formulas.l1(truth[:, 200:], image[:, 200:]))
    assert columns["ssim_shown"] > 0.97  # but for windows that reach over the border
    assert columns["ssim_hidden"] < -0.9
    similarity = formulas.ssim_map(truth, image)
    assert np.nanmean(similarity) == pytest.approx(formulas.ssim(truth, image))


@pytest.mark.parametrize("pairs", [shifted(0, 0), shifted(35, 0), shifted(1, 1) + shifted(2, 1)])
def test_a_list_without_one_fitting_shift_is_refused(pairs):
    with pytest.raises(InputError, match="pair list: framing needs one shift"):
        windows(pairs)
