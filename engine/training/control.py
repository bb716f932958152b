"""What a running job can be asked: pause, resume, stop. Set from any thread, looked at by the loop after every step."""

import threading


class Control:
    """Requests to one running job. `is_requested` is a plain attribute: looking costs the loop nothing."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.is_requested = False
        """The loop should look: pause or stop was asked for."""
        self.is_stopping = False
        self.is_pausing = False

    def pause(self) -> None:
        self._set(pausing=True)

    def resume(self) -> None:
        self._set(pausing=False)

    def stop(self) -> None:
        """Final: a stopped job does not go on."""
        self._set(stopping=True)

    def wait(self) -> None:
        """Block while paused and not stopped."""
        with self._changed:
            while self.is_pausing and not self.is_stopping:
                self._changed.wait()

    def _set(self, pausing: bool | None = None, stopping: bool = False) -> None:
        with self._changed:
            self.is_pausing = self.is_pausing if pausing is None else pausing
            self.is_stopping = self.is_stopping or stopping
            self.is_requested = self.is_pausing or self.is_stopping
            self._changed.notify_all()
