"""The digest and counts of a folder tree; a separate module because `file_tree` is slow to import."""

import msgspec


class Measured(msgspec.Struct, frozen=True):
    """Digest and counts of a folder tree. Two folders with the same digest are the same to a service."""

    digest: str
    files: int
    left_out: int
