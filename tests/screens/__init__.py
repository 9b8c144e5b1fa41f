"""Every screen of the console as a picture: `make screenshots`, which runs `python -m tests.screens`.

The demo's stage is set in a temporary folder, the story is played, some work is left undone, and then a real browser
walks through the console in both languages, on a wide and on a narrow screen. Pictures land in `tests/screens/out`,
which is not kept; the few that the documents show are in `docs/images`.

Not part of `make test`: a picture must be looked at. What can be told without looking (a page wider than the screen, an
error in the browser, a text of a template left in Vietnamese on an English page) fails the run.
"""
