"""Blots out what looks like a password, a key or a token in a line of a log. Pure functions."""

from __future__ import annotations

import re

_HIDDEN = "***"

# The particular stand before the general, which would leave the rest of them behind.
_SECRETS = (
    # A private key, also one that a log has in one line, or cut off.
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), _HIDDEN),
    # Who has such an address may post: Slack's documentation of incoming webhooks.
    (re.compile(r"(https://hooks\.slack(?:-gov)?\.com/)[\w/.-]+"), rf"\1{_HIDDEN}"),
    (re.compile(r"\bxox[a-z]-[\w-]{10,}|\bxapp-[\w-]{10,}|\bxoxe\.[\w.-]{10,}"), _HIDDEN),
    (re.compile(r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,})"), _HIDDEN),
    # A JSON Web Token: three parts, the first of which is {" in base64.
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"), _HIDDEN),
    # An access key's prefixes: the IAM user guide, "Understanding unique ID prefixes".
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), _HIDDEN),
    (re.compile(r"(://[^:/?#@\s]*):[^/@\s]+@"), rf"\1:{_HIDDEN}@"),
    (
        re.compile(r"(?i)\b(authorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:\w+\s+)?|bearer\s+)[\w.~+/=-]{8,}"),
        rf"\1{_HIDDEN}",
    ),
    # key=value, key: value and "key": "value". The word may stand anywhere in the name, as in SECRET_KEY_BASE.
    (
        re.compile(
            r"(?i)((?:password|passwd|passphrase|\bpwd|secret(?:[_-]?key)?|token|(?:api|access|private)[_-]?key)"
            r"(?:[_-][a-z0-9]+)*\\?[\"']?\s*(?:=>|[=:])\s*)"
            r"(?:\\\"[^\"\\]*\\\"|\"(?:[^\"\\]|\\.)*(?:\"|\Z)|'[^']*(?:'|\Z)|(?!\*\*\*)[^\s\"',;&)}\]\\]+)"
        ),
        rf"\1{_HIDDEN}",
    ),
    # A secret access key has no prefix: 40 characters of base64 that are no digest in hexadecimal and no path.
    (
        re.compile(
            r"(?<![\w/+])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*\d)[A-Za-z0-9/+]{40}(?![\w/+=])"
        ),
        _HIDDEN,
    ),
)


def masked(text: str) -> str:
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text
