"""The errors that SpineScan raises on purpose. Anything else that escapes is a defect."""


class SpineScanError(Exception):
    """A failure that a user can act on, told in one line.

    `kind` is a short stable code that programs may compare (it is printed in a failed file's JSON);
    the message is for people and names what was expected and what was got.
    """

    kind = "error"

    def __init__(self, message: str, *, kind: str | None = None) -> None:
        super().__init__(" ".join(message.split()))
        if kind is not None:
            self.kind = kind

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders in a batch (`--jobs`); keep the kind on the way.
        return (_restore, (type(self), str(self), self.kind))


def _restore(cls: type[SpineScanError], message: str, kind: str) -> SpineScanError:
    return cls(message, kind=kind)


class ReadError(SpineScanError):
    """A film could not be read; `kind` tells why, such as "empty", "truncated", "not_an_image"."""

    kind = "unreadable"


class BundleError(SpineScanError):
    """A model bundle is missing, damaged, or not what was asked for."""

    kind = "bundle"


class DataError(SpineScanError):
    """A data set (labels, landmarks, a manifest, a recipe) is not what was expected."""

    kind = "data"


class EditError(SpineScanError):
    """A reader's correction of a film is not possible as it was given."""

    kind = "edit"


class MissingExtraError(SpineScanError):
    """An optional part of SpineScan is not installed; the message names the extra."""

    kind = "missing_extra"
