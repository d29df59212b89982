#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: notification_topic
short_description: Create, change or delete an SNS topic with its subscriptions
description:
  - Makes a standard topic of the account what its options say. An option that is not given is not touched.
  - It is here because C(community.aws.sns_topic) has no option for encryption, fails in check mode on a topic
    that is not there yet, and takes away the subscriptions that it does not name unless told otherwise.
author: Contributors to Towpath
options:
  name:
    description: Name of the topic, of the characters A-Z, a-z, 0-9, C(-) and C(_).
    type: str
    required: true
  state:
    description:
      - Whether the topic is to be there.
      - V(absent) takes its subscriptions away first.
    type: str
    choices: [present, absent]
    default: present
  display_name:
    description: Name of the sender in mails, up to 100 characters.
    type: str
  kms_master_key_id:
    description:
      - Key that encrypts the messages, as key id, ARN or alias. Empty means that they are not encrypted.
      - What publishes to the topic needs C(kms:GenerateDataKey*) and C(kms:Decrypt) on the key. The key
        C(alias/aws/sns) gives these to no other AWS service, so CloudWatch's alarms need a key of the account.
    type: str
  policy:
    description:
      - Who may do what with the topic. It replaces the whole policy.
      - It is compared by its meaning, so the order of its parts does not matter.
    type: dict
  subscriptions:
    description:
      - What the topic sends to. Those that are not named stay unless O(purge_subscriptions) is set.
      - One by C(email), C(http) or to another account sends nothing until its receiver confirmed it, within two days.
    type: list
    elements: dict
    suboptions:
      protocol:
        description: How the messages are brought.
        type: str
        required: true
        choices: [application, email, email-json, firehose, http, https, lambda, sms, sqs]
      endpoint:
        description: Where to, such as the ARN of a Lambda function or an address. In check mode it may be empty.
        type: str
        required: true
  purge_subscriptions:
    description:
      - Whether to take away the subscriptions that O(subscriptions) does not name.
      - Those that nobody confirmed yet stay, for SNS takes them away by itself and lets nobody else do it.
    type: bool
    default: false
  tags:
    description: All tags that the topic is to have. Those that AWS sets itself stay.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what it would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows the options that differ, before and after.
"""

EXAMPLES = r"""
- name: Create the topic of the alarms
  notification_topic:
    name: webapp-alarms
    kms_master_key_id: alias/webapp-notifier
    subscriptions:
      - protocol: lambda
        endpoint: arn:aws:lambda:us-east-1:123456789012:function:webapp-notifier-alarms

- name: Take the topic away
  notification_topic:
    name: webapp-alarms
    state: absent
"""

RETURN = r"""
topic:
  description: The topic; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the topic, in check mode too.
      type: str
      returned: when present
      sample: arn:aws:sns:us-east-1:123456789012:webapp-alarms
    name:
      description: Name of the topic.
      type: str
      returned: when present
      sample: webapp-alarms
    display_name:
      description: As the option of the same name; so are the others.
      type: str
      returned: when present
      sample: ""
    kms_master_key_id:
      description: Key that encrypts the messages; empty when they are not encrypted.
      type: str
      returned: when present
      sample: alias/webapp-notifier
    policy:
      description: Who may do what with the topic.
      type: dict
      returned: when present
      sample: {}
    subscriptions:
      description: All that the topic sends to, or will once it is confirmed, with protocol and endpoint.
      type: list
      elements: dict
      returned: when present
      sample: []
    tags:
      description: The topic's tags.
      type: dict
      returned: when present
      sample: {}
