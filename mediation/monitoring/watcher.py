"""The thread that follows the configuration, so that the event loop never waits for a database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from mediation.environment import Environment

logger = logging.getLogger(__name__)


class Source(Protocol):
    """Where the configuration comes from. Called from the watcher's thread only; both may raise anything."""

    def is_current(self, environment: Environment) -> bool:
        """Whether ``environment``, which :meth:`load` returned, is still the configuration; cheap."""

    def load(self, previous: Environment | None) -> Environment:
        """The current configuration. What did not change since ``previous`` is taken from it."""


class Watcher(threading.Thread):
    """
    Looks for a new generation, has it applied, and has the process's state reported.

    A source that fails is tried again, for as long as it takes; traffic goes on with what was loaded last.

    Args:
        source: asked every ``poll_seconds``, and at once after :meth:`wake`.
        apply: puts a configuration into force; returns when it is.
        report: tells the state of the process; may raise.
        looked: called after the first look, whether it succeeded or not.
        withdraw: called at the end, to take back what ``report`` told.
    """

    def __init__(
        self,
        source: Source,
        *,
        poll_seconds: float,
        apply: Callable[[Environment], None],
        report: Callable[[], None],
        looked: Callable[[], object],
        withdraw: Callable[[], None],
    ) -> None:
        super().__init__(name="configuration watcher", daemon=True)
        self._source = source
        self._poll_seconds = poll_seconds
        self._apply = apply
        self._report = report
        self._looked = looked
        self._withdraw = withdraw
        self._environment: Environment | None = None
        self._wanted = threading.Event()
        self._stopping = False
        self._troubles: dict[str, str] = {}

    def wake(self) -> None:
        """Look now. May be called from any thread."""
        self._wanted.set()

    def start_over(self) -> None:
        """Load everything anew, nothing taken from before. For ``report`` only, which runs in this thread."""
        self._environment = None
        self.wake()

    def stop(self, timeout: float) -> None:
        """
        End the thread, and wait for that up to ``timeout`` seconds: a database may keep it longer.

        Not for the event loop, which the thread may be waiting for.
        """
        self._stopping = True
        self.wake()
        self.join(timeout)

    def run(self) -> None:
        looked = False
        while not self._stopping:
            self._wanted.clear()
            self._attempt("read the configuration", self._look)
            self._attempt("write the status of this process", self._report)
            if not looked:
                looked = True
                self._looked()
            self._wanted.wait(self._poll_seconds)
        self._attempt("delete the status of this process", self._withdraw)

    def _look(self) -> None:
        if self._environment is None or not self._source.is_current(self._environment):
            environment = self._source.load(self._environment)
            self._apply(environment)
            self._environment = environment

    def _attempt(self, what: str, action: Callable[[], None]) -> None:
        """A trouble that lasts is one line in the log, not one for each try."""
        try:
            action()
        except Exception as exc:
            trouble = f"{type(exc).__name__}: {exc}"
            if self._troubles.get(what) != trouble:
                logger.error("cannot %s, trying again: %s", what, trouble)
                logger.debug("cannot %s", what, exc_info=True)
            self._troubles[what] = trouble
        else:
            if self._troubles.pop(what, None):
                logger.info("can %s again", what)
