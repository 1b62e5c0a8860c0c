"""What each person types in the Danderyd sample: ``table;row;column;typed``, as a person would type it.

Budget changes come in pairs (one row down, another up) sized so that every node keeps within its frame.
``GAPS`` hand in nothing; ``VAGUE`` explain a large change badly or not at all, which gives warnings.
"""

import random

import danderyd_organisation as org
import danderyd_texts as texts
from danderyd_words import (
    ACTIONS,
    ADJUSTMENTS,
    AGREEMENTS,
    ANALYSES,
    CHANGES,
    INVESTMENTS,
    MESSAGES,
    MISSIONS,
    OWN_GOALS,
    REQUESTS,
    RISKS,
    SIGNED,
    STAFFING,
    VOLUMES,
)

GAPS = {
    "familjeratt",
    "overformyndaren",
    "flyktingmottagandet",
    "arbetsmarknadsenheten",
    "naringsliv",
    "avdelning-fastighet",
}
# node -> (row, change in tkr, comment). The first is over the limit and badly explained; the second pays for it.
VAGUE = {
    "lindhagens-aldreboende": [("5025-510", -420, ""), ("6410-510", 400, "Dyrare produkter i nytt avtal, +400 tkr.")],
    "hojdens-skola": [
        ("5025-440", -260, "Justering"),
        ("6460-440", 250, "Nya läromedel i alla ämnen i årskurs 7, +250 tkr."),
    ],
    "vikens-skola": [("7410-440", 330, ""), ("5021-440", -340, "En halv lärartjänst dras in, −340 tkr.")],
    "daglig-verksamhet": [
        ("5025-513", -260, "Enligt överenskommelse"),
        ("5020-513", 250, "En halv tjänst tillsätts i stället för timvikarier, +250 tkr."),
    ],
    "huvudbiblioteket": [
        ("6460-320", -340, "Se tidigare"),
        ("7420-320", 320, "Fler e-böcker och digitala medier, +320 tkr."),
    ],
}
# Rows that go down and up, per kind of unit: account and the comments that it may get
_VACANT = [
    "En tjänst är vakant till augusti, −{} tkr.",
    "Vi väntar med att återbesätta en tjänst, −{} tkr.",
    "Föräldraledighet täcks av kollegor en tid, −{} tkr.",
    "Pension i mars, ersättare från hösten, −{} tkr.",
]
_BUYING = [
    "Inköpen samordnas med andra enheter, −{} tkr.",
    "Gemensamma beställningar med grannen, −{} tkr.",
    "Vi lagar i stället för att köpa nytt, −{} tkr.",
]
_TRAINING = [
    "Hela gruppen går en utbildning under våren, +{} tkr.",
    "Två studiedagar med extern ledare, +{} tkr.",
    "Handledning varannan vecka, +{} tkr.",
]
_LICENCES = [
    "Licenser för fler användare, +{} tkr.",
    "Priset på vårt system höjs i januari, +{} tkr.",
    "Ny modul i planeringssystemet införs i mars, +{} tkr.",
]
DOWN = {
    "preschool": [
        (
            "5025",
            [
                "Färre vikarietimmar när schemat läggs om, −{} tkr.",
                "Avdelningarna täcker varandra vid frånvaro, −{} tkr.",
                "Färre barn på sommaren, vi delar hus i juli, −{} tkr.",
            ],
        ),
        ("6430", ["Mindre matsvinn och ny meny, −{} tkr.", "Maten lagas tillsammans med grannförskolan, −{} tkr."]),
        ("7490", _BUYING),
    ],
    "school": [
        ("5021", _VACANT),
        (
            "7410",
            [
                "Studiebesök ordnas i egen regi, −{} tkr.",
                "Nytt avtal om städning från mars, −{} tkr.",
                "Egna lärare håller kurserna i stället för inhyrda, −{} tkr.",
            ],
        ),
        ("7490", _BUYING),
    ],
    "care": [
        (
            "5025",
            [
                "Färre timmar när schemat planeras gemensamt, −{} tkr.",
                "Grundbemanningen täcker mer av frånvaron, −{} tkr.",
                "Färre timvikarier när helgerna bemannas av egen personal, −{} tkr.",
            ],
        ),
        ("5020", _VACANT),
        ("7490", _BUYING),
    ],
    "other": [
        (
            "7410",
            [
                "Färre konsulttimmar, −{} tkr.",
                "Mer görs av egen personal, −{} tkr.",
                "Ett avtal upphör i april, −{} tkr.",
            ],
        ),
        ("5020", _VACANT),
        ("7490", _BUYING),
    ],
}
UP = {
    "preschool": [
        ("6460", ["Nya böcker och lekmaterial, +{} tkr.", "Skapande material till ateljén, +{} tkr."]),
        ("5510", ["Barngrupperna får handledning varje månad, +{} tkr.", "Kurs i lågaffektivt bemötande, +{} tkr."]),
        (
            "7410",
            ["Städavtalet blir dyrare från mars, +{} tkr.", "Tvätten köps när tvättmaskinerna tjänat ut, +{} tkr."],
        ),
    ],
    "school": [
        (
            "6460",
            [
                "Nya läromedel i svenska och matematik, +{} tkr.",
                "Fler böcker till skolbiblioteket, +{} tkr.",
                "Nya läromedel i naturkunskap för mellanstadiet, +{} tkr.",
            ],
        ),
        ("6430", ["Nytt avtal om livsmedel, +{} tkr.", "Fler äter frukost på fritidshemmet, +{} tkr."]),
        (
            "7410",
            ["Fler bussresor när simundervisningen flyttar, +{} tkr.", "Städning av ny lokal från augusti, +{} tkr."],
        ),
    ],
    "care": [
        (
            "6410",
            [
                "Mer skyddsmaterial och förbrukning, +{} tkr.",
                "Alla medarbetare får egna arbetskläder, +{} tkr.",
                "Madrasser byts i åtta rum, +{} tkr.",
            ],
        ),
        ("5510", ["Alla medarbetare får utbildning i bemötande, +{} tkr.", *_TRAINING]),
        ("7420", _LICENCES),
    ],
    "other": [
        ("7420", _LICENCES),
        ("5510", _TRAINING),
        (
            "6410",
            [
                "Nya möbler till mötesrummet, +{} tkr.",
                "Mer förbrukningsmaterial, +{} tkr.",
                "Arbetskläder och verktyg byts ut, +{} tkr.",
            ],
        ),
    ],
}

