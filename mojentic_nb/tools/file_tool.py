"""The form of the tools that use files.

Law: files are reached through `folder` only.
"""

from __future__ import annotations

from mojentic_nb.tools.folder import Folder
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["FileTool"]


class FileTool(KitTool):
    """A tool that uses the files its policy allows."""

    @property
    def folder(self) -> Folder:
        """The files it may use."""
        return Folder(self.policy.roots, limits=self.policy.limits)
