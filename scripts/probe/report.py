"""What a run found, as lines to read and as a report that can be shared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scripts.probe.run import Finding, Verdict, counted


def line(finding: Finding) -> str:
    """One finding as a line, with a second one where it is not as the double."""
    fact = finding.fact
    shown = f"{fact.name:<24} {finding.verdict:<14} {fact.about}"
    if finding.verdict is Verdict.NOT_TRIED:
        return f"{shown}\n{'':<24} ({finding.why})"
    if finding.verdict is Verdict.AS_THE_DOUBLE:
        return f"{shown}: {finding.seen}"
    meaning = f" ({finding.meaning})" if finding.meaning else ""
    return f"{shown}\n{'':<24} seen: {finding.seen}{meaning}\n{'':<24} double: {fact.double}"


def summary(findings: Sequence[Finding]) -> str:
    """How many facts were as at the double, different, or not tried."""
    return ", ".join(f"{count} {verdict}" for verdict, count in counted(findings).items())


def document(provider: str, findings: Sequence[Finding], *, at: datetime) -> dict[str, Any]:
    """The report: what was tried and seen, without ids, addresses, tokens or texts of anybody."""
    return {
        "provider": provider,
        "date": at.date().isoformat(),
        "counts": counted(findings),
        "facts": [
            {
                "fact": finding.fact.name,
                "row": finding.fact.row,
                "about": finding.fact.about,
                "verdict": finding.verdict.value,
                "seen": finding.seen,
                "double": finding.fact.double,
                "meaning": finding.meaning,
                "why": finding.why,
            }
            for finding in findings
        ],
    }


def written(provider: str, findings: Sequence[Finding], *, at: datetime) -> str:
    """The report as JSON text."""
    return json.dumps(document(provider, findings, at=at), indent=2, ensure_ascii=False) + "\n"
