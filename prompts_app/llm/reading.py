"""Reading a chat answer from a response's body, streamed or whole, to its end or its limits."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from prompts_app.llm.answer import Answer, clean_json
from prompts_app.llm.calls import Opened, parse_json
from prompts_app.llm.errors import LLMError
from prompts_app.llm.failures import detail, not_json
from prompts_app.llm.sse import Event, Parser, TooLargeError
from prompts_app.llm.types import Delta, Finished

# Many small pieces become about twenty a second: each costs the visitor's browser, too.
SECONDS_BETWEEN = 0.05
# After the provider said why it stopped, only the token count is still to come.
SECONDS_FOR_USAGE = 5.0
# Blank bytes before anything else, which some servers send while they wait.
BLANK_BYTES = 65_536
_BLANK = b"\xef\xbb\xbf \t\r\n"


class Reading:
    """The state of one answer being read. `events` yields its deltas, then one Finished."""

    def __init__(self, opened: Opened, api_key: str, *, streamed: bool) -> None:
        limits = opened.limits
        self.answer = Answer(limits.max_chars, api_key)
        self._opened = opened
        self._limits = limits
        self._api_key = api_key
        self._streamed = streamed
        self._parser = Parser(limits.max_event_bytes)
        self._loop = asyncio.get_running_loop()
        self._done = False
        self._progress: float | None = None
        self._ttft: int | None = None
        self._any_event = False

    async def events(self) -> AsyncGenerator[Delta | Finished, None]:
        """Raises LLMError, without `partial`: the caller knows `answer`."""
        head = await self._head()
        raw: dict[str, Any] | None = None
        start = head.lstrip(_BLANK)[:1]
        if start == b"<":
            raise not_json(head, self._api_key)
        if start in (b"{", b"["):
            raw = await self._whole(head)
            if self.answer.text:
                yield Delta(self.answer.text)
        else:
            chunk: bytes | None = head
            while chunk is not None and not self._done:
                text, failure = self._taken(self._take(chunk))
                if text:
                    yield Delta(text)
                if failure is not None:
                    raise failure
                if not self._done:
                    not_before = self._loop.time() + SECONDS_BETWEEN if text else 0.0
                    chunk = await self._next(not_before)
            if not self._done:
                text, failure = self._taken(self._rest())
                if text:
                    yield Delta(text)
                if failure is not None:
                    raise failure
        yield self._finished(raw)

    async def _head(self) -> bytes:
        """The first bytes, up to one that is not blank."""
        head = b""
        while True:
            chunk = await self._next()
            if chunk is None:
                return head
            head += chunk
            if head.lstrip(_BLANK):
                return head
            if len(head) > BLANK_BYTES:
                raise LLMError("bad_answer", detail="nothing but blanks", status=200)

    async def _next(self, not_before: float = 0.0) -> bytes | None:
        """The next bytes; None at the end, or where enough is known to end well."""
        answer = self.answer
        deadline = self._opened.deadline
        if self._progress is None:
            code, until = "no_first_token", self._first_until()
        elif answer.finish_reason is not None:
            code, until = "silent", self._progress + SECONDS_FOR_USAGE
        else:
            code, until = "silent", self._progress + self._limits.silence
        if until >= deadline:
            code, until = "too_slow", deadline
        failure: LLMError | None = None
        try:
            chunk = await self._opened.read(until, not_before)
        except TimeoutError:
            waited = self._opened.milliseconds() / 1000
            failure = LLMError(code, detail=f"{waited:.1f} s after the request", status=200)
        except LLMError as error:
            if error.code != "cut_off":
                raise
            failure = error
        else:
            if chunk is None and not self._ended_well():
                raise LLMError("cut_off", detail="the connection ended", status=200)
            return chunk
        if answer.finish_reason is not None:
            return None
        failure.__context__ = None
        raise failure

    def _first_until(self) -> float:
        if not self._streamed:
            return self._opened.deadline
        return self._opened.started + self._limits.first_token

    def _ended_well(self) -> bool:
        return (
            self._opened.says_where_it_ends
            or self._done
            or self.answer.finish_reason is not None
            or not self._any_event
        )

    def _taken(self, texts: Iterator[str]) -> tuple[str, LLMError | None]:
        """All texts as one, and the error that ended them: what came before it goes out first."""
        pieces: list[str] = []
        failure: LLMError | None = None
        try:
            for text in texts:
                pieces.append(text)  # noqa: PERF402 - extend() promises nothing about an error
        except LLMError as error:
            failure = error
        if pieces and self._ttft is None:
            self._ttft = self._opened.milliseconds()
        return "".join(pieces), failure

    def _take(self, chunk: bytes) -> Iterator[str]:
        too_large = False
        try:
            for event in self._parser.feed(chunk):
                yield from self._event(event)
                if self._done:
                    return
        except TooLargeError:
            too_large = True
        if too_large:
            cap = self._limits.max_event_bytes
            raise LLMError("too_large", detail=f"one event of more than {cap} bytes", status=200)

    def _rest(self) -> Iterator[str]:
        for event in self._parser.end():
            yield from self._event(event)

    def _event(self, event: Event) -> Iterator[str]:
        self._any_event = True
        data = event.data.strip()
        if data == b"[DONE]":
            self._done = True
            return
        is_error = event.name == b"error"
        if not data and not is_error:
            return
        answer = self.answer
        for chunk in self._objects(data, is_error=is_error):
            text = answer.add(chunk, is_error=is_error)
            if answer.progressed:
                self._progress = self._loop.time()
            if text:
                yield text
            if answer.full:
                self._done = True
                return

    def _objects(self, data: bytes, *, is_error: bool) -> list[Any]:
        try:
            chunk, replaced = parse_json(data)
        except ValueError:
            pass
        else:
            if replaced:
                self.answer.labels.add("bad_utf8")
            return [chunk]
        if is_error:
            return [data.decode("utf-8", "replace")]
        if b"\n" in data:
            # A server that forgets the blank line between two events.
            return [one for line in data.split(b"\n") for one in self._objects_line(line)]
        raise not_json(data, self._api_key)

    def _objects_line(self, line: bytes) -> list[Any]:
        line = line.strip()
        if line == b"[DONE]":
            self._done = True
            return []
        return self._objects(line, is_error=False) if line else []

    async def _whole(self, head: bytes) -> dict[str, Any]:
        """One JSON answer; added to `answer` and returned as plain JSON."""
        cap = self._limits.max_event_bytes + 12 * self._limits.max_chars
        body = head + await self._opened.read_all(cap)
        try:
            whole, replaced = parse_json(body)
        except ValueError:
            whole = replaced = None
        if replaced is None:
            raise not_json(body.lstrip(_BLANK), self._api_key)
        if isinstance(whole, list) and len(whole) == 1:
            whole = whole[0]
        self.answer.add(whole)
        if replaced:
            self.answer.labels.add("bad_utf8")
        if self._streamed:
            self.answer.labels.add("not_streamed")
        result: dict[str, Any] = clean_json(whole)
        return result

    def _finished(self, raw: dict[str, Any] | None) -> Finished:
        answer = self.answer
        text = answer.text
        if not text and not answer.may_be_empty:
            if answer.odd is not None:
                odd = detail(f"no choices in {answer.odd!r}", self._api_key)
                raise LLMError("bad_answer", detail=odd, status=200)
            if self._parser.junk and not self._any_event:
                raise not_json(self._parser.junk, self._api_key)
            raise LLMError("empty_answer", detail="an answer without text", status=200)
        return Finished(
            text=text,
            finish_reason=answer.finish_reason,
            model_answered=answer.model_answered,
            response_id=answer.response_id,
            usage=answer.usage,
            refused=self._opened.left_out,
            sent=self._opened.sent,
            ttft_ms=self._ttft,
            latency_ms=self._opened.milliseconds(),
            raw=answer.assembled() if raw is None else raw,
            labels=answer.finish_labels(),
        )
