"""A batch that is stopped leaves complete files only, and the next run continues."""

import os
import signal
import time

import pytest

from ostnet.batch.job import Outcome
from ostnet.media.video import probe
from ostnet.workers import in_processes

JOBS = 8


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_next_run_continues(number, folder, files, here, ostnet):
    inputs = {"source": files / "portrait.png", "driving": files / "near.mp4"}
    folder.write(*({"name": f"job{n}", **inputs, "face": 0} for n in range(JOBS)))
    process = folder.start("--workers", 2, "--size", 512)
    end = time.monotonic() + 120
    while len(list(folder.output.glob("*.mp4"))) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    _, said = process.communicate(timeout=60)  # until the workers are gone, too
    if number == signal.SIGKILL:
        assert process.returncode == -number
    else:
        assert process.returncode == 128 + number
        assert said.decode().splitlines()[-1] == "ostnet: stopped" and b"Traceback" not in said
        names = {path.name for path in folder.output.iterdir()}
        assert {n for n in names if not n.endswith(".mp4")} == {"manifest.csv", "failures.csv"}
    whole = folder.videos()
    assert 2 <= len(whole) < JOBS
    assert all(probe(folder.output / f"{name}.mp4").frames == 3 for name in whole)

    done = set(folder.table("manifest.csv"))
    code, out, _ = ostnet(*folder.command("--size", 512))
    assert code == 0
    assert out.startswith(f"{JOBS - len(done)} made, {len(done)} done before, 0 failed")
    assert len(done) >= 1 and whole.items() <= folder.videos().items()
    assert not list(folder.output.glob(".*"))


class Numbered:
    """Stands for a job."""

    def __init__(self, number: int):
        self.number = number


def dies_at_one(job: Numbered, cancel) -> Outcome:
    if job.number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(frames=job.number)


@pytest.mark.slow
def test_a_process_that_dies_fails_one_job_only(monkeypatch):
    jobs = [Numbered(n) for n in range(4)]
    done = in_processes(dies_at_one, jobs, workers=1, failed=Outcome)
    found = {job.number: outcome for job, outcome in done}
    assert found[1].problem.startswith("worker: its process died")
    assert [found[n].frames for n in (0, 2, 3)] == [0, 2, 3]
