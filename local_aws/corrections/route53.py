"""Route 53: DNSSEC."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement  # nosec: writes XML, parses none

from ministack.services import route53


def a_zone_says_that_it_is_not_signed() -> None:
    """GetDNSSEC answers NOT_SIGNING for a zone on which nobody turned DNSSEC on.

    Amazon Route 53 API Reference, GetDNSSEC and DNSSECStatus.
    """
    handle = route53.handle_request

    async def corrected(method: str, path: str, headers: Any, body: Any, query_params: Any) -> Any:
        asked = re.fullmatch(r"/2013-04-01/hostedzone/([^/]+)/dnssec", path)
        if not asked or method != "GET":
            return await handle(method, path, headers, body, query_params)
        found = await handle("GET", f"/2013-04-01/hostedzone/{asked[1]}", headers, b"", {})
        return found if found[0] != 200 else route53._xml_response("GetDNSSECResponse", not_signing)

    def not_signing(root: Element) -> None:
        SubElement(SubElement(root, "Status"), "ServeSignature").text = "NOT_SIGNING"
        SubElement(root, "KeySigningKeys")

    route53.handle_request = corrected
