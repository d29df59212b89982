"""AWS Certificate Manager: validation by DNS."""

from __future__ import annotations

import hashlib
import string
from typing import Any

from ministack.services import acm, route53


def a_certificate_is_issued_when_its_records_are_there() -> None:
    """A certificate with DNS validation is PENDING_VALIDATION until the DNS has the records that ACM named for it.

    AWS Certificate Manager User Guide, "AWS Certificate Manager DNS validation"; API Reference, DomainValidation.
    Every zone of the account counts as delegated, because nobody else's DNS is asked here.
    """
    request, describe = acm._request_certificate, acm._describe_certificate

    def pending(data: dict[str, Any]) -> Any:
        before = set(acm._certificates)
        answer = request(data)
        for arn in set(acm._certificates) - before:
            certificate = acm._certificates[arn]
            if data.get("ValidationMethod") == "DNS":
                certificate["Status"] = "PENDING_VALIDATION"
        return answer

    def looked_at(data: dict[str, Any]) -> Any:
        certificate = acm._certificates.get(data.get("CertificateArn", ""))
        if certificate and certificate["Status"] == "PENDING_VALIDATION":
            options = certificate["DomainValidationOptions"]
            for option in options:
                option["ValidationStatus"] = "SUCCESS" if _is_there(option["ResourceRecord"]) else "PENDING_VALIDATION"
            if all(option["ValidationStatus"] == "SUCCESS" for option in options):
                certificate["Status"] = "ISSUED"
        return describe(data)

    acm._request_certificate, acm._describe_certificate = pending, looked_at
    acm._validation_options = _validation_options


def _validation_options(domain: str, method: str) -> dict[str, Any]:
    """The record of a domain: the same for its wildcard, in every region, each time."""
    base = domain.removeprefix("*.")
    name, value = (hashlib.sha256(f"{kind} {base}".encode()).hexdigest() for kind in ("name", "value"))
    letters = "".join(string.ascii_lowercase[int(digit, 16)] for digit in value[32:42])
    record = {
        "Name": f"_{name[:32]}.{base}.",
        "Type": "CNAME",
        "Value": f"_{value[:32]}.{letters}.acm-validations.aws.",
    }
    return {
        "DomainName": domain,
        "ValidationDomain": domain,
        "ValidationMethod": method,
        "ValidationStatus": "PENDING_VALIDATION",
        "ResourceRecord": record,
    }


def _is_there(record: dict[str, str]) -> bool:
    return any(
        found["Name"] == record["Name"] and record["Value"].rstrip(".") in [v.rstrip(".") for v in values]
        for records in route53._records.values()
        for found in records
        if found["Type"] == "CNAME" and (values := found.get("ResourceRecords", []))
    )
