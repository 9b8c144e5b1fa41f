"""Giao Hàng Nhanh (GHN), public API v2: tracking only.

Its webhook (`TrackingPush`) signs nothing. By default a push is therefore a hint: the order is asked about by its code
(`TrackingPull`), and only that answer is believed. Where GHN calls from known network addresses, or our address carries
a secret, the setting `webhook_proof` lets pushes count at once.

`waiting_to_return` is not yet a return: GHN keeps the order for a day, in which it may be delivered again. The
direction turns with `return`, and from then on a delivery would be one to the sender.

Who may import it: nobody by name; the registry finds it.
"""
