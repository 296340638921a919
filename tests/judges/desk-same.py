"""What the desk showed for a reader is what the relay got for them, octet for octet,
but for Date and what is signed with it."""

import pathlib
import sys

folder, shown = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_bytes()
left = next(folder.glob("*-reader-042@example.org.eml")).read_bytes()


def timeless(message):
    head, _, body = message.partition(b"\r\n\r\n")
    fields = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]
    return fields, body.rstrip(b"\r\n")


if timeless(shown) != timeless(left):
    sys.exit("error: the mail that left is not the mail that was shown")
