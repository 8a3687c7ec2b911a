# SPDX-License-Identifier: Apache-2.0
"""Says the same thing once, and again only after a while."""

from __future__ import annotations

import logging
import time

_AGAIN_AFTER_S = 30.0
_MOST_KEYS = 500


class LogThrottle:
    """Log messages by key: a key speaks at most every 30 s."""

    def __init__(self, logger: logging.Logger, again_after_s: float = _AGAIN_AFTER_S) -> None:
        self._logger = logger
        self._again_after_s = again_after_s
        self._said: dict[str, float] = {}

    def warning(self, key: str, message: str, *args: object) -> None:
        """Logs a warning unless this key spoke a short while ago."""
        self._log(logging.WARNING, key, message, args)

    def error(
        self, key: str, message: str, *args: object, cause: BaseException | None = None
    ) -> None:
        """Logs an error, with the traceback of its cause, unless this key spoke a while ago."""
        self._log(logging.ERROR, key, message, args, cause)

    def _log(
        self,
        level: int,
        key: str,
        message: str,
        args: tuple[object, ...],
        cause: BaseException | None = None,
    ) -> None:
        now = time.monotonic()
        if now - self._said.get(key, -self._again_after_s) >= self._again_after_s:
            self._said.pop(key, None)
            self._said[key] = now
            if len(self._said) > _MOST_KEYS:  # as where names from outside are keys
                del self._said[next(iter(self._said))]
            self._logger.log(level, message, *args, exc_info=cause)