"""

from typing import Any

from ansible.module_utils.towpath import sns_api as sns
from ansible.module_utils.towpath import sts_api as sts
from ansible.module_utils.towpath import topic as topics
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies


def arn_of(module: AnsibleAWSModule, name: str) -> str:
    """The ARN that a topic of the account has, whether it is there or not."""
    caller = sts.get_caller_identity(module.client("sts"))
    partition = caller["Arn"].split(":")[1]
    return f"arn:{partition}:sns:{module.region}:{caller['Account']}:{name}"


def present(
    module: AnsibleAWSModule, client: sns.SnsClient, arn: str, attributes: dict[str, str] | None
) -> dict[str, Any]:
    name = module.params["name"]
    there = attributes is not None
    tags = sns.list_tags(client, arn) if there else {}
    subscriptions = sns.list_subscriptions(client, arn) if there else []
    before = topics.comparable(attributes or {}, tags, subscriptions)
    asked = topics.wanted(module.params, before, [one for one in subscriptions if topics.is_pending(one)])
    if "policy" in asked and not compare_policies(before["policy"], asked["policy"]):
        asked["policy"] = before["policy"]

    changes = differences(before, asked) if there else differences({}, {"name": name, **asked})
    if changes and not module.check_mode:
        changed = {one.field: one.after for one in changes}
        if there:
            sns.set_topic_attributes(client, arn, topics.attributes_request(changed))
            sns.replace_tags(client, arn, tags, changed.get("tags", tags))
        else:
            sns.create_topic(client, topics.create_request(name, asked))
        change_subscriptions(client, arn, subscriptions, changed.get("subscriptions", before["subscriptions"]))
    what = f"the topic {name}"
    msg = f"Changed {sentence(changes)} of {what}." if changes else f"Nothing to change in {what}."
    return {
        "changed": bool(changes),
        "diff": diff(changes),
        "msg": msg if there else f"Created {what}.",
        "topic": {"arn": arn, "name": name, **before, **asked},
    }


def change_subscriptions(
    client: sns.SnsClient, arn: str, found: list[dict[str, str]], wanted: list[dict[str, str]]
) -> None:
    """New ones first, so that no message finds nobody."""
    there = {(one["Protocol"], one["Endpoint"]): one["SubscriptionArn"] for one in found}
    named = [(one["protocol"], one["endpoint"]) for one in wanted]
    for protocol, endpoint in named:
        if (protocol, endpoint) not in there:
            sns.subscribe(client, arn, protocol, endpoint)
    for subscription, subscription_arn in there.items():
        if subscription not in named:
            sns.unsubscribe(client, subscription_arn)


def absent(
    module: AnsibleAWSModule, client: sns.SnsClient, arn: str, attributes: dict[str, str] | None
) -> dict[str, Any]:
    name, there = module.params["name"], attributes is not None
    if there and not module.check_mode:
        # SNS lists the subscriptions of a topic that is gone for a while, and they end at nobody.
        for one in sns.list_subscriptions(client, arn):
            if not topics.is_pending(one):
                sns.unsubscribe(client, one["SubscriptionArn"])
        sns.delete_topic(client, arn)
    return {
        "changed": there,
        "diff": {"before": {"name": name} if there else {}, "after": {}},
        "msg": f"Deleted the topic {name}." if there else f"There is no topic {name}.",
        "topic": {},
    }


def main() -> None:
    protocols = ["application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"]
    subscription = {
        "protocol": {"type": "str", "required": True, "choices": protocols},
        "endpoint": {"type": "str", "required": True},
    }
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "display_name": {"type": "str"},
            "kms_master_key_id": {"type": "str", "no_log": False},
            "policy": {"type": "dict"},
            "subscriptions": {"type": "list", "elements": "dict", "options": subscription},
            "purge_subscriptions": {"type": "bool", "default": False},
            "tags": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    if module.params["tags"] is not None:
        module.params["tags"] = {key: str(value) for key, value in module.params["tags"].items()}
    if problem := topics.refusal(module.params, planned=module.check_mode):
        module.fail_json(msg=problem)
    client = module.client("sns")
    try:
        arn = arn_of(module, module.params["name"])
        found = sns.get_topic_attributes(client, arn)
        result = {"present": present, "absent": absent}[module.params["state"]](module, client, arn, found)
    except (sns.SnsError, sts.StsError) as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
