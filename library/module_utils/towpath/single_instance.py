"""One instance by name, replaced when it is not what it should be. Pure functions: no AWS, no Ansible.

Names of fields: the API reference of Amazon EC2, RunInstances and Instance.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from typing import Any

from .aws_tags import tag_list
from .differences import Difference, differences

LAUNCHED_WITH_TAG = "towpath:launched-with"

# In bytes, before base64. Amazon EC2 User Guide, "Run commands when you launch an instance".
LONGEST_USER_DATA = 16384

METADATA_OPTIONS = {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1}


def launched_with(options: dict[str, Any]) -> str:
    """A short name for what an instance does not say of itself later on."""
    told = [options["image_parameter"], options["user_data"], options["volume_gib"]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def wanted(options: dict[str, Any]) -> dict[str, Any]:
    return {
        "instance_profile_name": options["instance_profile_name"],
        "instance_type": options["instance_type"],
        "launched_with": launched_with(options),
        "metadata_options": METADATA_OPTIONS,
        "security_group_ids": sorted(options["security_group_ids"]),
        "state": "running",
        "subnet_id": options["subnet_id"],
    }


def comparable(instance: dict[str, Any]) -> dict[str, Any]:
    """What DescribeInstances answers, in the terms of ``wanted``."""
    metadata = instance.get("MetadataOptions", {})
    state = instance["State"]["Name"]
    return {
        "instance_profile_name": (instance.get("IamInstanceProfile") or {}).get("Arn", "").rpartition("/")[2],
        "instance_type": instance["InstanceType"],
        "launched_with": tags(instance).get(LAUNCHED_WITH_TAG, ""),
        "metadata_options": {name: metadata.get(name) for name in METADATA_OPTIONS},
        "security_group_ids": sorted(
            {group["GroupId"] for interface in instance["NetworkInterfaces"] for group in interface["Groups"]}
        ),
        # It will run soon, and whoever gives it its address waits for that.
        "state": "running" if state == "pending" else state,
        "subnet_id": instance["SubnetId"],
    }


def tags(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", [])}


def choose(
    found: list[dict[str, Any]], options: dict[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]], list[Difference]]:
    """Return the instance to keep (empty: a new one is needed), those to take away, and why the newest will not do."""
    asked = wanted(options)
    if not found:
        return {}, [], differences({}, asked)
    kept = next((one for one in found if not differences(comparable(one), asked)), {})
    why = [] if kept else differences(comparable(found[0]), asked)
    return kept, [one for one in found if one is not kept], why


def run_request(options: dict[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    """The request of RunInstances."""
    at_launch = own_tags(options) | {LAUNCHED_WITH_TAG: launched_with(options)}
    request: dict[str, Any] = {
        "ImageId": image["ImageId"],
        "InstanceType": options["instance_type"],
        "UserData": packed(options["user_data"]),
        "MetadataOptions": METADATA_OPTIONS,
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "SubnetId": options["subnet_id"],
                "Groups": sorted(options["security_group_ids"]),
                # It reaches its packages from the first moment, and exchanges this address for its own later.
                "AssociatePublicIpAddress": True,
            }
        ],
        "BlockDeviceMappings": [
            {
                "DeviceName": image["RootDeviceName"],
                "Ebs": {
                    "VolumeSize": options["volume_gib"],
                    "VolumeType": "gp3",
                    "Encrypted": True,
                    "DeleteOnTermination": True,
                },
            }
        ],
        "TagSpecifications": [{"ResourceType": kind, "Tags": tag_list(at_launch)} for kind in ("instance", "volume")],
    }
    if options["instance_profile_name"]:
        request["IamInstanceProfile"] = {"Name": options["instance_profile_name"]}
    if re.match(r"t\d\w*[.]", options["instance_type"]):
        # Unlimited, AWS's own choice for newer ones, costs extra where somebody keeps it busy.
        request["CreditSpecification"] = {"CpuCredits": "standard"}
    return request


def own_tags(options: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in options["tags"].items()} | {"Name": options["name"]}


def packed(user_data: str) -> bytes:
    """User data as cloud-init unpacks it, which lets more than 16 KiB of text through."""
    return gzip.compress(user_data.encode(), mtime=0)


def refusal(options: dict[str, Any]) -> str:
    """Say what AWS would not take; nothing when nothing is wrong."""
    size = len(packed(options["user_data"]))
    if size > LONGEST_USER_DATA:
        return f"The user data is {size} bytes long even when packed, expected at most {LONGEST_USER_DATA}. Shorten it."
    return ""


def host_keys(console: str) -> list[str]:
    """The machine's public host keys, as cloud-init writes them on its console: no network lies in between."""
    block = re.search(r"BEGIN SSH HOST KEY KEYS-+(.*?)-+END SSH HOST KEY KEYS", console, re.DOTALL)
    return re.findall(r"(?:ssh|ecdsa)-\S+ AAAA[A-Za-z0-9+/]+=*", block.group(1)) if block else []


def fingerprint(host_key: str) -> str:
    """A public key's fingerprint, as ssh shows it when it asks."""
    digest = hashlib.sha256(base64.b64decode(host_key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
