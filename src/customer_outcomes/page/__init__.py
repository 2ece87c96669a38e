"""The page published/index.html: one file with the figures, their charts and their definitions, which opens offline.

It is made from the published relations alone, never from pay, and needs no other file and no network. `page_of` returns
it. A reader without scripts, and a printer, see the charts as drawn here; with scripts a reader can choose a subject.
"""

from __future__ import annotations

from .writing import page_of

__all__ = ["page_of"]
