"""The lists of VoxCeleb1 and HDTF, in miniature and in their authors' form."""

import pytest

from ostnet.dataset.prepare.annotations import find_videos, read_annotations, read_track
from ostnet.errors import InputError
from ostnet.media.faces import Box

TRACK = """Identity  : \tid10270
Reference : \tabc-_123
Offset    : \t-1
FV Conf   : \t17.997\t(1)
ASD Conf  : \t6.338

FRAME \tX \tY \tW \tH
000050 \t180 \t90 \t90 \t90
000051 \t184 \t90 \t90 \t90
"""


@pytest.fixture
def voxceleb(tmp_path):
    """Two people, one of them of the test set, in one video."""
    for person in ("id10270", "id10001"):
        folder = tmp_path / "txt" / person / "abc-_123"
        folder.mkdir(parents=True)
        (folder / "00001.txt").write_text(TRACK)
    return tmp_path / "txt"


@pytest.fixture
def hdtf(tmp_path):
    folder = tmp_path / "HDTF_dataset"
    folder.mkdir()
    lists = {
        "RD_annotion_time": "Radio11.mp4 00:30-01:00 01:30-1:02:30 \nRadio12.mp4 00:05-00:10\n",
        "RD_crop_wh": "Radio11_0.mp4 412 600 0 600\n",
        "RD_resolution": "Radio11.mp4 720\n",
        "RD_video_url": "Radio11 https://www.youtube.com/watch?v=XtySv&t=6s\n",
        "WDA_annotion_time": "NancyPelosi1.mp4 00:05-01:00\n",
    }
    for name, text in lists.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def test_voxceleb_tracks_know_their_person_and_the_official_test_set(voxceleb):
    (video,) = read_annotations(voxceleb)
    assert video.names == ("abc-_123",)
    assert [(s.identity, s.partition, s.track.name) for s in video.spans] == [
        ("id10001", "train", "00001.txt"),
        ("id10270", "test", "00001.txt"),
    ]


def test_boxes_of_a_track_are_scaled_to_the_video(voxceleb, tmp_path):
    file = voxceleb / "id10001" / "abc-_123" / "00001.txt"
    boxes = read_track(file, 1280, 720)  # twice the 360 lines they were made on
    assert boxes == {50: Box(360, 180, 540, 360), 51: Box(368, 180, 548, 360)}
    file.write_text("FRAME \tX \tY \tW \tH \n000007 \t0.25 \t0.5 \t0.125 \t0.25 \n")
    assert read_track(file, 640, 360) == {7: Box(160, 180, 240, 270)}


@pytest.mark.parametrize("text", ["", "nothing", "FRAME X Y W H\n", "FRAME X Y W H\n1 2 3\n"])
def test_a_file_without_a_track_is_refused(tmp_path, text):
    (tmp_path / "t.txt").write_text(text)
    with pytest.raises(InputError, match="^annotations: .*t.txt' has no face track"):
        read_track(tmp_path / "t.txt", 640, 360)


def test_the_metadata_of_the_lineage(tmp_path):
    csv = tmp_path / "vox-metadata.csv"
    csv.write_text(
        "video_id,start,end,bbox,fps,width,height,partition,person_id\n"
        "WMh3ye5tBsE,3467,3576,610-41-989-550,25,1280,720,train,id10005\n"
        "WMh3ye5tBsE#id10270,100,200,0-0-360-360,25,640,360,test,\n"
    )
    (video,) = read_annotations(csv)
    second, first = video.spans
    assert (first.identity, first.start, first.end) == ("id10005", 3467 / 25, 3576 / 25)
    assert first.crop == Box(610 / 720, 41 / 720, 989 / 720, 550 / 720)
    assert (second.identity, second.partition, second.crop.right) == ("id10270", "test", 1)


def test_metadata_that_cannot_be_used_is_refused(tmp_path):
    csv = tmp_path / "m.csv"
    csv.write_text("video_id,start\n")
    with pytest.raises(InputError, match="missing end, bbox, fps, width, height"):
        read_annotations(csv)
    csv.write_text("video_id,start,end,bbox,fps,width,height\nx,0,9,1-2-3,25,640,360\n")
    with pytest.raises(InputError, match="line 2 of .* is invalid"):
        read_annotations(csv)


def test_the_lists_of_hdtf(hdtf):
    nancy, radio11, radio12 = read_annotations(hdtf)
    assert radio11.names == ("Radio11", "RD_Radio11", "XtySv")
    first, second = radio11.spans
    assert (first.start, first.end, second.start, second.end) == (30, 60, 90, 3750)
    assert first.crop == Box(412 / 720, 0, 1012 / 720, 600 / 720) and second.crop is None
    assert first.identity == "Radio11" and radio12.spans[0].identity == "Radio12"
    assert nancy.spans[0].identity == "NancyPelosi"  # the number counts her videos


def test_lists_that_are_no_text_are_refused(hdtf):
    (hdtf / "RD_crop_wh.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(
        InputError, match="^annotations: '.*RD_crop_wh.txt' is not a text file; restore"
    ):
        read_annotations(hdtf)


def test_files_belong_to_annotations_by_name_and_the_rest_is_listed(hdtf, tmp_path, settings):
    films = tmp_path / "films"
    films.mkdir()
    for name in ("XtySv.mp4", "RD_Radio11.mkv", "holiday.mov"):
        (films / name).touch()
    videos, skips = find_videos(settings(films, annotations=hdtf))
    assert [video.file for video in videos] == ["RD_Radio11.mkv"]
    assert {skip.video: skip.reason for skip in skips} == {
        "XtySv.mp4": "a second file of the same video",
        "holiday.mov": "no annotation of this name",
        "NancyPelosi1": "annotated, but there is no file of this name",
        "Radio12": "annotated, but there is no file of this name",
    }


def test_without_annotations_every_video_is_a_person_unless_its_name_says_who(tmp_path, settings):
    for file in ("ann/1.mp4", "ann/2.mp4", "bob.mp4", "notes.txt"):
        (tmp_path / "films" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "films" / file).touch()

    def people(**changed):
        videos, _ = find_videos(settings(tmp_path / "films", **changed))
        return [video.spans[0].identity for video in videos]

    assert people() == ["ann/1", "ann/2", "bob"]
    assert people(identity="^([^/]+)/") == ["ann", "ann", "bob"]


def test_what_cannot_be_found_is_said(tmp_path, settings):
    (tmp_path / "films").mkdir()
    with pytest.raises(InputError, match="^videos: no video in .*expected files ending in"):
        find_videos(settings(tmp_path / "films"))
    with pytest.raises(InputError, match="^videos: no folder"):
        find_videos(settings(tmp_path / "absent"))
    (tmp_path / "films" / "a.mp4").touch()
    with pytest.raises(InputError, match="^annotations: no file or folder"):
        find_videos(settings(tmp_path / "films", annotations=tmp_path / "absent"))
    with pytest.raises(
        InputError, match="^annotations: none found in .*expected VoxCeleb1's folders"
    ):
        find_videos(settings(tmp_path / "films", annotations=tmp_path / "films"))
