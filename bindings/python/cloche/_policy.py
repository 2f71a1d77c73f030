"""Policies and audit logs, without a sandbox."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import _cloche
from ._errors import ArgumentError
from ._options import PolicyLike, read_policy, to_json
from ._values import checked_text, encode_path


class PolicyReport(NamedTuple):
    """What a policy grants, in words; or, if it is not ``good``, where it is wrong."""

    good: bool
    lines: list[str]
    details: dict[str, Any]


def check_policy(
    policy: PolicyLike, *, tool: str | None = None, parameters: Mapping[str, Any] | None = None
) -> PolicyReport:
    """What a policy (a file or a dict) grants. With ``tool``, whether a fresh sandbox would allow
    that call.

    >>> policy = {"version": 1, "tools": [{"tool": "pay", "where": {"amount": {"le": 100}}}]}
    >>> check_policy(policy).lines
    ['may call pay with amount up to 100', 'sees no files of the host']
    >>> check_policy(policy, tool="pay", parameters={"amount": 200}).good
    False
    """
    if policy is None:
        raise ArgumentError("there is no policy to check")
    read = read_policy(policy)
    if tool is None:
        return _report(_cloche.check_policy(read.text, read.name))
    given = to_json("the parameters", dict(parameters or {}))
    name = checked_text("the name of a tool", tool, 1024)
    return _report(_cloche.check_policy_call(read.text, read.name, name, given))


def _report(given: tuple[bool, list[str], str]) -> PolicyReport:
    good, lines, text = given
    return PolicyReport(good, lines, json.loads(text) if text else {})


class AuditVerdict(NamedTuple):
    """What reading an audit log again shows: docs/audit.md."""

    whole: bool
    ended: bool
    problem: str
    first: int
    last: int
    head: str


def verify_audit(path: str | os.PathLike[str]) -> AuditVerdict:
    """Reads an audit log, and the files that were set aside of it."""
    return AuditVerdict(*_cloche.verify_audit(os.fsdecode(encode_path("the audit log", path))))
