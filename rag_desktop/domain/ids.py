"""Names for the integers that identify rows, so that one kind never passes for another."""

from typing import NewType

FolderId = NewType("FolderId", int)
DocumentId = NewType("DocumentId", int)
ChunkId = NewType("ChunkId", int)
SpaceId = NewType("SpaceId", int)
TaskId = NewType("TaskId", int)
