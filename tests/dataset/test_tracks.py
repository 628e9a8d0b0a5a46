"""One face over a shot: where its track begins and ends."""

from ostnet.dataset.prepare.shots import Face, Look, Shot
from ostnet.dataset.prepare.tracks import divide, follow, whole
from ostnet.media.faces import Box


def face(x, y=100, side=60):
    return Face(Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), 100.0)


def shot(*looks, start=0, every=5):
    found = [Look(start + every * n, list(faces)) for n, faces in enumerate(looks)]
    return Shot(start, found[-1].frame + 1, found)


def follow_default(a_shot):
    return follow(a_shot, iou=0.25, max_gap=25)


def test_a_face_that_stays_is_one_track_over_the_whole_shot():
    (track,) = follow_default(shot(*[[face(100 + n)] for n in range(7)], start=40))
    assert (track.start, track.end, track.frames) == (40, 71, 31)
    assert track.boxes == [face(100 + n).box for n in range(7)]
    assert track.lost == 0 and track.sharpness == 100


def test_a_track_ends_where_the_face_has_left_its_first_box():
    """Steps of 10 pixels: at 40 the overlap with the first box falls under a quarter."""
    first, second = follow_default(shot(*[[face(100 + 10 * n)] for n in range(7)]))
    assert (first.start, first.end) == (0, 20) and len(first.seen) == 4
    assert (second.start, second.end) == (20, 31)
    assert second.boxes[0] == face(140).box


def test_two_faces_are_two_tracks_in_whichever_order_they_are_found():
    looks = [[face(100), face(300)], [face(305), face(101)], [face(102), face(310)]]
    left, right = follow_default(shot(*looks))
    assert left.boxes == [face(100 + n).box for n in range(3)]
    assert right.boxes == [face(300 + 5 * n).box for n in range(3)]


def test_a_face_lost_for_a_moment_keeps_its_track():
    (track,) = follow_default(shot([face(100)], [], [face(101)], [face(100)]))
    assert track.missed == [5] and track.lost == 0.25 and track.end == 16


def test_a_face_lost_for_long_ends_its_track_where_it_was_last_seen():
    looks = [[face(100)], [face(100)], *[[]] * 8, [face(100)]]
    first, second = follow_default(shot(*looks))
    assert (first.start, first.end, first.missed) == (0, 6, [])
    assert second.start == 50


def test_a_face_that_leaves_before_the_cut_ends_its_track():
    (track,) = follow_default(shot([face(100)], [face(100)], [], []))
    assert track.end == 6 and track.lost == 0


def test_a_given_square_keeps_all_of_the_shot_and_counts_the_lost_looks():
    track = whole(shot([face(100)], [], [face(300), face(100)], []))
    assert (track.start, track.end, track.lost) == (0, 16, 0.5)
    assert track.boxes == [face(100).box, face(300).box]
    assert whole(shot([], [])).lost == 1


def test_a_long_track_is_divided_evenly_and_pieces_know_their_neighbourhood():
    (track,) = follow_default(shot(*[[face(100 + n)] for n in range(11)]))
    pieces = list(divide(track, 20))
    assert [(piece.start, piece.end) for piece in pieces] == [(0, 17), (17, 34), (34, 51)]
    assert list(pieces[1].seen) == [15, 20, 25, 30, 35]
    assert [piece.frames for piece in divide(track, 1000)] == [51]
