"""Files and folders that the package writes."""

import pytest

from ostnet.files import download


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
