"""Where the CSS tokenizer is. Used by ``tokenizer``."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """Inside which token."""

    TEXT = auto()
    COMMENT = auto()
    STRING = auto()
    URL_START = auto()
    URL = auto()
    BAD_URL = auto()
    NAME = auto()


class Mode(Enum):
    """Inside which construct."""

    TOP = auto()
    SET = auto()
    PRELUDE = auto()
    IMPORT = auto()
