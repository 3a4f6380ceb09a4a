"""Writes the generated parts of every file that has some."""

from __future__ import annotations

from service.docs.parts import FILES, ROOT, parts, renewed

if __name__ == "__main__":
    made = parts()
    for name in FILES:
        path = ROOT / name
        path.write_text(renewed(path.read_text(encoding="utf-8"), made), encoding="utf-8")
