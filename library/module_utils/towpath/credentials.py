"""What is wrong with the AWS credentials of a shell, and what to type. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

# AWS's codes, and the SDK's names of errors.
NONE = {"NoCredentialsError", "PartialCredentialsError", "NoAuthTokenError"}
_NO_LOGIN = {
    "UnauthorizedSSOTokenError",
    "SSOTokenLoadError",
    "TokenRetrievalError",
    "LoginRefreshRequired",
    "LoginTokenLoadError",
}
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", *_NO_LOGIN}
NOT_KNOWN_TO_AWS = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "AuthFailure",
}
NOT_REACHED = {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyConnectionError", "SSLError"}
NOT_ALLOWED = re.compile(r"AccessDenied|Unauthorized(?!SSO)|NotAuthorized")

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_NAMES = {"access_key": "AWS_ACCESS_KEY_ID", "secret_key": "AWS_SECRET_ACCESS_KEY", "token": "AWS_SESSION_TOKEN"}

Profiles = Mapping[str, Mapping[str, str]]


class Source(NamedTuple):
    """Where a shell has its credentials from: its profile, if it names one, and what ~/.aws/config says of all."""

    profile: str
    keys: bool
    profiles: Profiles

    @property
    def name(self) -> str:
        """The profile that counts; none beside keys."""
        return self.profile or ("" if self.keys else "default")


def source(environment: Mapping[str, str], profiles: Profiles) -> Source:
    profile = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE") or ""
    return Source(profile, bool(environment.get("AWS_ACCESS_KEY_ID")), profiles)


def refusal(of: Source) -> str:
    """What is wrong with it before anything is asked for; empty when nothing is."""
    if of.profile and of.keys:
        return (
            f"This shell names the profile {of.profile} in AWS_PROFILE and keys in AWS_ACCESS_KEY_ID, expected one of "
            "them. Type unset AWS_PROFILE; or unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN."
        )
    if of.profile and of.profile not in of.profiles:
        known = f"expected one of: {', '.join(sorted(of.profiles))}" if of.profiles else "and no other profile is there"
        return (
            f"There is no AWS profile {of.profile}, which AWS_PROFILE names, {known}. "
            f"Type export AWS_PROFILE=NAME with one that is there; or make it with aws configure sso --profile "
            f"{of.profile}."
        )
    if asks := next((name for name, one in _chain(of) if "role_arn" in one and "mfa_serial" in one), ""):
        return (
            f"The AWS profile {asks} asks for an MFA code (mfa_serial), and a module of Ansible has no terminal to ask "
            f"on. {_take_a_session(of)}, which asks for it once."
        )
    return ""


def unreadable(found: Mapping[str, Any], of: Source) -> str:
    """Which of the credentials holds what none has, such as the line end of a paste; empty when all may be right."""
    for part, variable in _NAMES.items():
        value = found.get(part)
        if value and not re.fullmatch(r"[!-~]+", value):
            where = f"of the profile {of.profile}" if of.profile else f"in {variable}"
            what = (
                "has a line end at its end"
                if value.rstrip("\r\n") != value
                else "holds a space or another such character"
            )
            named = {"access_key": "access key", "secret_key": "secret key", "token": "session token"}[part]
            return f"The {named} {where} {what}, expected letters, digits and signs alone. Set it again without."
    return ""


def trouble(code: str, message: str, of: Source) -> str:
    """Why there are no credentials, where to get them failed with this code (or the SDK's name of the error)."""
    if code in NONE:
        half = message.partition("missing: ")[2]
        lacks = f"half of its AWS credentials, {half} is missing" if half else "no AWS credentials"
        return f"This shell has {lacks}. {way(of)}"
    if code in _NO_LOGIN:
        return f"The profile {of.name} has no login that still holds. {way(of)}"
    if code in EXPIRED:
        return f"{_whose(of)} have expired. {way(of)}"
    if code == "MissingDependencyException" and _kind(of) == "login":
        return (
            f"The AWS profile {of.name} is one of aws login, which Python needs botocore[crt] for. "
            f'{_take_a_session(of)}; or pip install "botocore[crt]".'
        )
    if code in NOT_REACHED:
        return f"AWS does not answer: {message}. Look at the network, and at AWS_ENDPOINT_URL (unset means AWS itself)."
    if NOT_ALLOWED.search(code):
        return f"AWS gives no credentials for the profile {of.name}: {message}. {way(of)}"
    lead = f"The AWS credentials {f'of the profile {of.profile}' if of.profile else 'of this shell'} cannot be read"
    runs = next((name for name, one in _chain(of) if "credential_process" in one), "")
    advice = f"Run the credential_process of the profile {runs} by itself, and mend it." if runs else way(of)
    return f"{lead}: {message.strip().rstrip('.: ') or code}. {advice}"


def advice(code: str, message: str, operation: str, of: Source) -> str:
    """What to do about a call that AWS refused for who asked; empty when that is not why."""
    if code in NONE or code in EXPIRED:
        return trouble(code, message, of)
    if code in NOT_KNOWN_TO_AWS:
        return f"AWS does not know the credentials of this shell. {way(of)}"
    if NOT_ALLOWED.search(code):
        found = re.search(r"perform: ([\w-]+:\w+)", message)
        action = found[1] if found else operation
        who = re.search(r"arn:[\w-]+:(?:iam|sts)::\d*:([\w+=,.@/-]+)", message)
        name = who[1] if who else "These credentials"
        lacks = f"{name} may not {action}, which this needs."
        if "explicit deny" in message:
            return f"{lacks} A policy denies it by name: let whoever runs the account lift that, or use others."
        return f"{lacks} Allow that action in a policy of theirs, or use other credentials."
    return ""


def way(of: Source) -> str:
    """How to get credentials that are good, as this shell gets its own."""
    keys = f"export {_KEYS}"
    if of.keys and not of.profile:
        return f"Take new keys and {keys}, with AWS_SESSION_TOKEN where there is one."
    shown = f" --profile {of.name}" if of.profile else ""
    ways = {"sso": f"Type aws sso login{shown}.", "login": f"Type aws login{shown}."}
    if (kind := _kind(of)) in ways:
        return ways[kind]
    if of.profile:
        return f"Look at the profile {of.profile} in ~/.aws/config; or unset AWS_PROFILE and {keys}."
    return f"Type aws sso login --profile NAME and export AWS_PROFILE=NAME; or {keys}."


def _take_a_session(of: Source) -> str:
    return (
        f'Type eval "$(aws configure export-credentials --profile {of.name} --format env)" && '
        "unset AWS_PROFILE AWS_DEFAULT_PROFILE"
    )


def _whose(of: Source) -> str:
    return f"The AWS credentials of the profile {of.profile}" if of.profile else "The AWS credentials of this shell"


def _kind(of: Source) -> str:
    for _, one in _chain(of):
        if "sso_session" in one or "sso_start_url" in one:
            return "sso"
        if "login_session" in one:
            return "login"
    return ""


def _chain(of: Source) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The profile that counts, and those that it takes its own credentials from."""
    name, seen = of.name, set[str]()
    while name and name not in seen and name in of.profiles:
        seen.add(name)
        yield name, of.profiles[name]
        name = of.profiles[name].get("source_profile", "")
