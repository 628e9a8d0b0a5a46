"""Settings that make no sense are refused, in words."""

import pytest

from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.errors import InputError


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"size": 65}, "size: found 65, expected an even number"),
        ({"workers": 0}, "workers: found 0, expected at least 1"),
        ({"iou": 1.5}, "iou: found 1.5, expected at most 1"),
        ({"val_share": float("nan")}, "val_share: found nan"),
        ({"val_share": 0.6, "test_share": 0.6}, "val_share, test_share: their sum is above 1"),
        ({"max_frames": 10}, "max_frames: found 10, expected at least 64"),
        (
            {"detector": "haar"},
            "detector: found 'haar', expected auto, blazeface, face-alignment, dlib",
        ),
        ({"identity": "("}, "identity: .* is not a regular expression"),
        ({"identity": "abc"}, "identity: 'abc' has no group"),
        ({"output": "films/out"}, "output: .* lies in the folder of videos"),
    ],
)
def test_refused(setting, message):
    with pytest.raises(InputError, match=f"^{message}"):
        PrepareConfig(**{"videos": "films", "output": "out", **setting})


def test_an_output_inside_the_videos_is_refused_however_its_path_is_written(tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "films")
    PrepareConfig(tmp_path / "films", tmp_path / "films" / ".." / "out")
    for output in (tmp_path / "link" / "out", tmp_path / "x" / ".." / "films" / "out"):
        with pytest.raises(InputError, match="^output: .* lies in the folder of videos"):
            PrepareConfig(tmp_path / "films", output)


def test_only_what_changes_a_clip_makes_it_stale():
    one = PrepareConfig("films", "out")
    same = PrepareConfig("other", "elsewhere", workers=4, seed=3, val_share=0.5, shards=True)
    assert one.clip_settings() == same.clip_settings()
    assert one.clip_settings() != PrepareConfig("films", "out", margin=2).clip_settings()
