"""Viettel Post, partner API v2 with the address lists of v3.

Orders go out (`Booking`), wishes about them too (`Instructing`, one type of UpdateOrder each), prices and address lists
are asked for (`Pricing`, `AddressBook`); news comes in by a webhook with a shared secret (`TrackingPush`). There is no
way to ask Viettel Post about an item, so what a webhook loses stays lost until the next one.

Four things to keep in mind: errors come as HTTP 200 with `error: true`; 503 is destroyed and not cancelled; 505 only
asks for a return, 515 grants it, and from then on a delivery is one to the sender; numbers of Viettel Post are no S10
(domain model §1.5). An order carries our reference with the leg behind it (`…-C1`), because Viettel Post refuses a
second order of one reference and a dossier may need several.

Who may import it: nobody by name; the registry finds it.
"""
