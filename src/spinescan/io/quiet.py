"""Keep the chatter of decoders off the user's screen. A failure is told once, by a ReadError."""

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_lock = threading.Lock()
_users = 0
_silence = ExitStack()

_TELL_HEADERS = ("pydicom", "highdicom")
for _name in _TELL_HEADERS:  # without one, what goes no further is printed as a last resort
    logging.getLogger(_name).addHandler(logging.NullHandler())


@contextmanager
def quiet() -> Iterator[None]:
    """No Python warnings, and nothing on file descriptor 2, while a film is decoded.

    Nor anything in a log: pydicom and highdicom tell values of the header there, which may name the
    patient. C decoders (libjpeg in gdcm, openjpeg, libtiff) write to the descriptor itself. All are
    states of the whole process, so that threads that read side by side share one silence: the first
    to come begins it and the last to go ends it.
    """
    global _users
    with _lock:
        if _users == 0:
            _begin()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _silence.close()


def _begin() -> None:
    _silence.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    for name in _TELL_HEADERS:
        logger = logging.getLogger(name)
        _silence.callback(setattr, logger, "propagate", logger.propagate)
        logger.propagate = False
    try:
        kept = os.dup(2)
    except OSError:  # no standard error to keep clean, as in a service
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    _silence.callback(os.close, kept)
    _silence.callback(os.dup2, kept, 2)
