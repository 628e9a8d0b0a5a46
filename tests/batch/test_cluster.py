"""Ray does the same work with the same result. Needs the extra ``ray``."""

import importlib.util

import pytest

WITHOUT_RAY = importlib.util.find_spec("ray") is None


@pytest.fixture
def ray():
    """Ray, shut down afterwards."""
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    yield ray
    ray.shutdown()


@pytest.fixture
def jobs(files, folder) -> list[dict]:
    """Two that work, one whose clip is broken."""
    (folder.path / "broken.mp4").write_bytes(b"no video")
    portrait = {"source": files / "portrait.png"}
    return [
        {"name": "near", **portrait, "driving": files / "near.mp4"},
        {"name": "broken", **portrait, "driving": "broken.mp4"},
        {"name": "far", **portrait, "driving": files / "far.mp4", "driving-zoom": "0.9"},
    ]


@pytest.mark.slow
def test_a_local_ray_makes_the_same_files(ray, here, ostnet, folder, jobs):
    folder.write(*jobs)
    code, out, err = ostnet(*folder.command("--ray", "--workers", 2))
    assert code == 1, err
    assert out.startswith("2 made, 0 done before, 1 failed"), err
    assert folder.table("failures.csv")["broken"]["reason"].startswith("driving: ")
    videos, rows = folder.videos(), folder.table("manifest.csv")
    assert "0 made, 2 done before" in ostnet(*folder.command())[1]

    folder.output = folder.path / "local"
    assert ostnet(*folder.command())[0] == 1
    assert folder.videos() == videos
    timeless = [
        {name: {**row, "seconds": ""} for name, row in table.items()}
        for table in (rows, folder.table("manifest.csv"))
    ]
    assert timeless[0] == timeless[1]


@pytest.mark.skipif(not WITHOUT_RAY, reason="ray is installed")
def test_without_ray_the_user_is_told_what_to_install(ostnet, folder, jobs):
    folder.write(*jobs)
    code, _, err = ostnet(*folder.command("--ray"))
    assert code == 2 and "pip install 'ostnet[ray]'" in err