SIDES = {account: side for account, _, name, *_ in org.ACCOUNTS for group, side, *_ in org.GROUPS if group == name}


class Sheet:
    """One person's workbook: what has been typed, and what it does to the net cost (kr)."""

    def __init__(self, sample, node: str) -> None:
        self.rows = {row.key: row for row in sample.of(node)}
        self.staff = [one for one in sample.staff if one[0] == node]
        self.lines: list[tuple[str, str, str, str]] = []
        self.net = sum(row.sign * row.proposed for row in self.rows.values())
        self.changed: dict[str, int] = {}

    def type(self, table: str, row: str, column: str, typed: object) -> None:
        self.lines.append((table, row, column, str(typed)))

    def change(self, key: str, tkr: int, comment: str = "") -> None:
        row = self.rows[key]
        assert not row.locked and key not in self.changed, (row.node, key)
        self.changed[key] = tkr
        self.net += row.sign * tkr * 1_000
        self.type("budget", key, "change", f"{tkr:,}".replace(",", " "))
        if comment:
            self.type("budget", key, "comment", comment)

    def employ(self, place: int, posts: float, comment: str) -> None:
        _, _, _, _, pay, overhead, _ = self.staff[place - 1]
        self.net += round(posts * pay * 12) + round(posts * pay * 12 * overhead)
        self.type("staff", f"s{place}", "change", f"{posts:g}".replace(".", ","))
        self.type("staff", f"s{place}", "comment", comment)

    def free(self, number: int, account: str, activity: str, tkr: int, comment: str) -> None:
        name = next(a[1] for a in org.ACCOUNTS if a[0] == account)
        area = next(a[1] for a in org.ACTIVITIES if a[0] == activity)
        self.type("budget", f"n{number}", "account", f"{account} {name}")
        self.type("budget", f"n{number}", "activity", f"{activity} {area}")
        self.type("budget", f"n{number}", "change", tkr)
        self.type("budget", f"n{number}", "comment", comment)
        self.net += tkr * 1_000

    def needs_comment(self, key: str) -> bool:
        row = self.rows[key]
        difference = abs(row.proposed + self.changed[key] * 1_000 - row.budget)
        return difference > 200_000 and difference > 0.05 * abs(row.budget)


