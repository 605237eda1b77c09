"""`mx = need_mxnet()`: MXNet, or the test (or its whole file) is skipped."""

from __future__ import annotations

from typing import Any

import pytest

from gluon_htr.errors import MissingToolError


def need_mxnet() -> Any:
    try:
        from gluon_htr._mxnet import mx
    except MissingToolError as error:
        pytest.skip(str(error), allow_module_level=True)
    return mx
