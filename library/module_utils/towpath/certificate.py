"""A certificate of ACM: which one is ours, what to ask for, what its validation needs. No AWS, no Ansible.

Names of fields and statuses: the API reference of AWS Certificate Manager.
"""

from __future__ import annotations

import hashlib
from typing import Any

from .aws_tags import tag_list

Certificate = dict[str, Any]

# From these a certificate never becomes valid again: another one has to be requested.
DEAD = ("EXPIRED", "FAILED", "INACTIVE", "REVOKED", "VALIDATION_TIMED_OUT")


def names_of(certificate: Certificate) -> set[str]:
    """Every name that a certificate is for. ACM writes them in lower case."""
    return {certificate["DomainName"], *certificate.get("SubjectAlternativeNames", [])}


def is_ours(certificate: Certificate, name: str, names: list[str]) -> bool:
    """Whether a certificate was requested for just these names under our name, and may still be used."""
    return (
        certificate["Tags"].get("Name") == name
        and names_of(certificate) == {one.lower() for one in names}
        and certificate.get("Status", "") not in DEAD
    )


def find(certificates: list[Certificate], name: str, names: list[str]) -> Certificate | None:
    """Of several that are ours the issued one, and of those the newest."""
    ours = [one for one in certificates if is_ours(one, name, names)]
    return max(ours, key=lambda one: (one["Status"] == "ISSUED", str(one.get("CreatedAt", ""))), default=None)


def request(name: str, names: list[str], tags: dict[str, str]) -> dict[str, Any]:
    """The request of RequestCertificate. Within an hour the same token answers with the same certificate."""
    token = hashlib.sha256(" ".join([name, *names]).encode()).hexdigest()[:32]
    wanted: dict[str, Any] = {
        "DomainName": names[0],
        "ValidationMethod": "DNS",
        "IdempotencyToken": token,
        "Tags": tag_list(tags),
    }
    return wanted | ({"SubjectAlternativeNames": names[1:]} if names[1:] else {})


def validation_records(certificate: Certificate) -> list[dict[str, str]]:
    """The DNS records that prove the names are ours, each once: a name and its wildcard share one."""
    records = {
        option["ResourceRecord"]["Name"]: option["ResourceRecord"]
        for option in certificate.get("DomainValidationOptions", [])
        if "ResourceRecord" in option
    }
    return [{"name": one["Name"], "type": one["Type"], "value": one["Value"]} for one in records.values()]


def is_validated_by_dns(certificate: Certificate) -> bool:
    """Whether ACM has named a record for every domain: it does so some seconds after the request."""
    options = certificate.get("DomainValidationOptions", [])
    return bool(options) and all("ResourceRecord" in option for option in options)


def covers(pattern: str, name: str) -> bool:
    """Whether a name of a certificate stands for ``name``: a star is exactly one label."""
    if pattern.startswith("*."):
        return name.partition(".")[2].lower() == pattern[2:].lower()
    return pattern.lower() == name.lower()


def uncovered(certificate: Certificate, names: list[str]) -> list[str]:
    """The names that a browser would not accept this certificate for."""
    return [name for name in names if not any(covers(pattern, name) for pattern in names_of(certificate))]


def facts(certificate: Certificate | None, names: list[str]) -> dict[str, Any]:
    """What the modules answer with, the same keys whether there is a certificate or not."""
    found = certificate or {}
    return {
        "certificate_arn": found.get("CertificateArn", ""),
        "status": found.get("Status", ""),
        "reason": found.get("FailureReason", ""),
        "validation_records": validation_records(found),
        "records_known": is_validated_by_dns(found),
        "uncovered_names": uncovered(found, names) if found else names,
    }
