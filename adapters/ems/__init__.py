"""EMS Viet Nam, merchant API: tracking only.

News comes in by a webhook (`TrackingPush`) that signs nothing and wants its own `ems-transaction` back; an item's
journey can be asked for by its number (`TrackingPull`). The webhook is believed where the address that we registered
carries our secret (`?key=`), or where it comes from an allowed network address; otherwise it is a hint, and the item
is asked about.

Three codes are published (1 created, 2 approved, 4 under way). Every other one is news for a person until EMS tells
what it means; the setting `status_codes` takes the answer.

Who may import it: nobody by name; the registry finds it.
"""
