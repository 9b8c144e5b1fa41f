"""Giao Hàng Tiết Kiệm (GHTK), partner API: tracking only.

News comes in by a webhook (`TrackingPush`) as a form or as JSON; it is proven by the `hash` in the address that we
registered, and by nothing else. The state of an order can be asked for by its label (`TrackingPull`).

Three things to keep in mind: what a delivery man reports (123, 127, 128, 45, 49, 410) is no state of the order and
moves nothing; 6 and 11 tell of money; an answer by label is a state now, whose day is known and whose event is not.

Who may import it: nobody by name; the registry finds it.
"""
