"""Our SOAP against foreign stacks.

`cases`            what the matrix asks, and what the foreign servers answer
`stacks`           the foreign stacks, each a process that lives for a whole run
`drivers`          starts them and speaks with them
`house`            our server in a process of its own; ``/seen`` tells what was on the wire
`test_our_server`  zeep, npm soap, PHP and Java against our server
`test_our_client`  our client against spyne, npm soap, PHP and Java
`test_generators`  gSOAP and Java's wsimport read the WSDL as it is served
`limits`           the cells that a stack cannot do, and why; a cell that learns it fails its test
`page`             all of it as docs/interop.md (``python -m tests.interop``), which a test holds

`test_zeep` and `test_postal_sandbox` are older and look deeper at one peer each.
"""
