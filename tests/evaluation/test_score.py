"""Anyone's videos: copies score perfectly, other people and lengths are told apart."""

import json

import pytest
from skimage.io import imsave

from ostnet.errors import InputError
from ostnet.evaluation.score_videos import ScoreConfig, score
from ostnet.media.video import VideoWriter

pytestmark = pytest.mark.usefixtures("known_faces")


@pytest.fixture
def film(face_picture):
    """Writes a short video of a growing face."""

    def write(path, start=80, colour=(255, 255, 255), frames=5):
        path.parent.mkdir(exist_ok=True)
        with VideoWriter(path, fps=25) as writer:
            for t in range(frames):
                writer.write(face_picture(start + 4 * t, 100, colour))

    return write


def values(rows):
    return {row["metric"]: row["value"] for row in rows}


def test_a_copy_of_the_reference_scores_perfectly(tmp_path, film):
    for folder in ("ours", "truth"):
        film(tmp_path / folder / "a.mp4")
    rows = score(ScoreConfig(tmp_path / "ours", tmp_path / "truth", tmp_path / "out"))
    found = values(rows)
    assert found["l1"] == 0 and found["akd"] == 0 and found["scale_error_median"] == 0
    assert found["ssim"] == pytest.approx(1)
    assert {row["method"] for row in rows} == {"ours"}
    assert json.loads((tmp_path / "out" / "report.json").read_text())["rows"] == rows
    assert "ours" in (tmp_path / "out" / "report.md").read_text()


def test_a_smaller_face_shows_as_scale_error(tmp_path, film):
    film(tmp_path / "ours" / "a.mp4", start=60)
    film(tmp_path / "truth" / "a.mp4", start=80)
    found = values(score(ScoreConfig(tmp_path / "ours", tmp_path / "truth", tmp_path / "out")))
    assert 0.2 < found["scale_error_x_median"] < 0.3
    assert found["scale_error_y_median"] < 0.03


def test_across_identities_the_source_is_what_counts(tmp_path, film, face_picture):
    film(tmp_path / "ours" / "a.mp4", colour=(255, 200, 200))
    film(tmp_path / "driver" / "a.mp4", colour=(200, 200, 255))
    (tmp_path / "source").mkdir()
    imsave(tmp_path / "source" / "a.png", face_picture(80, 100, (255, 200, 200)))
    folders = [tmp_path / name for name in ("ours", "driver", "out", "source")]
    found = values(score(ScoreConfig(*folders, cross_identity=True)))
    assert found["nearer_source_dlib"] == 1
    assert "l1" not in found


def test_missing_partners_and_other_lengths_are_named(tmp_path, film):
    film(tmp_path / "ours" / "a.mp4")
    film(tmp_path / "truth" / "b.mp4")
    config = ScoreConfig(tmp_path / "ours", tmp_path / "truth", tmp_path / "out")
    with pytest.raises(InputError, match="no file named a"):
        score(config)
    film(tmp_path / "truth" / "a.mp4", frames=7)
    with pytest.raises(InputError, match="5 frames, its reference 7"):
        score(config)
    with pytest.raises(InputError, match="is no folder"):
        ScoreConfig(tmp_path / "none", tmp_path / "truth", tmp_path / "out")
    with pytest.raises(InputError, match="source"):
        ScoreConfig(tmp_path / "ours", tmp_path / "truth", tmp_path / "out", cross_identity=True)


def test_videos_of_one_person_are_not_independent(tmp_path, film):
    for clip in ("id1#a", "id1#b"):
        film(tmp_path / "ours" / f"{clip}.mp4", start=70)
        film(tmp_path / "truth" / f"{clip}.mp4")
    rows = score(ScoreConfig(tmp_path / "ours", tmp_path / "truth", tmp_path / "out"))
    assert all(row["value"] is None or "low" not in row for row in rows)


def test_a_generated_clip_at_rest_has_no_jitter(tmp_path, face_picture):
    for folder, step in (("ours", 0), ("truth", 6)):
        (tmp_path / folder).mkdir()
        with VideoWriter(tmp_path / folder / "a.mp4", fps=25) as writer:
            for t in range(5):
                writer.write(face_picture(80 + step * (t % 2)))
    rows = score(ScoreConfig(tmp_path / "ours", tmp_path / "truth", tmp_path / "out"))
    (row,) = [row for row in rows if row["metric"] == "landmark_jitter_ratio"]
    assert row["value"] == 0 and row["failures"] == 0


def test_options_without_effect_are_told(tmp_path, film):
    for folder in ("ours", "truth", "source"):
        film(tmp_path / folder / "a.mp4")
    folders = [tmp_path / name for name in ("ours", "truth", "out", "source")]
    with pytest.warns(UserWarning, match="--lineage: not used"):
        score(ScoreConfig(*folders, cross_identity=True, lineage=True))
