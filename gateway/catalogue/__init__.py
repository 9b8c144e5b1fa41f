"""What holds on a day: working calendars, who succeeded whom, what an agreement covers.

What walks through: dated rows of the store (:class:`schemas.ports.house_stores.CatalogueStore`) on their way to an
answer for one day. Nothing is ever renamed in place, so every question names its day.

``calendars`` builds the :class:`schemas.calendar.WorkCalendar` record from the holiday library and the override table;
:mod:`tracking.deadlines` counts with it. ``succession`` follows mergers and renamings of units, chained and dated.
``agreements`` says what the post may take in, and which procedures of a unit no agreement covers.

Who may import it: the gateway. The holiday library lives here and nowhere else.
"""
