"""EAD.xml: what the dossier is, for the people who search the archive. EAD3.

The circular names the file and not its version; EAD3 is taken, because the E-ARK specification that it follows uses it.
The owner is named, because archives are searched by name; identity numbers, addresses and telephone numbers are not.
"""

from lxml import etree

from scanning.archive.order import ArchiveOrder, file_name, local
from scanning.archive.xml import add, root, written

SCHEMA = "http://ead3.archivists.org/schema/ https://www.loc.gov/ead/ead3.xsd"
_EXTENT = {"coverage": "whole", "physdescstructuredtype": "spaceoccupied"}


def ead(order: ArchiveOrder) -> bytes:
    """The description of the dossier and a line for each document."""
    told = root("ead:ead", "xsi", attributes={"xsi:schemaLocation": SCHEMA})
    _control(told, order)
    dossier = order.dossier
    what = add(told, "ead:archdesc", attributes=_plain(level="file"))
    facts = add(what, "ead:did")
    add(facts, "ead:unitid", dossier.code)
    add(facts, "ead:unittitle", f"{order.procedure_name} - {dossier.owner.name}")
    _dates(facts, order)
    extent = add(facts, "ead:physdescstructured", attributes=_EXTENT)
    add(extent, "ead:quantity", str(len(order.files)))
    add(extent, "ead:unittype", "tài liệu PDF/A")
    made_by = add(add(facts, "ead:origination"), "ead:corpname")
    add(made_by, "ead:part", order.unit(dossier.competent_unit))
    add(add(facts, "ead:langmaterial"), "ead:language", "Tiếng Việt", _plain(langcode="vie"))
    _access_points(what, order)
    _history(what, order)
    _documents(what, order)
    return written(told)


def _control(told: etree._Element, order: ArchiveOrder) -> None:
    control = add(told, "ead:control")
    add(control, "ead:recordid", order.package_id)
    title = add(add(control, "ead:filedesc"), "ead:titlestmt")
    add(title, "ead:titleproper", f"Hồ sơ {order.dossier.code}")
    add(control, "ead:maintenancestatus", attributes=_plain(value="new"))
    agency = add(control, "ead:maintenanceagency")
    add(agency, "ead:agencyname", order.unit(order.dossier.competent_unit))
    add(control, "ead:languagedeclaration")
    add(control[-1], "ead:language", "Tiếng Việt", _plain(langcode="vie"))
    add(control[-1], "ead:script", "Latin", _plain(scriptcode="Latn"))
    event = add(add(control, "ead:maintenancehistory"), "ead:maintenanceevent")
    add(event, "ead:eventtype", attributes=_plain(value="created"))
    add(event, "ead:eventdatetime", local(order.made_at), _plain(standarddatetime=local(order.made_at)))
    add(event, "ead:agenttype", attributes=_plain(value="machine"))
    add(event, "ead:agent", f"lienthong {order.software}")


def _dates(facts: etree._Element, order: ArchiveOrder) -> None:
    dossier = order.dossier
    begun = dossier.submitted_at or dossier.created_at
    span = add(add(facts, "ead:unitdatestructured"), "ead:daterange")
    add(span, "ead:fromdate", local(begun)[:10], _plain(standarddate=local(begun)[:10]))
    if dossier.closed_at is not None:
        add(span, "ead:todate", local(dossier.closed_at)[:10], _plain(standarddate=local(dossier.closed_at)[:10]))


def _access_points(what: etree._Element, order: ArchiveOrder) -> None:
    points = add(what, "ead:controlaccess")
    add(add(points, "ead:persname", attributes=_plain(relator="owner")), "ead:part", order.dossier.owner.name)
    add(add(points, "ead:subject"), "ead:part", order.field_name or order.procedure_name)
    add(add(points, "ead:function"), "ead:part", order.dossier.procedure)


def _history(what: etree._Element, order: ArchiveOrder) -> None:
    story = add(add(what, "ead:processinfo"), "ead:list")
    for step in order.dossier.history:
        unit = order.unit(step.unit)
        said = f"{local(step.at)} {step.state.value}" + (f" - {unit}" if unit else "")
        add(story, "ead:item", said + (f" ({step.reason})" if step.reason else ""))


def _documents(what: etree._Element, order: ArchiveOrder) -> None:
    parts = add(what, "ead:dsc")
    for number, file in enumerate(order.files, start=1):
        facts = add(add(parts, "ead:c", attributes=_plain(level="item")), "ead:did")
        name = file_name(order, number)
        add(facts, "ead:unitid", name)
        add(facts, "ead:unittitle", f"Tài liệu {number}, {file.document.pages} trang")
        add(facts, "ead:dao", attributes=_plain(daotype="derived", href=f"representations/rep1/data/{name}"))


def _plain(**attributes: str) -> dict[str, str]:
    """Attributes without a namespace, as EAD has them."""
    return attributes
