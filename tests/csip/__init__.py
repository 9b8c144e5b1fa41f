"""The validator of archive packages, E-ARK's own, in a process of its own: `python -m tests.csip.validate FOLDER`."""
