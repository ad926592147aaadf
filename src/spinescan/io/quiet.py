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


@contextmanager
def quiet() -> Iterator[None]:
    """No Python warnings, and nothing on file descriptor 2, while a film is decoded.

    C decoders (libjpeg in gdcm, openjpeg, libtiff) write to the descriptor itself. pydicom logs
    what it warns of, with the header's values: those must reach no log. All are states of the whole
    process, so that threads that read side by side share one silence: the first to come begins it
    and the last to go ends it.
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
    log = logging.getLogger("pydicom")
    _silence.callback(setattr, log, "disabled", log.disabled)
    log.disabled = True
    try:
        kept = os.dup(2)
    except OSError:  # no standard error to keep clean, as in a service
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    _silence.callback(os.close, kept)
    _silence.callback(os.dup2, kept, 2)
