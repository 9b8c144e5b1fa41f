"""Writes docs/interop.md."""

from tests.interop import page

if __name__ == "__main__":
    page.PAGE.write_text(page.written(), "utf-8")
