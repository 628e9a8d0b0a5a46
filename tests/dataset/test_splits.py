"""Who goes to which split."""

from ostnet.dataset.prepare.results import split_of
from ostnet.dataset.prepare.settings import PrepareConfig

MANY = [f"id{n:05d}" for n in range(4000)]


def config(**changed):
    return PrepareConfig("films", "out", **{"val_share": 0.1, "test_share": 0.2, **changed})


def test_shares_are_kept_and_a_seed_changes_who_is_where():
    splits = [split_of(who, None, config()) for who in MANY]
    assert abs(splits.count("val") / 4000 - 0.1) < 0.02
    assert abs(splits.count("test") / 4000 - 0.2) < 0.02
    assert splits == [split_of(who, None, config()) for who in MANY]
    assert splits != [split_of(who, None, config(seed=1)) for who in MANY]


def test_official_test_people_stay_apart():
    assert {split_of(who, "test", config()) for who in MANY} == {"test"}
    assert {split_of(who, "train", config()) for who in MANY} == {"train", "val"}
