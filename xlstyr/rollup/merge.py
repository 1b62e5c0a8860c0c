"""Roll-up is merge: associative, commutative and idempotent, so the route by which answers come doesn't matter."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple

from xlstyr.model.bundle import Bundle, Contribution


def merge(one: Bundle, other: Bundle) -> Bundle:
    """Both bundles together: per node and stage the highest rank stays.

    Equal rank with differing digests both stay; that is a conflict, which checks/between names and figures leave out.
    """
    return bundle_of(contribution for bundle in (one, other) for said in bundle.values() for contribution in said)


def bundle_of(contributions: Iterable[Contribution]) -> Bundle:
    """The merge of single contributions, in one pass."""
    best: dict[tuple[str, str], tuple[int, int, int]] = {}
    kept: dict[tuple[str, str], dict[str, Contribution]] = defaultdict(dict)
    for contribution in contributions:
        key = (contribution.node, contribution.stage)
        rank = best.get(key)
        if rank is None or contribution.rank > rank:
            best[key] = contribution.rank
            kept[key] = {contribution.digest: contribution}
        elif contribution.rank == rank:
            rival = kept[key].get(contribution.digest)
            kept[key][contribution.digest] = contribution if rival is None else min(rival, contribution, key=order)
    return {key: frozenset(rivals.values()) for key, rivals in kept.items()}


def order(contribution: Contribution) -> tuple[object, ...]:
    """The same content from two files: the one of which more counts stands, then the certified one, whatever the route.

    Of two certifications the first stands, of two that are lifted the one lifted last.
    """
    source = contribution.rows[0].origin.source if contribution.rows else None
    parts, signature, lifted = sorted(contribution.parts), contribution.signature, contribution.lifted
    signed = ("1",) if signature is None else ("0", signature.at.isoformat(), *map(str, astuple(signature)))
    file = ("", "") if source is None else (source.sha256, source.name)
    since = -lifted.timestamp() if lifted is not None else 0.0
    return (-len(parts), parts, signed, since, *file, repr(contribution.findings))


def settled(bundle: Bundle, stage: str) -> dict[str, Contribution]:
    """What counts at ``stage``, by node: contributions without a rival."""
    return {node: next(iter(said)) for (node, when), said in bundle.items() if when == stage and len(said) == 1}