def answers(sample, own) -> dict[str, list[tuple[str, str, str, str]]]:
    """Node → what is typed in its workbook."""
    chance = random.Random(2026)
    given = list(texts.indicators(sample))
    found = {}
    for node, values in sample.nodes.items():
        kind = values[2]
        if node in GAPS or kind in ("municipality", "joint_authority"):
            continue
        sheet = Sheet(sample, node)
        frame = sum(own[node].values()) if node in own else None
        sheet.type("answer", "accept", "value", "Ja")
        if kind == "unit":
            change_unit(sheet, node, frame, chance)
        else:
            change_other(sheet, node)
        for key, who, _, _, _, direction, current, target, _, _, _ in given:
            if who == node and not target:
                sheet.type("indicators", key, "target", wanted(current, direction))
        add_own_goal(sheet, node)
        for key, who, *_, due, _ in texts.ASSIGNMENTS:
            if who == node and key in ACTIONS:
                owner, action = ACTIONS[key]
                sheet.type("assignments", key, "owner", owner)
                sheet.type("assignments", key, "ready", due)
                sheet.type("assignments", key, "action", action)
        add_texts(sheet, node)
        sign(sheet, node, values)
        found[node] = sheet.lines
        sample.final = getattr(sample, "final", {}) | {node: sheet.net}
        if frame is not None:
            left = frame * 1_000 - sheet.net
            assert left >= 0 or (frame == 0 and left > -1_000), (node, left)
    return found


