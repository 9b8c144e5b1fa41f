"""The loops that run beside the edges: what must happen without anybody asking.

``supervisor`` keeps loops alive; ``inbox`` applies what came in (T2); ``feeds`` asks carriers (pull); ``reports`` asks
one-stop systems, ``documents`` the document axis; ``rules`` runs the rules that time alone can break; ``scans`` feeds
the scan line from the hot folder. The lanes of :mod:`gateway.outbox` run here too.

Every loop is bounded work in short transactions, finds its work in rows, and can be killed at any moment: started
again, it goes on. A loop that fails is logged, waits, and starts anew; its neighbours do not notice.
Imported by :mod:`gateway.wiring` only.
"""
