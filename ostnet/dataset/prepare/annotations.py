"""Which stretches of which videos to take: by a data set's annotations, or all of every video."""

from pathlib import Path

from ostnet.dataset.prepare import annotations_hdtf, annotations_voxceleb
from ostnet.dataset.prepare.annotated import Annotated
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.skips import Skip
from ostnet.dataset.prepare.source_videos import Span, Video, find_files, identity_of
from ostnet.errors import InputError


def find_videos(config: PrepareConfig) -> tuple[list[Video], list[Skip]]:
    """The videos to prepare, and what is annotated without a file or there without annotation.

    A file belongs to annotations by its name without ending. Raises InputError where there is no
    video, or annotations that cannot be read or fit none of the videos.
    """
    files = find_files(config.videos)
    if config.annotations is None:
        whole = [
            Video(path, file, (Span(identity_of(file, config.identity)),))
            for file, path in files.items()
        ]
        return whole, []
    annotated = read_annotations(config.annotations)
    by_name = {name: entry for entry in annotated for name in entry.names}
    videos, skips, used = [], [], set()
    for file, path in files.items():
        entry = by_name.get(path.stem)
        if entry is None:
            skips.append(Skip(file, "no annotation of this name"))
        elif entry.names in used:
            skips.append(Skip(file, "a second file of the same video"))
        else:
            used.add(entry.names)
            videos.append(Video(path, file, entry.spans))
    if not videos:
        raise InputError(
            f"annotations: none of the {len(annotated)} annotated videos "
            f"('{annotated[0].names[0]}', ...) is among the {len(files)} files "
            f"('{next(iter(files))}', ...); name files as the annotations do"
        )
    skips += [
        Skip(entry.names[0], "annotated, but there is no file of this name")
        for entry in annotated
        if entry.names not in used
    ]
    return videos, skips


def read_annotations(path: Path) -> list[Annotated]:
    """Annotations of a kind known by what is there, ordered by name."""
    if not path.exists():
        raise InputError(f"annotations: no file or folder '{path}'; check the path")
    if path.is_file():
        found = annotations_voxceleb.read_metadata(path)
    elif annotations_hdtf.is_here(path):
        found = annotations_hdtf.read_lists(path)
    else:
        found = annotations_voxceleb.read_folder(path)
    if not found:
        raise InputError(
            f"annotations: none in '{path}'; expected VoxCeleb1's folders "
            "idNNNNN/VIDEO/NNNNN.txt, a vox-metadata.csv, or HDTF's lists *_annotion_time.txt"
        )
    return sorted(found, key=lambda entry: entry.names)