def change_unit(sheet: Sheet, node: str, frame: int, chance: random.Random) -> None:
    """Two to five changed rows. What is lifted is paid by what is lowered and the room in the frame."""
    room = frame * 1_000 - sheet.net
    if node in STAFFING:
        for place, posts, comment in STAFFING[node]:
            before = sheet.net
            sheet.employ(place, posts, comment)
            room -= sheet.net - before
    if node in texts.POLITICAL:
        tkr, key, comment = texts.POLITICAL[node]
        sheet.change(key, tkr, comment)
        room -= tkr * 1_000
    if node in VAGUE:
        for key, tkr, comment in VAGUE[node]:
            sheet.change(key, tkr, comment)
        assert sheet.needs_comment(VAGUE[node][0][0]), node
        return
    kind = kind_of(node, sheet)
    down = [(k, c) for a, c in DOWN[kind] if (k := key_of(sheet, a)) and k not in sheet.changed]
    up = [(k, c) for a, c in UP[kind] if (k := key_of(sheet, a)) and k not in sheet.changed]
    saved = -(-max(0, -room) // 1_000)
    if not frame and node in texts.ZERO_FRAMES:
        pairs = [(down[0], up[0], 40)] if down and up else []
        for (low, why), (high, cause), tkr in pairs:
            sheet.change(low, -tkr, chance.choice(why).format(tkr))
            sheet.change(high, tkr, chance.choice(cause).format(tkr))
        return
    ceilings = {key: max(15, round(sheet.rows[key].proposed / 8_000 / 5) * 5) for key, _ in up}
    allowed = max(10, saved, sum(ceilings.values()) - int(room // 1_000))
    lowered = 0
    for key, comments in down[: 1 + chance.randrange(2)]:
        tkr = max(5, round(sheet.rows[key].proposed / 1_000 * chance.uniform(0.02, 0.07) / 5) * 5)
        tkr = min(tkr, 180, allowed - lowered) + max(0, saved - lowered - min(tkr, 180, allowed - lowered))
        if tkr <= 0:
            break
        sheet.change(key, -tkr, chance.choice(comments).format(tkr) if tkr >= 40 else "")
        lowered += tkr
    assert lowered >= saved, (node, lowered, saved)
    budget = lowered + int(room // 1_000)
    for key, comments in up:
        if budget < 10:
            break
        if key in sheet.changed:
            continue
        tkr = min(budget - 3, ceilings[key], max(15, round(budget * chance.uniform(0.6, 0.95) / 5) * 5))
        sheet.change(key, tkr, chance.choice(comments).format(tkr) if tkr >= 30 else "")
        budget -= tkr


def key_of(sheet: Sheet, account: str) -> str | None:
    found = [key for key, row in sheet.rows.items() if row.account == account and not row.locked]
    return max(found, key=lambda key: sheet.rows[key].budget) if found else None


def kind_of(node: str, sheet: Sheet) -> str:
    accounts = {row.account for row in sheet.rows.values()}
    if "5021" in accounts:
        return "school"
    if "5025" in accounts and {"407", "400"} & {row.activity for row in sheet.rows.values()}:
        return "preschool"
    if {"510", "513"} & {row.activity for row in sheet.rows.values()} and "5025" in accounts:
        return "care"
    return "other"


def change_other(sheet: Sheet, node: str) -> None:
    for place, posts, comment in STAFFING.get(node, []):
        sheet.employ(place, posts, comment)
    for key, tkr, comment in CHANGES.get(node, []):
        if key.startswith("n"):
            number, account, activity = key[1:].split("-")
            sheet.free(int(number), account, activity, tkr, comment)
        else:
            sheet.change(key, tkr, comment)


def wanted(current: str, direction: str) -> str:
    """A target a little better than the present value."""
    value = float(current)
    step = 0.03 if direction == "up" else -0.05 if direction == "down" else 0.0
    digits = len(current.split(".")[1]) if "." in current else 0
    better = round(value * (1 + step), -2 if value > 1_000 else digits)
    if direction == "up" and better <= value:
        better = value + 10**-digits
    if direction == "down" and better >= value:
        better = value - 10**-digits
    if direction == "up" and value < 100 < better:
        better = 100
    return f"{better:.{digits}f}".replace(".", ",")


def add_own_goal(sheet: Sheet, node: str) -> None:
    if node not in OWN_GOALS:
        return
    above, text, name, unit, direction, current, target = OWN_GOALS[node]
    sheet.type("goals", "n1", "text", text)
    sheet.type("goals", "n1", "belongs", next(goal[4] for goal in texts.GOALS if goal[0] == above))
    for column, typed in zip(
        ("name", "goal", "unit", "direction", "current", "target"),
        (name, text, unit, direction, current, target),
        strict=True,
    ):
        sheet.type("indicators", "n1", column, typed)


def add_texts(sheet: Sheet, node: str) -> None:
    """What only the higher levels have: mission, analysis, adjustments, investments, volumes, risks, requests, handshakes."""
    for field, typed in zip(("why", "what", "whom"), MISSIONS.get(node, ()), strict=False):
        sheet.type("mission", field, "value", typed)
    tables = [
        ("analysis", ("text", "kind", "consequence", "area", "priority"), ANALYSES),
        ("adjustments", ("account", "activity", "budget", "plan_1", "plan_2", "comment"), ADJUSTMENTS),
        (
            "investments",
            ("name", "activity", "total_kr", "used_kr", "year_0", "year_1", "year_2", "in_use", "comment"),
            INVESTMENTS,
        ),
        ("risks", ("text", "kind", "likelihood", "consequence", "control", "owner", "frequency"), RISKS),
        ("requests", ("text", "priority", "activity", "year_0", "year_1", "year_2", "consequence"), REQUESTS),
        ("agreement", ("text", "giver", "receiver", "date"), AGREEMENTS),
    ]
    for table, columns, content in tables:
        for number, values in enumerate(content.get(node, []), 1):
            for column, typed in zip(columns, values, strict=True):
                if typed != "":
                    sheet.type(table, f"n{number}", column, typed)
            if table == "adjustments":
                side = 1 if SIDES[values[0].split(" ")[0]] == "cost" else -1
                sheet.net += side * values[2] * 1_000
    for key, change, comment in VOLUMES.get(node, []):
        sheet.type("volumes", key, "change", change)
        sheet.type("volumes", key, "comment", comment)


def sign(sheet: Sheet, node: str, values) -> None:
    kind = values[2]
    function = {
        "unit": "Enhetschef",
        "department": "Avdelningschef",
        "administration": "Förvaltningschef",
        "central_finance": "Ekonomichef",
        "company": "Verkställande direktör",
        "committee": "Nämndens ordförande",
    }[kind]
    if kind == "unit" and ("skol" in node or "gymnas" in node) and "kultur" not in node:
        function = "Rektor"
    sheet.type("signoff", "done", "value", "Ja")
    sheet.type("signoff", "who", "value", function)
    for field, typed in zip(("status", "minutes", "decided"), SIGNED.get(node, ()), strict=False):
        if typed:
            sheet.type("signoff", field, "value", typed)
    if node in MESSAGES:
        sheet.type("signoff", "message", "value", MESSAGES[node])


def summary(sample) -> None:
    """Prints nodes, rows and totals (tkr)."""
    print(
        f"{len(sample.nodes)} nodes, {len(sample.rows)} budget rows, {len(sample.staff)} staff rows, {len(sample.final)} answers"
    )
    everything = dict.fromkeys(("outcome", "budget", "forecast", "proposed", "final"), 0)
    for node in sample.children("kommun"):
        below = sample.subtree(node)
        if sample.kind(node) not in ("committee", "central_finance"):
            continue
        row = {period: sample.net(below, period) for period in ("outcome", "budget", "forecast", "proposed")}
        row["final"] = sum(sample.final.get(n, sum(r.sign * r.proposed for r in sample.of(n))) for n in below)
        for key, amount in row.items():
            everything[key] += amount
        print(f"{node:36}", *(f"{key} {amount / 1000:>12,.0f}" for key, amount in row.items()))
    print(f"{'result':36}", *(f"{key} {-amount / 1000:>12,.0f}" for key, amount in everything.items()))
