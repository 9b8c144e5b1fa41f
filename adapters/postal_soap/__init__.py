"""The post's tracking service by SOAP: our own published contract `postal-tracking`, with us as the client.

`codes` says what the post's event codes mean (UPU EMSEVT, list M40), `translate` turns a GetItemHistory reply or a
PushEvents body into records, `tickets` does so with the answers of tickets, `client` asks (GetItemHistory with its
pages, OpenTicket, GetItemsByTicket, Ping), `sandbox` with `sandbox_soap` is the post: it answers, and it pushes to us.
`contract/` says where the contract comes from.

What walks through: numbers of items go out one by one, histories come back page by page; a body that the post pushed
to our SOAP server comes in through `read_push`, with the same table of codes. An item that the post does not know
simply has no events. A history counts as complete only when the post says so, we asked for all of it, and every event
could be read.

Who may import it: the registry, the gateway through the ports. It imports schemas and the kit.
"""
