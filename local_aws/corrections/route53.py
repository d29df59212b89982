"""Route 53: DNSSEC, and where names lead."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement  # nosec: writes XML, parses none

from ministack import app
from ministack.services import alb, cloudfront, route53


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


def a_name_leads_where_its_record_says() -> None:
    """A request for a name is answered by what its alias record points to: a load balancer, or a distribution.

    Amazon Route 53 Developer Guide, "Choosing between alias and non-alias records", "Using an asterisk (*) in the names
    of hosted zones and records". A distribution answers only to the names among its Aliases: CloudFront API Reference,
    DistributionConfig; Developer Guide, "Use wildcards in alternate domain names". There is no DNS here, so the Host
    header is looked up instead: curl -H 'Host: staging.example.com' reaches it.
    """
    find, may_be, label = alb.find_lb_for_host, app._is_potential_alb_request, app._parse_cloudfront_dataplane_host

    def find_by_record(host: str) -> Any:
        return find(host) or find(_alias_of(host))

    def may_be_by_record(host: str, path: str) -> Any:
        return may_be(host, path) or may_be(_alias_of(host), path)

    def label_by_record(host: str) -> Any:
        if direct := label(host):
            return direct
        found = label(_alias_of(host))
        distribution = cloudfront.find_distribution_for_label(found) if found else None
        aliases = cloudfront._get_distribution_aliases(distribution) if distribution else []
        return found if set(_stand_for(_name(host))) & set(aliases) else None

    alb.find_lb_for_host = find_by_record
    app._is_potential_alb_request, app._parse_cloudfront_dataplane_host = may_be_by_record, label_by_record


def _name(host: str) -> str:
    return host.partition(":")[0].lower()


def _stand_for(name: str) -> list[str]:
    """What a name is looked up by: itself, then each domain above it with a star."""
    labels = name.split(".")
    return [name, *(".".join(["*", *labels[place:]]) for place in range(1, len(labels)))]


def _alias_of(host: str) -> str:
    """Where the alias record of a name leads; empty when it has none. A star stands for names without any record."""
    all_records = [record for records in route53._records.values() for record in records]
    for name in _stand_for(_name(host)):
        if found := [record for record in all_records if record["Name"] == f"{name}."]:
            leads = [one["AliasTarget"]["DNSName"] for one in found if one["Type"] == "A" and "AliasTarget" in one]
            return str(leads[0]).rstrip(".") if leads else ""
    return ""


def a_star_is_written_as_its_code() -> None:
    """A name with a star is listed as \\052, and found under both spellings.

    Amazon Route 53 Developer Guide, "DNS domain name format", "Using an asterisk (*) in the names of hosted zones and
    records".
    """
    build, normalise = route53._build_record_set_el, route53._normalise_name

    def coded(parent: Element, record: dict[str, Any]) -> None:
        build(parent, record | {"Name": record["Name"].replace("*", "\\052")})

    route53._build_record_set_el = coded
    route53._normalise_name = lambda name: normalise(name).replace("\\052", "*")
