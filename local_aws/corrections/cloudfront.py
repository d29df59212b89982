"""CloudFront: origins over HTTPS."""

from __future__ import annotations

import asyncio
import http.client
from typing import Any
from urllib.parse import parse_qs

from ministack.core.responses import StreamingResponse
from ministack.services import acm, alb, cloudfront


def an_origin_is_asked_over_https() -> None:
    """A load balancer is asked over HTTPS where its certificate is for the origin's name or for the Host passed on.

    Amazon CloudFront Developer Guide, "Requirements for using SSL/TLS certificates with CloudFront", "Domain names".
    Nothing is encrypted here: the HTTPS listener's rules are asked as the HTTP listener's are.
    """
    over_http = cloudfront._fetch_from_alb_origin

    async def corrected(
        lb: dict[str, Any],
        origin: dict[str, Any],
        method: str,
        uri: str,
        query: str,
        headers: dict[str, Any],
        body: bytes,
        viewer_is_https: bool,
        client_ip: str,
        viewer_xff: str,
    ) -> Any:
        host, port, use_https = cloudfront._origin_connect_target(origin, viewer_is_https)
        if not use_https:
            return await over_http(
                lb, origin, method, uri, query, headers, body, viewer_is_https, client_ip, viewer_xff
            )
        sent = cloudfront._origin_request_headers(origin, headers, client_ip, viewer_xff)
        sent = {name.lower(): value for name, value in sent.items()}
        names = {host.lower(), str(sent.get("host", "")).partition(":")[0].lower()}
        stand_for = {f"*.{name.partition('.')[2]}" for name in names}
        if not (names | stand_for) & _certificate_names(lb["LoadBalancerArn"], port):
            raise cloudfront.OriginUnreachable(f"no certificate on port {port} for {' or '.join(sorted(names))}")
        asked = parse_qs(query, keep_blank_values=True)
        answer = alb.dispatch_request(
            lb, method, uri, sent, body or b"", asked, port, client_ip="127.0.0.1", raw_query_string=query
        )
        seconds = origin.get("read_timeout", 30)
        try:
            status, answered, data = await asyncio.wait_for(answer, seconds)
        except TimeoutError as late:
            raise cloudfront.OriginTimeout(f"no answer from {host} within {seconds} s") from late
        if isinstance(data, StreamingResponse):
            data = await cloudfront._collect_streaming_body(data, seconds)
        pairs = [
            (name, value) for name, held in answered.items() for value in (held if isinstance(held, list) else [held])
        ]
        return status, http.client.responses.get(status, ""), pairs, data

    cloudfront._fetch_from_alb_origin = corrected


def _certificate_names(load_balancer: str, port: int) -> set[str]:
    """The names that the HTTPS listener on ``port`` has certificates for."""
    return {
        name.lower()
        for listener in alb._listeners.values()
        if (listener["LoadBalancerArn"], listener["Port"], listener["Protocol"]) == (load_balancer, port, "HTTPS")
        for arn in listener.get("Certificates", [])
        if (certificate := acm._certificates.get(arn))
        for name in certificate.get("SubjectAlternativeNames", [])
    }
