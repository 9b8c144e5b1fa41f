"""Recordings of VNPost HCC. So far all are of our own sandbox: nobody here has recorded the real gateway yet.

`NAME.http` is one exchange as `_kit/http` keeps it (redacted), request and reply; `NAME.expected.json` is what our
client must make of it. `python -m tests.recorded.vnpost_hcc.record` records them anew; look at the difference before
you commit it. A recording of the real gateway is added the same way, as one more pair of files.
"""
