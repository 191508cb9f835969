"""Reads the one file of a multipart body, and its short texts, while it arrives."""

from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tuyen_attachments.naming import clean_name
from tuyen_gateway.errors import InvalidError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FIELD = "file"

_HEADER_BYTES = 8 * 1024
"""The headers of one part of the body: its name, its file's name, its type."""

_TEXT_BYTES = 1024
_TEXTS = 10
"""Texts beside the file, and the bytes of each; others are skipped."""


class UploadedFile:
    """The file in the field `file` of a body. Other files are skipped, and of other fields the
    first short ones are in `texts` once all of the file was read.

    Nothing is kept in memory but what arrived last. Raises InvalidError, while it is read, for a
    body that is not `multipart/form-data`, has no such field, or ends within it.
    """

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        kind, options = parse_options_header(content_type.encode("latin-1", "replace"))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise InvalidError("", f"Send `multipart/form-data` with the field `{FIELD}`.")
        self._body = body
        self._part = _Part()
        try:
            self._parser = MultipartParser(boundary, self._part.callbacks())
        except FormParserError as error:
            raise InvalidError("", f"The boundary is not valid: {error}") from None

    @property
    def texts(self) -> Mapping[str, str]:
        return self._part.texts

    async def read_name(self) -> str | None:
        """The name of the file, without folders, once its headers have arrived; None if it has
        none."""
        while not self._part.found:
            if not await self._feed():
                raise InvalidError(FIELD, f"The body has no field `{FIELD}` with a file.")
        return self._part.file_name

    async def parts(self) -> AsyncIterator[bytes]:
        """The content of the file; the rest of the body is read as well, and skipped."""
        while True:
            while self._part.data:
                yield self._part.data.popleft()
            if not await self._feed():
                break
        if not self._part.ended:
            raise InvalidError(FIELD, "The body ends within the file.")

    async def _feed(self) -> bool:
        """Parses what arrives next; false at the end of the body."""
        arrived = await anext(self._body, None)
        if arrived is None:
            return False
        try:
            self._parser.write(arrived)
        except FormParserError as error:
            raise InvalidError("", f"The body is not valid multipart: {error}") from None
        return True


class _Part:
    """Collects what the parser reports of the first part that is the wanted file."""

    def __init__(self) -> None:
        self.found = False
        self.ended = False
        self.file_name: str | None = None
        self.data: deque[bytes] = deque()
        self.texts: dict[str, str] = {}
        self._wanted = False
        self._text_name: str | None = None
        self._text = bytearray()
        self._header = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._header_bytes = 0

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_to_name,
            "on_header_value": self._add_to_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._decide,
            "on_part_data": self._add_data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._headers, self._header_bytes = {}, 0

    def _add_to_name(self, data: bytes, start: int, end: int) -> None:
        self._add(self._header[0], data[start:end])

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._add(self._header[1], data[start:end])

    def _add(self, to: bytearray, more: bytes) -> None:
        self._header_bytes += len(more)
        if self._header_bytes > _HEADER_BYTES:
            raise InvalidError("", f"A part has more than {_HEADER_BYTES} bytes of headers.")
        to += more

    def _end_header(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = bytearray(), bytearray()

    def _decide(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._wanted = (
            not self.found and options.get(b"name") == FIELD.encode() and b"filename" in options
        )
        if self._wanted:
            self.found = True
            self.file_name = clean_name(options[b"filename"].decode("utf-8", "replace"))

        elif b"filename" not in options and len(self.texts) < _TEXTS:
            self._text_name = options.get(b"name", b"").decode("utf-8", "replace")
            self._text = bytearray()

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self.data.append(bytes(data[start:end]))
        elif self._text_name is not None and len(self._text) <= _TEXT_BYTES:
            self._text += data[start:end]

    def _end(self) -> None:
        if self._text_name is not None and len(self._text) <= _TEXT_BYTES:
            self.texts[self._text_name] = self._text.decode("utf-8", "replace")
        self._text_name = None
        if self._wanted:
            self._wanted, self.ended = False, True
