"""The web console: server-rendered pages for clerks, scanning operators and the operator on duty.

One module per screen (`login`, `home`, `intake`, `dossiers`, `cases`, `messages`, `scans`): it reads what the page
shows, calls a use case of :mod:`gateway.desk` for what a person decides, and renders a template. `render` holds the
Jinja2 environments and what every page has in common, `language` the two languages, `catalogue` the sentences,
`passwords` the log-in's hashes, `pages` puts the screens together.

What walks through: a form becomes the same pydantic model as the API's body, so a screen and a system are refused with
the same sentences, all of them at once. Pages work without scripts: nothing inline, nothing from elsewhere; every POST
carries the session's token and ends in a redirect. Numbers of citizens are masked; raw bytes of a message are shown to
operators only, and each look is in the audit log.

May import :mod:`gateway.inbound` (forms, views, doorkeeper), never the reverse. Jinja2, Babel and argon2 live only
here.
"""
