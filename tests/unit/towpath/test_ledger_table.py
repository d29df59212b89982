"""The table of a ledger: what DynamoDB says of its stream, and what it is asked for."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.ledger_table import comparable, create_request, stream_arn, stream_requests

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/webapp-prod-releases/stream/2026-01-01T00:00:00.000"
OFF = {"StreamEnabled": False}
WHOLE = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
KEYS_ONLY = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}

NEVER = {}
ENDED = {"LatestStreamArn": ARN}
SAID_TO_HAVE_ENDED = {"StreamSpecification": OFF, "LatestStreamArn": ARN}
OF_WHOLE_ENTRIES = {"StreamSpecification": WHOLE, "LatestStreamArn": ARN}
OF_KEYS = {"StreamSpecification": KEYS_ONLY, "LatestStreamArn": ARN}


@pytest.mark.parametrize(
    ("table", "has_it", "arn", "to_begin", "to_end"),
    [
        pytest.param(NEVER, False, "", [WHOLE], [], id="never had one"),
        pytest.param(ENDED, False, "", [WHOLE], [], id="had one"),
        pytest.param(SAID_TO_HAVE_ENDED, False, "", [WHOLE], [], id="is said to have none"),
        pytest.param(OF_WHOLE_ENTRIES, True, ARN, [OFF, WHOLE], [OFF], id="has it"),
        pytest.param(OF_KEYS, False, ARN, [OFF, WHOLE], [OFF], id="has another kind"),
    ],
)
def test_a_stream_of_whole_entries_is_told_from_others(table, has_it, arn, to_begin, to_end):
    assert comparable(table, {}, [])["stream"] == has_it
    assert stream_arn(table) == arn
    assert stream_requests(table, True) == to_begin
    assert stream_requests(table, False) == to_end


@pytest.mark.parametrize(("asked", "stream"), [({}, None), ({"stream": False}, None), ({"stream": True}, WHOLE)])
def test_a_table_is_created_with_its_stream(asked, stream):
    assert create_request("webapp-prod-releases", asked).get("StreamSpecification") == stream
