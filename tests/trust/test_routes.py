"""The page's routes: which files it serves, and what it accepts as an input."""

import io
import json
import secrets
import tarfile
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from running_page import running_page

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def asked(page, path: str) -> int:
    """What the page answers to a path, as a status."""
    try:
        return urlopen(f"{page.url}{path}", timeout=20).status
    except HTTPError as error:
        return error.code


OUTSIDE = [
    "/etc/passwd",
    str(ROOT / "pyproject.toml"),
    str(ROOT / "ostnet" / "ui" / "page.py"),
    "../../../../../../etc/passwd",
    "/proc/self/environ",
    f"{ROOT}/examples/../pyproject.toml",
    str(ROOT / "examples"),
    "C:/Windows/win.ini",
    "http://127.0.0.1:1/a",
    "http://example.com/a.png",
    "file:///etc/passwd",
    "//127.0.0.1/share/a",
]


@pytest.mark.parametrize("escaped", [lambda text: text, quote, lambda text: quote(text, safe="")])
@pytest.mark.parametrize("path", OUTSIDE)
def test_no_file_from_elsewhere(path, escaped, page):
    for route in ("/gradio_api/file=", "/file=", "/gradio_api/file/", "/gradio_api/proxy="):
        status = asked(page, route + escaped(path))
        assert 400 <= status < 500, route


def test_neither_the_folder_of_all_visitors_nor_one_of_them(page):
    folder = page.folder / "visitor-x"
    folder.mkdir(parents=True, exist_ok=True)
    for path in (page.folder, folder, f"{folder}/../../page.log", f"{page.folder}/../page.log"):
        assert asked(page, f"/gradio_api/file={path}") == 403


def secret(page, *parts: str) -> Path:
    """A file outside of what the page serves, or inside of it where parts say so."""
    path = page.folder.parent.joinpath(*parts, "secret.txt")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("secret")
    return path


def test_a_link_in_a_visitors_folder_leads_nowhere(page):
    """Nothing here makes links; only a vulnerability elsewhere could."""
    outside, inside = secret(page), secret(page, "gradio", "visitor-x")
    to_file, to_folder = inside.with_name("file.png"), inside.with_name("folder")
    to_file.symlink_to(outside)
    to_folder.symlink_to(outside.parent)
    assert asked(page, f"/gradio_api/file={inside}") == 200  # the folder itself is served
    for link in (to_file, to_folder / outside.name, to_folder, to_folder / "page.log"):
        for name in (link, quote(str(link), safe="")):
            assert asked(page, f"/gradio_api/file={name}") == 403


def test_a_link_is_no_input(page, client, short_clip):
    link = page.folder / "visitor-x" / "portrait.png"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(ROOT / "tests" / "conftest.py")
    sent = {"path": str(link), "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(AppError) as refused:
        client.predict(sent, handle_file(str(short_clip)), api_name="/animate")
    assert "conftest" not in str(refused.value)


def test_what_is_uploaded_as_a_link_is_a_file(page):
    """An archive that holds a link is kept as it is, and never unpacked."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        link = tarfile.TarInfo("portrait.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    path = Path(uploaded(page, "portrait.tar", content.getvalue()))
    assert path.read_bytes() == content.getvalue()
    assert not any(one.is_symlink() for one in path.parent.iterdir())


def test_an_id_of_another_visitor_opens_nothing(page, client, portrait, short_clip):
    """Neither routes that take a session's id nor a job with that id give a file."""
    files = handle_file(str(portrait)), handle_file(str(short_clip))
    result = Path(client.predict(*files, max_seconds=0.2, api_name="/animate"))
    mine = client.session_hash
    for path in (
        f"stream/{mine}/0/1/playlist.m3u8", f"stream/{mine}/0/1/playlist-file",
        f"file={page.folder}/{mine}/{result.name}", f"file={page.folder}/visitor-{mine}",
        f"file={page.folder}/visitor-*/run-*/{result.name}",
    ):  # fmt: skip
        assert 400 <= asked(page, f"/gradio_api/{path}") < 500, path


def test_uploads_and_runs_are_refused_on_a_full_disk(tmp_path, checkpoint, portrait, short_clip):
    with running_page(tmp_path, checkpoint, OSTNET_PAGE_DISK="1") as page:
        client = Client(page.url, verbose=False, download_files=str(tmp_path))
        files = handle_file(str(portrait)), handle_file(str(short_clip))
        client.predict(*files, max_seconds=0.2, api_name="/animate")
        with pytest.raises(HTTPError) as refused:
            uploaded(page, "large.png", bytes(20_000_000))  # read to its end before the answer
        assert refused.value.code == 507
        assert refused.value.read().startswith(b"disk: this page has no space")
        (page.folder / "large").write_bytes(bytes(950_000))  # of others
        with pytest.raises(Exception, match="507|no space"):
            client.predict(*files, max_seconds=0.2, api_name="/animate")
        client.close()
        assert "Traceback" not in page.log.read_text()


@pytest.mark.parametrize("route", ["process_recording", "component_server", "run-history/connect"])
def test_routes_that_the_page_does_not_need_are_closed(route, page):
    for path in (f"/gradio_api/{route}", f"/gradio_api/{route}/"):
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(f"{page.url}{path}", b"{}"), timeout=20)
        assert refused.value.code == 404
        assert refused.value.read() == b"This page has no such route."


