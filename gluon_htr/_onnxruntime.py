"""The only place that imports ONNX Runtime for inference.

Since 1.32 its builds for Linux start telemetry when they are imported: they write an identity of the device below the
home folder and look up a host of Microsoft. `gluon_htr/__init__.py` sets the variable that prevents this.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnxruntime

__all__ = ["onnxruntime", "open_session", "session_options"]

onnxruntime.disable_telemetry_events()  # in builds for Windows


def session_options(threads: int | None = None) -> onnxruntime.SessionOptions:
    """Return options for a session that loads exactly what was inspected.

    Without this, bytes that are a file in ONNX Runtime's own format as well would be loaded as that.
    """
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.log_severity_level = 4  # fatal messages only; errors are raised as well
    if threads:
        options.intra_op_num_threads = threads
    return options


def open_session(
    model: bytes, options: onnxruntime.SessionOptions, providers: Sequence[str] = ("CPUExecutionProvider",)
) -> onnxruntime.InferenceSession:
    """Open a session on a graph. Raises what ONNX Runtime raises, which has no common base.

    By default it prints a banner on stdout for a damaged graph, and tries again without the providers that were asked
    for.
    """
    return onnxruntime.InferenceSession(model, options, providers=list(providers), enable_fallback=0)
