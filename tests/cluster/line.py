"""A bare connection to a namespace: exact, and free to send what no decent client would."""

import itertools
import json
import time
from collections import deque
from contextlib import suppress
from typing import Any

from websocket import WebSocket, WebSocketException, WebSocketTimeoutException, create_connection


class Line:
    """One WebSocket. `41` would say goodbye, `42` an event, `43` its answer, `2` ping, `3` pong."""

    def __init__(self, url: str, cookie: str = "", namespace: str = "/chat", enter: bool = True) -> None:
        self._namespace = namespace
        address = f"{url.replace('http', 'ws')}/live/?EIO=4&transport=websocket"
        self._socket: WebSocket = create_connection(address, cookie=cookie or None, timeout=10)
        self._numbers = itertools.count(1)
        self._answers: dict[int, Any] = {}
        self._heard: deque[tuple[str, Any]] = deque()
        self.is_open = True
        self.is_in = False
        if enter:
            self.put(f"40{self._namespace},")
            self._read_until(lambda: self.is_in or not self.is_open)

    def ask(self, event: str, data: Any = None, seconds: float = 10) -> dict[str, Any]:
        """The server's answer to the event; what earlier tests have sent may make it wait for its turn."""
        deadline = time.monotonic() + seconds
        while True:
            number = self.say(event, data)
            self._read_until(lambda number=number: number in self._answers, seconds)
            answer: dict[str, Any] = self._answers.pop(number)
            if answer.get("error") != "too_fast" or time.monotonic() > deadline:
                return answer
            time.sleep(0.3)

    def say(self, event: str, data: Any = None) -> int:
        """The same without waiting; the number of the answer."""
        number = next(self._numbers)
        self.put(f"42{self._namespace},{number}{json.dumps([event, {} if data is None else data])}")
        return number

    def put(self, frame: str) -> None:
        """One text frame as it is."""
        self._socket.send(frame)

    def answers(self, seconds: float = 0.2) -> list[dict[str, Any]]:
        """What has been answered, or is within so many seconds, to what nobody waited for."""
        with suppress(AssertionError):
            self._read_until(lambda: False, seconds)
        return list(self._answers.values())

    def heard(self, name: str, seconds: float = 0.2) -> list[Any]:
        """The data of the events of that name that have come, or come within so many seconds."""
        with suppress(AssertionError):
            self._read_until(lambda: False, seconds)
        found = [data for event, data in self._heard if event == name]
        self._heard = deque(pair for pair in self._heard if pair[0] != name)
        return found

    def await_event(self, name: str, seconds: float = 10) -> Any:
        """The data of the next event of that name."""
        self._read_until(lambda: any(event == name for event, _ in self._heard), seconds)
        place = next(place for place, (event, _) in enumerate(self._heard) if event == name)
        data = self._heard[place][1]
        del self._heard[place]
        return data

    def await_end(self, seconds: float = 10) -> None:
        """Until the server has hung up."""
        with suppress(AssertionError):
            self._read_until(lambda: not self.is_open, seconds)
        assert not self.is_open, "the connection is still there"

    def close(self) -> None:
        self._socket.close()

    def _read_until(self, condition: Any, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, "nothing came"
            assert self.is_open, "the connection ended"
            self._socket.settimeout(left)
            try:
                self._take(self._socket.recv())
            except WebSocketTimeoutException:
                continue
            except (WebSocketException, OSError):
                self.is_open = False

    def _take(self, frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode()
        if text in ("", "1") or text.startswith(("41", "44")):
            self.is_open = False
        elif text == "2":
            self.put("3")
        elif text.startswith(f"40{self._namespace}"):
            self.is_in = True
        elif text.startswith(("42", "43")):
            _, _, rest = text.partition(",")
            digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
            given = json.loads(rest[len(digits) :])
            if text.startswith("43"):
                self._answers[int(digits)] = given[0]
            else:
                self._heard.append((given[0], given[1]))
