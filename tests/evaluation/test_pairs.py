"""Drawn pairs: same seed, same pairs; evenly spaced frames; a total shared among the clips."""

import numpy as np
import pytest

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import Clip, draw_clips, id_of
from ostnet.evaluation.data.pairs import (
    cross_identity,
    draw_frames,
    draw_scales,
    group,
    pair_up,
    same_identity,
    spaced_frames,
)

CLIPS = [Clip("a0", "ann", 101), Clip("a1", "ann", 11), Clip("b0", "bob", 51), Clip("c0", "cy", 5)]


def test_frames_are_evenly_spaced_and_leave_the_source_out():
    assert spaced_frames(101, 4) == [25, 50, 75, 100]
    assert spaced_frames(5, 12) == [1, 2, 3, 4]
    assert spaced_frames(1, 3) == []


def test_same_identity_drives_each_clip_by_itself():
    pairs = same_identity(CLIPS, per_clip=2)
    assert [(p.source, p.driving, p.frame) for p in pairs[:2]] == [
        ("a0", "a0", 50),
        ("a0", "a0", 100),
    ]
    assert {p.source_frame for p in pairs} == {0}
    assert [len(members) for members in group(pairs)] == [2, 2, 2, 2]


def test_cross_identity_drives_each_person_by_the_next():
    pairs = cross_identity(CLIPS, per_clip=1)
    assert [(p.source, p.driving) for p in pairs] == [("a0", "b0"), ("b0", "c0"), ("c0", "a0")]
    with pytest.raises(InputError, match="two people"):
        cross_identity(CLIPS[:2], per_clip=1)


def test_scales_are_reproducible_independent_and_in_range():
    pairs = same_identity(CLIPS, per_clip=12)
    drawn = draw_scales(pairs, seed=3)
    assert drawn == draw_scales(pairs, seed=3)
    assert drawn != draw_scales(pairs, seed=4)
    scales = [value for p in drawn for value in (p.s_x, p.s_y)]
    assert 0.7 <= min(scales) < 0.8 and 1.2 < max(scales) <= 1.3
    assert all(p.s_x != p.s_y for p in drawn)


def test_one_draw_a_clip_where_asked():
    drawn = draw_scales(same_identity(CLIPS, per_clip=3), seed=0, per_clip=True)
    assert all(len({(p.s_x, p.s_y) for p in members}) == 1 for members in group(drawn))
    assert len({p.s_x for p in drawn}) == 4


def test_longer_clips_make_up_for_short_ones():
    assert [p.source for p in same_identity(CLIPS, per_clip=12, total=2)] == ["a0", "c0"]
    pairs = same_identity(CLIPS, per_clip=12, total=80)
    assert [len(members) for members in group(pairs)] == [33, 10, 33, 4]
    assert len(same_identity(CLIPS, per_clip=12, total=1000)) == 100 + 10 + 50 + 4


def test_the_lineages_2083_pairs_of_100_clips():
    random = np.random.default_rng(0)
    table = {
        f"test/id{10280 + n % 13}#video{n}#{n:06d}#{n + 90:06d}.mp4": int(random.integers(60, 900))
        for n in range(508)
    }
    drawn = draw_clips(sorted(table), count=100, seed=0)
    assert len(set(drawn)) == 100 and drawn == sorted(drawn)
    assert set(drawn) == set(draw_clips(sorted(table, reverse=True), count=100, seed=0))
    assert drawn != draw_clips(sorted(table), count=100, seed=1)
    folders = [file.removeprefix("test/").removesuffix(".mp4") for file in sorted(table)]
    assert [f"test/{name}.mp4" for name in draw_clips(folders, count=100, seed=0)] == drawn
    clips = [Clip(file, id_of(file, "voxceleb1"), table[file]) for file in drawn]
    pairs = same_identity(clips, per_clip=12, total=2083)
    assert len(pairs) == 2083
    assert {len(members) for members in group(pairs)} == {20, 21}
    assert all(0 < pair.frame < table[pair.driving] for pair in pairs)


def test_both_frames_may_be_drawn():
    pairs = pair_up([(clip, clip) for clip in CLIPS], per_clip=4)
    drawn = draw_frames(pairs, CLIPS, seed=0)
    assert drawn == draw_frames(pairs, CLIPS, seed=0) != draw_frames(pairs, CLIPS, seed=1)
    frames = {clip.file: clip.frames for clip in CLIPS}
    assert all(p.source_frame != p.frame for p in drawn)
    assert all(0 <= f < frames[p.source] for p in drawn for f in (p.source_frame, p.frame))
    assert [(p.pair, p.driving) for p in drawn] == [(p.pair, p.driving) for p in pairs]
