"""VNPost, commercial interface (donhang / my.vnpost): orders of letters and parcels, their prices, a signed webhook.

Orders go out (`Booking`); VNPost gives the item its number. What an order would cost (`Pricing`), what VNPost's list
says of our orders (`OrderListing`, and as events `TrackingPull`) and its lists of places (`AddressBook`) are read.
News is pushed (`TrackingPush`): each delivery carries its RSA signature inside the body.

Three things to keep in mind: an order is cancelled by VNPost's own id, which is looked up by the item's number; whether
a repeated order is recognised is not proven, so an unanswered one is looked for and else parked; and a delivery is
believed only after its signature, over exactly `Data` and `SendDate`, was verified by a pinned key.

Who may import it: nobody by name; the registry finds it.
"""
