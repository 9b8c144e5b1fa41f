"""VNPost, public administrative service (HCC), through an NGSP or LGSP gateway.

Orders go out (`Booking`): collect a dossier from a citizen, or bring a result to one; a dossier may be announced with
both legs (`Registering`), and a leg's price asked (`Pricing`). News comes in by one change feed over all orders of the
customer (`TrackingFeed`), read with a stored cursor and an overlap. What became of an unanswered order is looked up in
the same feed (`OutcomeQuery`); where it shows nothing, nobody can tell. By the setting ``api`` the interface of 2016
takes the place of all this: orders, and questions by number (`TrackingPull`).

Three things to keep in mind: reply Status 101 is an unknown outcome, not an acceptance; only StatusCode 4 has a
published meaning; and an order number is shared by collect, return and retry (domain model §1.1–1.4).

Who may import it: nobody by name; the registry finds it.
"""
