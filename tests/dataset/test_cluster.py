"""Ray Data does the same work with the same result. Needs the extra ``ray``."""

import importlib.util

import pytest

from ostnet.dataset.prepare.preparation import prepare
from ostnet.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore:split val has no clip")


def files(folder) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="ray is installed")
def test_without_ray_the_user_is_told_what_to_install(films, settings):
    with pytest.raises(InputError, match="^ray: .*pip install 'ostnet\\[ray\\]'"):
        prepare(settings(films, ray=True))


@pytest.fixture
def ray():
    """Ray, shut down afterwards."""
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    yield ray
    ray.shutdown()


def test_a_local_ray_makes_the_same_files(films, settings, tmp_path, ray):
    local = settings(films, shards=True)
    cluster = settings(films, shards=True, ray=True, workers=2, output=tmp_path / "cluster")
    assert prepare(cluster) == prepare(local)
    assert files(cluster.output) == files(local.output)


def test_a_folder_that_cannot_be_written_to_ends_the_run(films, settings, tmp_path, ray):
    """A file where the folder of clips should be."""
    output = tmp_path / "out"
    output.mkdir()
    (output / "clips").write_text("in the way")
    with pytest.raises(OSError, match="cannot write to"):
        prepare(settings(films, ray=True))
