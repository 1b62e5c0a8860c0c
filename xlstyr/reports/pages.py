"""The rows of the budget pages: what each line picks from the cube."""

from xlstyr.layout.content import RowContent, Value
from xlstyr.model.money import Kr
from xlstyr.model.organisation import Node
from xlstyr.model.premises import Frame
from xlstyr.reports.scope import Scope
from xlstyr.words import word

ALL = "*"
RULES = ("political", "demography", "price", "change", "capital")


def page_rows(scope: Scope) -> dict[str, list[RowContent]]:
    """The rows of every page that shows money, by table."""
    frames = _frames(scope)
    return {
        "by_part": _by_part(scope),
        "by_activity": _by_activity(scope),
        "by_group": _by_group(scope),
        "frames": frames,
        "brief_frames": [
            RowContent(row.id, {"part": row.values["part"], "complete": row.values["complete"]}) for row in frames
        ],
        "bridge": _bridge(scope),
        "areas": _areas(scope),
        "tie_outs": _tie_outs(scope),
    }


def _section(key: str, column: str, title: str) -> RowContent:
    return RowContent(f"#{key}", {column: title}, "section")


def _of(scope: Scope, part: Node) -> str:
    given, expected = scope.completeness(part)
    return word("pages.of", given=given, expected=expected)


def _by_part(scope: Scope) -> list[RowContent]:
    """Per part income, cost and net cost; then the sum, central finance and the result."""
    rows: list[RowContent] = []
    for part in scope.parts:
        central = part.id in scope.central
        rows.append(_section(part.id, "line", scope.label(part)))
        rows += _three(scope.label(part), "F" if central else "N", part.id, _of(scope, part))
    if scope.central and len(scope.parts) > 1:
        rows.append(_section("sum", "line", word("pages.sum_committees")))
        rows += _three(ALL, "N", "sum", None)
        rows.append(_sum_row("result", word("pages.result"), ALL, ALL, -1))
    else:
        rows.append(_section("sum", "line", word("pages.sum_all")))
        rows += _three(ALL, ALL, "sum", None)
    return rows


def _three(part: str, sphere: str, key: str, complete: str | None) -> list[RowContent]:
    sides = (("income", "I", -1, "normal"), ("cost", "K", 1, "normal"), ("net", ALL, 1, "sum"))
    rows = []
    for name, side, sign, variant in sides:
        values: dict[str, Value] = {
            "line": word(f"pages.{name}"),
            "part_key": part,
            "sphere_key": sphere,
            "side_key": side,
            "sign": sign,
            "complete": complete if name == "net" else None,
            "sum_key": "part" if name == "net" and part != ALL else None,
        }
        rows.append(RowContent(f"{key}-{name}", values, variant))
    return rows


def _sum_row(key: str, title: str, part: str, sphere: str, sign: int) -> RowContent:
    values: dict[str, Value] = {"line": title, "part_key": part, "sphere_key": sphere, "side_key": ALL, "sign": sign}
    return RowContent(key, values, "sum")


def _by_activity(scope: Scope) -> list[RowContent]:
    """Activities under their areas, with the areas' sums; central finance stands for itself."""
    used = {line.activity for _, line in scope.lines}
    inhabitants = scope.premises.settings.inhabitants if scope.node.parent is None else None
    rows: list[RowContent] = []
    shared = {area.values["area"] for area in _areas(scope)}
    for area in dict.fromkeys(activity.area for activity in scope.premises.activities.values()):
        heads = inhabitants if area in shared else None
        inside = [a for a in scope.premises.activities.values() if a.area == area and a.activity in used]
        if not inside:
            continue
        rows.append(_section(area, "line", area))
        for activity in inside:
            title = f"{activity.activity} {activity.name}"
            rows.append(_activity(activity.activity, title, area, activity.activity, heads, "activity"))
        rows.append(_activity(f"sum-{area}", word("pages.sum_of", what=area), area, ALL, heads, None))
    rows.append(_activity("sum", word("pages.net_all"), ALL, ALL, None, None))
    return rows


def _activity(
    key: str, title: str, area: str, activity: str, inhabitants: int | None, sum_key: str | None
) -> RowContent:
    values: dict[str, Value] = {
        "line": title,
        "area_key": area,
        "activity_key": activity,
        "sphere_key": ALL,
        "inhabitants": inhabitants,
        "sum_key": sum_key,
    }
    return RowContent(key, values, "normal" if sum_key else "sum")


def _by_group(scope: Scope) -> list[RowContent]:
    used = {
        scope.premises.accounts[line.account].group
        for _, line in scope.lines
        if line.account in scope.premises.accounts
    }
    rows: list[RowContent] = []
    for side, letter, sign in (("income", "I", -1), ("cost", "K", 1)):
        groups = [g for g in scope.premises.groups.values() if g.side == side and g.group in used]
        rows.append(_section(side, "line", word(f"pages.{side}")))
        rows += [_group(group.group, group.group, group.group, letter, sign) for group in groups]
        rows.append(_group(f"sum-{side}", word(f"pages.sum_{side}"), ALL, letter, sign))
    rows.append(_group("sum", word("pages.net_all"), ALL, ALL, 1))
    return rows


