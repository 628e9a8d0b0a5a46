"""The README's example of asking the running page, as it stands there."""

from documents import FRAMES, PAGE, examples, lay_out_inputs

from ostnet.media.video import probe


def test_the_example_of_the_running_page(server, tmp_path, monkeypatch):
    lay_out_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)
    (code,) = examples("README.md", of_the_page=True)
    names: dict = {}
    exec(compile(code.replace(PAGE, server.url), "README.md", "exec"), names)
    video = names["video"][0] if isinstance(names["video"], (list, tuple)) else names["video"]
    path = video["video"] if isinstance(video, dict) else video
    assert probe(path).frames == FRAMES
