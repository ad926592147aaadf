"""Networks at work: the only runtime importer of onnxruntime."""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from spinescan.core.errors import BundleError

Floats = NDArray[np.float32]


class Session:
    """A network that was loaded once and answers many times, on the processor.

    Parameters
    ----------
    path
        The ONNX file, one of a checked bundle.
    threads
        Threads that it may use; None leaves it to onnxruntime (all cores).

    Raises
    ------
    BundleError
        If onnxruntime cannot load it.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        self.path = path
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Else the file's first bytes choose, and a format that nobody checked could be loaded.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        if threads is not None:
            options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own errors share no public base class
            raise BundleError(f"{path.parent}: weights cannot be loaded ({error})") from error
        self.inputs = {node.name: tuple(node.shape) for node in self._session.get_inputs()}
        self.outputs = {node.name: tuple(node.shape) for node in self._session.get_outputs()}

    def run(self, inputs: Floats) -> list[Floats]:
        """Raw outputs for inputs (n, 1, rows, columns), in the order of `outputs`.

        Raises
        ------
        BundleError
            If the network fails on them.
        """
        try:
            return list(self._session.run(None, {"input": inputs}))
        except Exception as error:
            raise BundleError(f"{self.path}: the network failed ({error})") from error