def _group(key: str, title: str, group: str, side: str, sign: int) -> RowContent:
    values: dict[str, Value] = {
        "line": title,
        "group_key": group,
        "side_key": side,
        "sphere_key": ALL,
        "sign": sign,
    }
    return RowContent(key, values, "sum" if group == ALL else "normal")


def _part_frame(scope: Scope, part: Node) -> Frame | None:
    """The frame of a part; the node's own part is what its children leave of its frame."""
    frame = scope.premises.frames.get(part.id)
    if part.id != scope.node.id or frame is None:
        return frame
    frames = scope.premises.frames
    children = [frames[c.id] for c in scope.premises.organisation.children(part.id) if c.id in frames]

    def rest(whole: Kr | None, parts: list[Kr | None]) -> Kr:
        return (whole or 0) - sum(amount or 0 for amount in parts)

    changes = {rule: rest(getattr(frame, rule), [getattr(child, rule) for child in children]) for rule in RULES}
    return Frame(part.id, rest(frame.previous, [child.previous for child in children]), **changes)


def _frames(scope: Scope) -> list[RowContent]:
    rows = []
    for part in scope.parts:
        frame = _part_frame(scope, part)
        if frame is None:
            continue
        given, expected = scope.completeness(part)
        own = part.id == scope.node.id
        values: dict[str, Value] = {
            "part": word("pages.own", name=scope.label(part)) if own else scope.label(part),
            "part_key": scope.label(part),
            "previous": frame.previous,
            **{rule: getattr(frame, rule) for rule in RULES},
            "complete": word("pages.of", given=given, expected=expected),
            "gap": int(given < expected),
        }
        rows.append(RowContent(part.id, values))
    return rows


def _bridge(scope: Scope) -> list[RowContent]:
    """Last year's frame + the five rules = the new frame (MODEL.md section 3)."""
    frames = [frame for part in scope.parts if (frame := _part_frame(scope, part)) is not None]
    after = sum(frame.previous for frame in frames)
    year = scope.premises.settings.year
    rows = [_step("previous", word("pages.frame", year=year - 1), after, after, 1)]
    for rule in RULES:
        change = sum(getattr(frame, rule) or 0 for frame in frames)
        after += change
        rows.append(_step(rule, word(f"pages.rules.{rule}"), change, after, 0))
    return [*rows, _step("frame", word("pages.frame", year=year), after, after, 1)]


def axis_min(scope: Scope) -> Kr:
    """Where the bridge's axis starts: low enough for every step, high enough to see them."""
    amounts = [row.values["after"] for row in _bridge(scope)]
    low = min((amount for amount in amounts if isinstance(amount, int)), default=0)
    high = max((amount for amount in amounts if isinstance(amount, int)), default=0)
    return max(0, low - max(high - low, abs(low) // 50))


def _step(key: str, title: str, amount: Kr, after: Kr, whole: int) -> RowContent:
    return RowContent(key, {"step": title, "amount": amount, "after": after, "whole": whole})


def _areas(scope: Scope) -> list[RowContent]:
    used = {
        scope.premises.activities[line.activity].area
        for _, line in scope.lines
        if line.activity in scope.premises.activities
    }
    central = {
        scope.premises.activities[line.activity].area
        for row, line in scope.lines
        if row.owner in scope.central and line.activity in scope.premises.activities
    }
    inhabitants = scope.premises.settings.inhabitants if scope.node.parent is None else None
    areas = dict.fromkeys(a.area for a in scope.premises.activities.values() if a.area in used - central)
    return [RowContent(area, {"area": area, "inhabitants": inhabitants}) for area in areas]


def _tie_outs(scope: Scope) -> list[RowContent]:
    """Every sum that must agree, with what it must agree with."""
    rows = [
        _tie("facts", word("pages.tie.facts"), "facts", word("pages.tie.facts_about")),
        _tie("parts", word("pages.tie.parts"), "parts", word("pages.tie.pages_about")),
        _tie("activities", word("pages.tie.activities"), "activities", word("pages.tie.pages_about")),
        _tie(
            "internal", word("pages.tie.internal"), "internal", word("pages.tie.internal_about"), gap=not scope.complete
        ),
        _tie("sorted", word("pages.tie.sorted"), "sorted", word("pages.tie.sorted_about"), given=0),
    ]
    frame = scope.premises.frames.get(scope.node.id)
    if frame is not None:
        rows.append(
            _tie("frames", word("pages.tie.frames"), "frames", word("pages.tie.frames_about"), given=frame.frame)
        )
    if scope.node.parent is None:
        for comparison in scope.premises.comparisons:
            title = word("pages.tie.published", code=comparison.code, name=comparison.name)
            row = _tie(
                f"p-{comparison.code}",
                title,
                "published",
                comparison.source,
                key=comparison.code,
                given=comparison.net_cost,
                gap=not scope.complete,
            )
            rows.append(row)
    return rows


def _tie(
    key_id: str, what: str, kind: str, about: str, key: str | None = None, given: Kr | None = None, gap: bool = False
) -> RowContent:
    values: dict[str, Value] = {
        "what": what,
        "kind": kind,
        "key": key,
        "given": given,
        "about": about,
        "tolerance": 999 if kind == "published" else 0,
        "gap": int(gap),
    }
    return RowContent(key_id, values)
