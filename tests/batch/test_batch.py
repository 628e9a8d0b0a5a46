"""``ostnet batch`` on real files: results, tables, and what is done again."""

import shutil
import subprocess
import sys

import pytest

from ostnet.batch.ledger import locked
from ostnet.errors import InputError
from ostnet.media.video import probe


@pytest.fixture
def jobs(files) -> list[dict]:
    """Three jobs with different options."""
    inputs = {"source": files / "portrait.png", "driving": files / "near.mp4"}
    return [
        {"name": "plain", **inputs},
        {"name": "wide", **inputs, "driving-zoom": "0.9,0.7", "no-scale-transform": "true",
         "pose": "driver", "scale-window": "start"},
        {"name": "short", **inputs, "max-frames": 2, "driving": files / "far.mp4"},
    ]  # fmt: skip


@pytest.mark.slow
def test_results_are_those_of_animate(ostnet, folder, jobs, flags, tmp_path):
    folder.write(*jobs)
    code, out, err = ostnet(*folder.command("--workers", 2, "--size", 256))
    assert code == 0, err
    assert out.startswith("3 made, 0 done before, 0 failed\n")
    for job in jobs:
        words = [
            word
            for name, value in job.items()
            if name != "name"
            for word in (f"--{name}", value)
            if word != "true"
        ]
        alone = tmp_path / f"{job['name']}.mp4"
        assert ostnet("animate", *words, *flags, "--size", 256, "--output", alone)[0] == 0
        assert folder.videos()[job["name"]] == alone.read_bytes(), job["name"]

    rows = folder.table("manifest.csv")
    assert list(rows) == ["plain", "wide", "short"]
    assert {name: row["frames"] for name, row in rows.items()} == {
        "plain": "3", "wide": "3", "short": "2",
    }  # fmt: skip
    for row in rows.values():
        assert float(row["seconds"]) > 0 and row["held"] == "0"
        assert float(row["scale_x"]) > 0 and float(row["scale_y"]) > 0
    assert rows["plain"]["scale_y"] != rows["wide"]["scale_y"]
    assert len({row["job_sha256"] for row in rows.values()}) == 3
    assert folder.table("failures.csv") == {}


def test_failures_are_listed_and_stop_nothing(here, ostnet, folder, jobs, files):
    (folder.path / "broken.mp4").write_bytes(b"no video")
    portrait = {"source": files / "portrait.png"}
    folder.write(
        {"name": "missing", **portrait, "driving": "nowhere.mp4"},
        {"name": "broken", **portrait, "driving": "broken.mp4"},  # beside the table
        {**jobs[0], "name": "wrong", "driving-zoom": "9"},
        {**jobs[0], "name": "unsure", "paste-back": "perhaps"},
        {**jobs[0], "name": "sideways", "pose": "sideways"},
        jobs[0],
    )
    code, out, err = ostnet(*folder.command())
    assert code == 1
    assert out.startswith("1 made, 0 done before, 5 failed\n")
    assert err.endswith(
        f"jobs: 5 failed, 1 are done; for the reasons see '{folder.output}/failures.csv'\n"
    )
    reasons = {name: row["reason"] for name, row in folder.table("failures.csv").items()}
    assert reasons["missing"] == "driving: no file 'nowhere.mp4'; check the path"
    assert reasons["broken"].startswith("driving: ")
    assert reasons["wrong"].startswith("driving-zoom: found '9'")
    assert reasons["unsure"].startswith("paste-back: found 'perhaps'")
    assert reasons["sideways"].startswith("pose: ") and "'sideways'" in reasons["sideways"]
    assert all("\n" not in reason for reason in reasons.values())
    assert list(folder.videos()) == list(folder.table("manifest.csv")) == ["plain"]


def test_only_what_changed_is_done_again(here, ostnet, folder, jobs, files):
    clip = folder.path / "clip.mp4"
    shutil.copy(files / "near.mp4", clip)
    jobs = [{**jobs[0], "driving": clip}, *jobs[1:]]
    folder.write(*jobs)
    assert ostnet(*folder.command())[0] == 0
    before = folder.table("manifest.csv")

    folder.write(*jobs[:2], {**jobs[2], "max-frames": 1})  # another option
    assert "1 made, 2 done before" in ostnet(*folder.command())[1]
    assert probe(folder.output / "short.mp4").frames == 1

    shutil.copy(files / "far.mp4", clip)  # other bytes under the same name
    assert "1 made, 2 done before" in ostnet(*folder.command())[1]
    (folder.output / "wide.mp4").write_bytes(b"damaged")
    assert "1 made, 2 done before" in ostnet(*folder.command())[1]
    after = folder.table("manifest.csv")
    assert before["plain"]["job_sha256"] != after["plain"]["job_sha256"]
    assert before["wide"]["sha256"] == after["wide"]["sha256"]
    assert "0 made, 3 done before" in ostnet(*folder.command())[1]


