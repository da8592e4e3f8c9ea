"""Objects that are still being written: text in pieces, and what is known so far.

Law: values only, no I/O. Nothing half is shown as if it were whole: no number that may
go on, no half word where only certain words are allowed. Each letter is read a bounded
number of times, however small the pieces.
"""

from mojentic_nb.partial.document import UNSET, Document, Open
from mojentic_nb.partial.growth import Growth

__all__ = ["UNSET", "Document", "Growth", "Open"]
