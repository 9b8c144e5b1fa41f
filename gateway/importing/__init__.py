"""What others exported, taken into the store: dossiers, items and events line by line, and a carrier's report.

``lines`` reads a file and keeps what cannot be used, ``records`` makes records of lines, ``taking`` puts them into the
store in transactions, ``reports`` reads a carrier's report. The command is ``gateway.cli.operations_import``.
"""
