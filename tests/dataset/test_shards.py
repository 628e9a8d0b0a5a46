"""Splits and shards."""

import json
import tarfile

import pytest

from ostnet.dataset.prepare.results import Clip, manifest_rows, split_of
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.shards import write_shards
from ostnet.errors import InputError


@pytest.fixture
def chosen(tmp_path):
    """Rows of the manifest: clips of 12 people, 300 kB each."""
    (tmp_path / "clips").mkdir()
    clips = []
    for number in range(12):
        file = f"clips/{number:02d}.mp4"
        (tmp_path / file).write_bytes(bytes([number]) * 300_000)
        clips.append(
            Clip(file, f"p{number}", 75, None, f"{number}.mp4", 0, 3, 0, 0, 300, 150, 100, 0)
        )
    return manifest_rows(clips, PrepareConfig("films", tmp_path, val_share=0.3))


def members(path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def test_every_clip_lies_in_one_shard_of_its_split_beside_its_description(chosen, tmp_path):
    paths = write_shards(tmp_path, chosen, megabytes=1)
    assert {path.name.split("-")[0] for path in paths} == {"train", "val"}
    assert paths[0].name == "train-000000.tar"
    found = {}
    for path in paths:
        assert path.stat().st_size <= 1_000_000
        inside = members(path)
        keys = [name.partition(".")[0] for name in inside]
        assert keys[::2] == keys[1::2] and len(keys) == 2 * len(set(keys))
        for key in keys[::2]:
            row = json.loads(inside[f"{key}.json"])
            assert inside[f"{key}.mp4"] == (tmp_path / row["file"]).read_bytes()
            assert row["split"] == path.name.split("-")[0] and row["kind"] == "clip"
            found[row["file"]] = key
    assert len(found) == 12 == len(set(found.values()))


def test_three_clips_of_300_kb_fill_a_shard_of_a_megabyte(chosen, tmp_path):
    paths = write_shards(tmp_path, chosen, megabytes=1)
    train = [path for path in paths if path.name.startswith("train")]
    assert [len(members(path)) // 2 for path in train[:-1]] == [3] * (len(train) - 1)


def test_the_same_clips_make_the_same_bytes_and_nothing_is_written_twice(chosen, tmp_path):
    first = {path: path.read_bytes() for path in write_shards(tmp_path, chosen, 1)}
    times = {path: path.stat().st_mtime_ns for path in first}
    write_shards(tmp_path, chosen, 1)
    assert {path: path.stat().st_mtime_ns for path in first} == times
    (tmp_path / "shards" / "index.json").unlink()
    write_shards(tmp_path, list(reversed(chosen)), 1)
    assert {path: path.read_bytes() for path in first} == first


def test_shards_of_another_size_replace_the_old_ones(chosen, tmp_path):
    write_shards(tmp_path, chosen, megabytes=1)
    paths = write_shards(tmp_path, chosen, megabytes=100)
    assert [path.name for path in paths] == ["train-000000.tar", "val-000000.tar"]
    assert sorted((tmp_path / "shards").glob("*.tar")) == paths


def test_a_clip_that_is_too_large_is_named(chosen, tmp_path):
    (tmp_path / "clips" / "05.mp4").write_bytes(bytes(2_000_000))
    with pytest.raises(InputError, match="^shard_mb: clips/05.mp4 alone takes 2.0 MB"):
        write_shards(tmp_path, chosen, megabytes=1)


MANY = [f"id{n:05d}" for n in range(4000)]


def config_of(**changed):
    return PrepareConfig("films", "out", **{"val_share": 0.1, "test_share": 0.2, **changed})


def test_shares_are_kept_and_a_seed_changes_who_is_where():
    splits = [split_of(who, None, config_of()) for who in MANY]
    assert abs(splits.count("val") / 4000 - 0.1) < 0.02
    assert abs(splits.count("test") / 4000 - 0.2) < 0.02
    assert splits == [split_of(who, None, config_of()) for who in MANY]
    assert splits != [split_of(who, None, config_of(seed=1)) for who in MANY]


def test_official_test_people_stay_apart():
    assert {split_of(who, "test", config_of()) for who in MANY} == {"test"}
    assert {split_of(who, "train", config_of()) for who in MANY} == {"train", "val"}
