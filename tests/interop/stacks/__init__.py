"""The foreign stacks of the matrix, one folder or module each; they know our contract and nothing else of ours.

Each is a process that lives for the whole run. A client takes one JSON object a line and answers with one
(`tests.interop.drivers` writes down the words); a server takes the scenarios of `tests.interop.cases` as a file, tells
its port and serves until its stdin ends.
"""
