"""Images and documents that go with a message.

Law: values, complete when made: a missing or unreadable file is refused here, before
anything is sent. `parts` are the values, `images` and `documents` make them from what a
person has, `kinds` and `files` look at bytes.
"""

from mojentic_nb.media.documents import LARGEST_DOCUMENT, document_from, document_of
from mojentic_nb.media.files import quoted, read_bytes, read_text
from mojentic_nb.media.images import LARGEST_IMAGE, image_from, image_of
from mojentic_nb.media.parts import DocumentPart, ImagePart, Part, without_query

__all__ = [
    "DocumentPart",
    "ImagePart",
    "LARGEST_DOCUMENT",
    "LARGEST_IMAGE",
    "Part",
    "document_from",
    "document_of",
    "image_from",
    "image_of",
    "quoted",
    "read_bytes",
    "read_text",
    "without_query",
]
