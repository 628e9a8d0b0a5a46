"""Files and folders that the package writes."""

import pytest

from ostnet.errors import InputError
from ostnet.files import download, new_folder


def test_a_download_appears_only_with_the_expected_content(tmp_path):
    origin, good, bad = tmp_path / "origin", tmp_path / "cache" / "a", tmp_path / "cache" / "b"
    origin.write_bytes(b"weights")
    download(origin.as_uri(), good, lambda content: content == b"weights")
    assert good.read_bytes() == b"weights"
    with pytest.raises(OSError, match="not the expected content"):
        download(origin.as_uri(), bad, lambda content: False)
    for address in ((tmp_path / "nowhere").as_uri(), "no address"):
        with pytest.raises(OSError):
            download(address, bad, lambda content: True)
    assert list(good.parent.iterdir()) == [good]


def test_a_new_folder_appears_only_when_it_is_complete(tmp_path):
    with pytest.raises(RuntimeError), new_folder(tmp_path / "a") as stage:
        (stage / "file").touch()
        raise RuntimeError("the network failed")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "deep" / "new"):
        with new_folder(folder) as stage:
            (stage / "file").touch()
        assert [path.name for path in folder.iterdir()] == ["file"]
        with pytest.raises(InputError, match="^output: .* is not empty"), new_folder(folder):
            pass