def test_nobody_reads_statistics_of_the_jobs(page):
    for path in ("/monitoring/summary", "/monitoring"):
        assert asked(page, path) == 403, path


def uploaded(page, name: str, content: bytes = b"secret") -> str:
    """Send a file of that name; where the page put it."""
    bound = secrets.token_hex(8)
    body = f'--{bound}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    body = body.encode() + content + f"\r\n--{bound}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={bound}"}
    answer = urlopen(Request(f"{page.url}/gradio_api/upload", body, kind), timeout=20)
    return json.load(answer)[0]


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "a/../../b.png", "%2e%2e"])
def test_an_upload_of_any_name_is_stored_in_the_upload_folder(name, page):
    path = Path(uploaded(page, name)).resolve()
    assert path.is_relative_to(page.folder.resolve()) and path.is_file()
    assert len(path.relative_to(page.folder.resolve()).parts) == 2  # under its content's hash


def test_an_upload_is_nothing_that_runs_in_a_browser(page):
    path = uploaded(page, "a.html", b"<script>alert(1)</script>")
    answer = urlopen(f"{page.url}/gradio_api/file={path}", timeout=20)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.fixture(scope="module")
def client(page, tmp_path_factory):
    got = tmp_path_factory.mktemp("got")
    client = Client(page.url, verbose=False, download_files=str(got))
    yield client
    client.close()


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/", f"{ROOT}/examples/../README.md", f"{ROOT}/pyproject.toml", "../page.log"],
)
def test_an_input_is_no_path_of_the_server(path, page, short_clip):
    sent = [{"path": name, "meta": {"_type": "gradio.FileData"}} for name in (path, path)]
    body = json.dumps({"data": sent}).encode()
    call, kind = f"{page.url}/gradio_api/call/animate", {"Content-Type": "application/json"}
    event = json.load(urlopen(Request(call, body, kind), timeout=20))["event_id"]
    said = urlopen(f"{call}/{event}", timeout=60).read().decode()
    assert said.startswith("event: error") and "root:" not in said and "mp4" not in said


@pytest.mark.parametrize("role", [0, 1])
def test_an_input_is_no_address(role, page, client, portrait, short_clip):
    files = [handle_file(str(portrait)), handle_file(str(short_clip))]
    address = "https://example.com/a.png"
    files[role] = {"path": address, "url": address, "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(AppError, match="This page opens no addresses"):
        client.predict(*files, api_name="/animate")


def test_a_result_is_shown_to_nobody_else(page, client, portrait, short_clip):
    """Its folder's name is secret: it has more than 120 random bits."""
    files = handle_file(str(portrait)), handle_file(str(short_clip))
    client.predict(*files, max_seconds=0.2, api_name="/animate")
    (folder,) = {path.parent for path in page.folder.glob("visitor-*/run-*")}
    assert len(folder.name.removeprefix("visitor-")) >= 22
    assert folder.stat().st_mode & 0o077 == 0
    other = Client(page.url, verbose=False)
    assert other.session_hash != client.session_hash
    for endpoint in other.endpoints.values():  # those that the page keeps to itself
        if endpoint.api_name is None:
            with pytest.raises(ValueError):
                other.predict(fn_index=endpoint.fn_index)
    other.close()
    assert folder.exists()