def test_another_head_pose_or_scale_window_is_another_job(here, ostnet, folder, jobs):
    made = []
    for change in ({}, {"pose": "driver"}, {"pose": "driver", "scale_window": "start"}):
        folder.write({**jobs[0], **change})
        assert "1 made, 0 done before" in ostnet(*folder.command("--size", 256))[1]
        made.append(folder.table("manifest.csv")["plain"]["sha256"])
    assert len(set(made)) == 3


def test_a_folder_of_files(here, ostnet, files, folder, flags):
    code, out, err = ostnet(
        "batch", files, "--output", folder.output, *flags, "--max-frames", 1, "--size", 256
    )
    assert code == 0, err
    assert set(folder.videos()) == {"portrait__near", "portrait__far"}


def test_a_motion_file_drives_a_job(here, ostnet, folder, jobs, flags):
    clip, made = jobs[0]["driving"], folder.path / "near.motion.safetensors"
    assert ostnet("motion", clip, "-o", made, *flags)[0] == 0
    folder.write({**jobs[0], "driving": made.name})  # beside the table
    code, out, err = ostnet(*folder.command("--size", 256))
    assert code == 0 and "1 made, 0 done before" in out, err
    assert probe(folder.output / "plain.mp4").frames == probe(clip).frames


def test_pictures_drive_and_their_content_decides_what_is_done_again(here, ostnet, folder, jobs):
    for number in (1, 2):
        shutil.copy(jobs[0]["source"], folder.path / f"{number}.png")
    folder.write({**jobs[0], "driving": "%d.png", "fps": 10})  # beside the table
    assert "1 made, 0 done before" in ostnet(*folder.command("--size", 256))[1]
    assert probe(folder.output / "plain.mp4").fps == 10
    assert "0 made, 1 done before" in ostnet(*folder.command("--size", 256))[1]
    (folder.path / "2.png").unlink()
    assert "1 made, 0 done before" in ostnet(*folder.command("--size", 256))[1]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"driving-zom": "1"}, "column driving-zom: not an option of a job"),
        ({"output": "o.mp4"}, "column output: not an option"),
        ({"help": "true"}, "column help: not an option"),
        ({"name": "a/b"}, "name: 'a/b' of job 1 cannot be a file name"),
    ],
)
def test_a_broken_table_is_refused_whole(ostnet, folder, jobs, change, complaint):
    folder.write(jobs[0] | change)
    code, _, err = ostnet(*folder.command())
    assert code == 2 and err.startswith(f"ostnet: error: {complaint}") and err.count("\n") == 1
    assert not folder.output.exists()


@pytest.mark.parametrize("other", [b"file,kind,split\n", b"\xff\xfe"])
def test_inputs_and_other_manifests_are_not_overwritten(ostnet, folder, jobs, files, other):
    folder.write({**jobs[0], "name": "near"})
    words = folder.command()
    words[words.index("--output") + 1] = str(files)
    code, _, err = ostnet(*words)
    assert code == 2 and "is also an input" in err
    folder.output.mkdir()
    (folder.output / "manifest.csv").write_bytes(other)
    code, _, err = ostnet(*folder.command())
    assert code == 2 and "is not the manifest of a batch" in err
    assert (folder.output / "manifest.csv").read_bytes() == other


def test_two_batches_do_not_write_the_same_folder(here, ostnet, folder, jobs):
    folder.write(jobs[0])
    with locked(folder.output):
        code, _, err = ostnet(*folder.command())
    assert code == 2 and err.count("\n") == 1
    assert f"output: another batch is writing to '{folder.output}'" in err
    assert list(folder.output.iterdir()) == [], "nothing was touched"


HOLD = """
import sys, time
from pathlib import Path
from ostnet.batch.ledger import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_the_lock_of_a_dead_process_is_taken_over(folder):
    words = [sys.executable, "-c", HOLD, str(folder.output)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another batch"), locked(folder.output):
            pass
        holder.kill()
    with locked(folder.output):
        pass
    assert list(folder.output.iterdir()) == []


def test_shares_of_gpus_need_ray(ostnet, folder, jobs):
    folder.write(jobs[0])
    code, _, err = ostnet(*folder.command("--gpus-per-worker", ".5"))
    assert code == 2 and err.startswith("ostnet: error: gpus-per-worker: works only with Ray")
