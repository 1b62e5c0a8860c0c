"""Writes the sample round "danderyd": every table of the control workbook, and what each person types.

Run it with ``python samples/make_danderyd.py``. It needs nothing but Python, reads ``danderyd/published.csv``
(SCB's figures for 2024), and gives the same files every time. Budgets are made in whole tkr and outcomes in kr.
The outcome of each activity is tied to the published figure by one row per activity (``REST``).
"""

import csv
import random
from dataclasses import dataclass
from pathlib import Path

import check_danderyd
import danderyd_answers
import danderyd_organisation as org
import danderyd_texts as texts

HERE = Path(__file__).parent / "danderyd"
PO = 0.4575
GROWTH = 1.033  # from outcome 2024 to budget 2025
PRICE = {  # kr per child or pupil and year: 2024, 2025, 2026
    "407": (126_400, 131_000, 135_000),
    "440": (95_700, 100_000, 103_000),
    "435": (44_200, 46_000, 47_000),
    "425": (31_900, 33_000, 34_000),
    "450": (123_600, 128_000, 132_000),
}
PRICE_HOUR = (486, 500, 516)  # home care, kr an hour

SIDE = {name: side for name, side, *_ in org.GROUPS}
INDEX = {name: float(index) for name, _, index, *_ in org.GROUPS}
GROUP = {account: group for account, _, group, *_ in org.ACCOUNTS}
INTERNAL = {account for account, _, _, internal, _ in org.ACCOUNTS if internal == "yes"}


@dataclass
class Row:
    """One prefilled budget row. Amounts in kr, entered positive; ``proposal`` None: budget × (1 + index)."""

    node: str
    account: str
    activity: str
    counterparty: str
    outcome: int
    budget: int
    forecast: int
    proposal: int | None = None
    locked: bool = False

    @property
    def key(self) -> str:
        parts = [self.account, self.activity, self.counterparty]
        return "-".join(part for part in parts if part)

    @property
    def sign(self) -> int:
        return 1 if SIDE[GROUP[self.account]] == "cost" else -1

    @property
    def proposed(self) -> int:
        if self.proposal is not None:
            return self.proposal
        return round(self.budget * (1 + INDEX[GROUP[self.account]]))


class Sample:
    """All that is being built: rows of money, staff, and the organisation they belong to."""

    def __init__(self, seed: int = 162) -> None:
        self.random = random.Random(seed)
        self.rows: list[Row] = []
        self.staff: list[tuple] = []
        self.nodes: dict[str, tuple] = {}

    # -- organisation ------------------------------------------------------------------------------------------

    def add_node(self, node: str, name: str, kind: str, parent: str, line: str, inside: str, note: str) -> None:
        assert node not in self.nodes, node
        self.nodes[node] = (node, name, kind, parent, line, inside, note)

    def parent(self, node: str) -> str:
        return self.nodes[node][3]

    def kind(self, node: str) -> str:
        return self.nodes[node][2]

    def committee(self, node: str) -> str:
        while self.parent(node) != "kommun":
            node = self.parent(node)
        return node

    def committee_of_money(self, node: str) -> str | None:
        """The committee whose money it is; None for the root, central finance and what is outside the municipality."""
        if node == "kommun" or self.kind(self.committee(node)) != "committee":
            return None
        return self.committee(node)

    def children(self, node: str) -> list[str]:
        return [child for child, values in self.nodes.items() if values[3] == node]

    def subtree(self, node: str) -> list[str]:
        return [node] + [below for child in self.children(node) for below in self.subtree(child)]

    # -- money -------------------------------------------------------------------------------------------------

    def add(self, node: str, account: str, activity: str, budget: int, counterparty: str = "", **given) -> Row:
        """A row from its budget 2025 in tkr; outcome, forecast and proposal follow unless given (kr)."""
        kr = budget * 1_000
        outcome = round(kr / GROWTH * self.random.uniform(0.982, 1.012))
        forecast = round(budget * self.random.uniform(0.988, 1.014)) * 1_000
        if account in INTERNAL or account == "7910":
            given.setdefault("locked", True)
            given.setdefault("forecast", kr)
        if account in INTERNAL:
            index = 1 + INDEX[GROUP[account]]
            given.setdefault("proposal", round(budget * index / 5) * 5_000)
        values = {"outcome": outcome, "forecast": forecast} | given
        row = Row(node, account, activity, counterparty, values.pop("outcome"), kr, values.pop("forecast"), **values)
        self.rows.append(row)
        return row

    def of(self, node: str) -> list[Row]:
        return [row for row in self.rows if row.node == node]

    def find(self, node: str, account: str, activity: str = "") -> Row:
        return next(r for r in self.of(node) if r.account == account and activity in ("", r.activity))

    def net(self, nodes, period: str, activity: str = "") -> int:
        wanted = set(nodes)
        return sum(
            row.sign * getattr(row, period)
            for row in self.rows
            if row.node in wanted and activity in ("", row.activity)
        )

    def counterparty(self, account: str) -> str:
        return {"6010": "fastighet-enhet", "8510": "finansforvaltningen"}.get(account, "")

    def employ(
        self, node: str, activity: str, posts, account: str = "5020", overhead: str = "5610", extra: int = 0
    ) -> int:
        """Staff rows, one salary row and one PO row; ``extra`` is hourly pay (tkr) that also carries PO."""
        salary = 0
        for category, number, pay in posts:
            if number <= 0:
                continue
            salary += number * pay * 12
            raised = round(pay * 1.031 / 100) * 100
            self.staff.append((node, category, account, f"{number:g}", raised, PO, overhead))
        tkr = round(salary / 1_000)
        self.add(node, account, activity, tkr)
        social = round((tkr + extra) * PO)
        self.add(node, overhead, activity, social)
        return tkr + social

    def operate(self, node: str, activity: str, gross: int, template: str) -> None:
        """A unit's cost rows from its gross cost (tkr): shares by template, the rest is staff, then 7490."""
        mix, _, shares = org.TEMPLATES[template]
        left, hourly = gross, 0
        for account, share in shares.items():
            step = 5 if account in INTERNAL else 1
            amount = round(gross * share * self.random.uniform(0.93, 1.07) / step) * step
            if account == "5025":
                hourly = amount
            if amount <= 0:
                continue
            if account != "7490":
                self.add(node, account, activity, amount, self.counterparty(account))
            left -= amount
        left -= round(hourly * PO)
        left -= round(gross * 0.012)  # kept for 7490
        posts = self.posts(mix, left)
        left -= self.employ(node, activity, posts, extra=hourly) - round(hourly * PO)
        self.add(node, "7490", activity, max(5, left + round(gross * 0.012)))

    def posts(self, mix: str, tkr: int) -> list[tuple[str, float, int]]:
        """Posts in quarters that cost at most ``tkr`` with PO; the first category takes what is left."""
        parts = org.MIXES[mix]
        mean = sum(share * pay for _, share, pay in parts) * 12 * (1 + PO) / 1_000
        total = tkr / mean
        found = [(c, max(0.25, round(total * share * 4) / 4), pay) for c, share, pay in parts]
        rest = tkr - sum(n * pay * 12 * (1 + PO) / 1_000 for _, n, pay in found[1:])
        category, _, pay = found[0]
        first = max(0.25, int(rest / (pay * 12 * (1 + PO) / 1_000) * 4) / 4)
        return [(category, first, pay), *found[1:]]

    def peng(self, node: str, activity: str, numbers, price, payer: str) -> None:
        """The income of a unit paid per child, pupil or hour, and the same cost at the committee."""
        spent = [numbers[0] * price[0], numbers[1] * price[1], numbers[2] * price[1], numbers[3] * price[2]]
        self.rows.append(Row(node, "3380", activity, payer, *spent, locked=True))
        for row in self.rows:
            if (
                row.node == payer
                and row.account == "4690"
                and row.activity == activity
                and row.counterparty == self.parent(node)
            ):
                break
        else:
            row = Row(payer, "4690", activity, self.parent(node), 0, 0, 0, 0, locked=True)
            self.rows.append(row)
        row.outcome += spent[0]
        row.budget += spent[1]
        row.forecast += spent[2]
        row.proposal += spent[3]


def build() -> Sample:
    """The whole sample's organisation and money."""
    sample = Sample()
    for node in org.TOP:
        sample.add_node(*node)
    add_units(sample)
    add_own_rows(sample)
    for maker in (add_preschools, add_schools, add_gymnasium, add_homecare, add_ordinary_units):
        maker(sample)
    sell_premises(sample)
    distribute_administration(sample)
    tie_to_published(sample)
    fix_proposals(sample)
    sell_interest(sample)
    add_central_finance(sample)
    add_company(sample)
    order = {account: place for place, (account, *_) in enumerate(org.ACCOUNTS)}
    position = {node: place for place, node in enumerate(sample.nodes)}
    sample.rows.sort(key=lambda r: (position[r.node], order[r.account], r.activity, r.counterparty))
    return sample


def add_units(sample: Sample) -> None:
    def unit(node: str, name: str, parent: str, line: str = "") -> None:
        sample.add_node(node, name, "unit", parent, line or parent, "yes", org.INVENTED)

    for node, name, *_ in org.PRESCHOOLS:
        unit(node, name, "avdelning-forskola")
    for node, name, *_ in org.SCHOOLS:
        unit(node, name, "avdelning-grundskola")
    unit(*org.GYMNASIUM[:2], "avdelning-gymnasium-och-vux")
    for node, name, *_ in org.HOMECARE:
        unit(node, name, "avdelning-aldreomsorg")
    for node, name, parent, line, *_ in org.UNITS:
        unit(node, name, parent, line)
    # Parents before children, and every committee's part together.
    ordered = sample.subtree("kommun")
    sample.nodes = {node: sample.nodes[node] for node in ordered}


def add_own_rows(sample: Sample) -> None:
    for node, rows in org.OWN.items():
        for account, activity, amount in rows:
            sample.add(node, account, activity, amount)
    for node, (activity, posts) in org.OWN_STAFF.items():
        if posts:
            sample.employ(node, activity, posts)
        for account, amount in org.OFFICE_ROWS.get(node, {}).items():
            sample.add(node, account, activity, amount)
    for node in org.OFFICE_ROWS:
        activity = org.OWN_STAFF[node][0]
        sample.add(
            node, "6010", activity, 5 * round(sample.net([node], "budget") / 1_000 * 0.06 / 5), "fastighet-enhet"
        )
    # Fee-financed department: its own chief is paid by the fees, half each, so its frame is zero.
    sample.employ("avdelning-va-och-avfall", "865", [("Avdelningschef", 1.0, 66_000)])
    cost = sample.net(["avdelning-va-och-avfall"], "budget") // 1_000
    income = sample.add("avdelning-va-och-avfall", "3130", "865", cost)
    balance(sample, "avdelning-va-och-avfall", income)


def balance(sample: Sample, node: str, income: Row) -> None:
    """Lets ``income`` pay for all of the node in outcome, budget and proposal (zero budgeting)."""
    for period in ("outcome", "budget"):
        setattr(income, period, getattr(income, period) + sample.net([node], period))
    income.forecast = income.budget - 40_000
    income.proposal = 0
    income.proposal = sum(r.sign * r.proposed for r in sample.of(node) if r is not income)


def add_preschools(sample: Sample) -> None:
    for node, _, *children in org.PRESCHOOLS:
        sample.peng(node, "407", children, PRICE["407"], "utbildningsnamnden")
        count = children[1]
        fees = round(count * 13.2 * sample.random.uniform(0.95, 1.05))
        grants = round(count * 2.6)
        sample.add(node, "3110", "407", fees)
        sample.add(node, "3510", "407", grants)
        frame = round(count * 131 * sample.random.uniform(0.045, 0.075))
        gross = count * 131 + fees + grants + frame
        shares = {
            "6010": 0.13,
            "5025": 0.03,
            "5510": 0.007,
            "6410": 0.018,
            "6430": 0.042,
            "6460": 0.006,
            "7410": 0.03,
            "7910": 0.006,
        }
        cost_rows(sample, node, "407", gross, shares, "preschool")


def cost_rows(
    sample: Sample, node: str, activity: str, gross: int, shares: dict[str, float], mix: str, salary: str = "5020"
) -> None:
    """Like ``operate`` with shares of its own."""
    left, hourly = gross, 0
    for account, share in shares.items():
        step = 5 if account in INTERNAL else 1
        amount = max(step, round(gross * share * sample.random.uniform(0.93, 1.07) / step) * step)
        hourly = amount if account == "5025" else hourly
        sample.add(node, account, activity, amount, sample.counterparty(account))
        left -= amount
    left -= round(hourly * PO)
    kept = round(gross * 0.008)
    left -= sample.employ(node, activity, sample.posts(mix, left - kept), salary, extra=hourly) - round(hourly * PO)
    sample.add(node, "7490", activity, left)


def add_schools(sample: Sample) -> None:
    for node, _, pupils, first_class, leisure in org.SCHOOLS:
        payer = "utbildningsnamnden"
        sample.peng(node, "440", pupils, PRICE["440"], payer)
        frame = round(pupils[1] * 100 * sample.random.uniform(0.04, 0.065))
        gross = pupils[1] * 100 + frame
        shares = {"6010": 0.165, "6430": 0.05, "6460": 0.022, "7410": 0.03, "7910": 0.006}
        if leisure is None:
            grants = round(pupils[1] * 3.1)
            sample.add(node, "3510", "440", grants)
            gross += grants
            shares |= {"5025": 0.02, "5510": 0.006, "7010": 0.003, "7420": 0.008}
        else:
            sample.peng(node, "435", first_class, PRICE["435"], payer)
            sample.peng(node, "425", leisure, PRICE["425"], payer)
            fees = round(leisure[1] * 7.4)
            sample.add(node, "3110", "425", fees)
            used = sample.employ(
                node, "435", sample.posts("first_class", round(first_class[1] * 46 * 0.97)), "5023", "5612"
            )
            gross += first_class[1] * 46 - used
            used = sample.employ(
                node, "425", sample.posts("leisure", round((leisure[1] * 33 + fees) * 0.94)), "5022", "5611"
            )
            gross += leisure[1] * 33 + fees - used
        cost_rows(sample, node, "440", gross, shares, "teachers", "5021")


def add_gymnasium(sample: Sample) -> None:
    node, _, pupils = org.GYMNASIUM
    sample.peng(node, "450", pupils, PRICE["450"], "utbildningsnamnden")
    grants = 2_900
    sample.add(node, "3510", "450", grants)
    gross = round(pupils[1] * 128 * 1.045) + grants
    shares = {
        "6010": 0.17,
        "5025": 0.015,
        "5510": 0.006,
        "6410": 0.01,
        "6430": 0.04,
        "6460": 0.03,
        "7010": 0.004,
        "7410": 0.04,
        "7420": 0.015,
        "7910": 0.012,
        "8510": 0.002,
    }
    cost_rows(sample, node, "450", gross, shares, "teachers", "5021")


def add_homecare(sample: Sample) -> None:
    for node, _, *hours in org.HOMECARE:
        price = tuple(kr for kr in PRICE_HOUR)
        sample.peng(node, "510", hours, price, "socialnamnden")
        fees = 420
        sample.add(node, "3120", "510", fees)
        gross = round(hours[1] * 0.5 * 1.04) + fees
        shares = {"6010": 0.025, "5025": 0.09, "5510": 0.006, "6410": 0.01, "7010": 0.03, "7410": 0.015, "7420": 0.015}
        cost_rows(sample, node, "510", gross, shares, "homecare")


def add_ordinary_units(sample: Sample) -> None:
    for node, _, _, _, template, activity, net in org.UNITS:
        if node == "fastighet-enhet":
            continue
        _, incomes, _ = org.TEMPLATES[template]
        share = sum(incomes.values())
        gross = org.GROSS.get(node) or round(net / (1 - share))
        rows = []
        left = gross - net
        for place, (account, part) in enumerate(incomes.items()):
            amount = left if place == len(incomes) - 1 else round(gross * part)
            left -= amount
            rows.append(sample.add(node, account, activity, amount))
        sample.operate(node, activity, gross, template)
        if not net:
            balance(sample, node, rows[0])


def sell_premises(sample: Sample) -> None:
    """The property unit: one internal income row per buying committee; maintenance takes what is left."""
    node = "fastighet-enhet"
    # Its own costs first, so that its own staff and office are in the sum.
    sold = sum(row.budget for row in sample.rows if row.account == "6010") // 1_000
    shares = {"6020": 0.24, "6250": 0.17, "7410": 0.07, "7420": 0.006, "7010": 0.004, "7910": 0.21, "5510": 0.001}
    for account, share in shares.items():
        sample.add(node, account, "910", round(sold * share))
    sample.add(node, "8510", "910", 5 * round(sold * 0.12 / 5), "finansforvaltningen")
    sample.employ(node, "910", sample.posts("technical", round(sold * 0.09)))
    for committee in sample.children("kommun"):
        bought = [r for r in sample.rows if r.account == "6010" and sample.committee(r.node) == committee]
        if bought:
            sums = [sum(getattr(r, period) for r in bought) for period in ("outcome", "budget", "forecast", "proposal")]
            sample.rows.append(Row(node, "3430", "910", committee, *sums, locked=True))
    row = sample.add(node, "6340", "910", 0)
    row.outcome = -sample.net([node], "outcome", "910") + row.outcome
    row.budget = -sample.net([node], "budget", "910")
    row.forecast = row.budget + 1_650_000
    row.proposal = 0
    row.proposal = -sum(r.sign * r.proposed for r in sample.of(node))


def distribute_administration(sample: Sample) -> None:
    """The common administration is booked on the activities it serves, as in the published accounts."""
    node, board = "kommunledningskontoret", "kommunstyrelsen"
    whole = sample.subtree(node)
    totals = {period: sample.net(whole, period, "920") for period in ("outcome", "budget", "forecast")}
    totals["proposal"] = round(totals["budget"] * 1.02 / 5_000) * 5_000
    left = dict(totals)
    codes = list(org.OVERHEAD)
    for place, activity in enumerate(codes):
        last = place == len(codes) - 1
        step = {"outcome": 1, "budget": 1_000, "forecast": 1_000, "proposal": 5_000}
        part = {
            period: left[period] if last else round(total * org.OVERHEAD[activity] / step[period]) * step[period]
            for period, total in totals.items()
        }
        left = {period: left[period] - part[period] for period in left}
        sample.rows.append(Row(node, "6890", activity, board, *part.values(), locked=True))
    sample.rows.append(Row(node, "3390", "920", board, *totals.values(), locked=True))


def published() -> dict[str, int]:
    with (HERE / "published.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: int(row["net_cost_tkr"]) for row in csv.DictReader(file, delimiter=";")}


def wanted_per_activity() -> dict[str, int]:
    """Net cost 2024 per activity in tkr: SCB's figure, or our split of SCB's total."""
    wanted: dict[str, int] = {}
    for code, amount in published().items():
        if code not in org.SPLIT:
            wanted[code] = amount
            continue
        known = sum(part for _, part in org.SPLIT[code] if part is not None)
        wanted |= {detail: amount - known if part is None else part for detail, part in org.SPLIT[code]}
    return wanted


def tie_to_published(sample: Sample) -> None:
    nodes = [node for node in sample.nodes if node not in ("kommun", "finansforvaltningen")]
    for activity, tkr in wanted_per_activity().items():
        if activity not in org.REST:
            assert sample.net(nodes, "outcome", activity) == tkr * 1_000, activity
            continue
        node, account = org.REST[activity]
        rows = [r for r in sample.of(node) if (r.account, r.activity) == (account, activity)]
        rest = tkr * 1_000 - sample.net(list(nodes), "outcome", activity)
        if rows:
            rows[0].outcome += rest
            assert rows[0].outcome > 0, (activity, rows[0])
            continue
        assert rest > 0, (activity, rest)
        counterparty = "storstockholms-brandforsvar" if activity == "270" else ""
        row = sample.add(node, account, activity, round(rest * GROWTH / 1_000), counterparty, outcome=rest)
        row.forecast = round(row.budget / 1_000 * sample.random.uniform(0.995, 1.006)) * 1_000


def sell_interest(sample: Sample) -> None:
    for committee in sample.children("kommun"):
        bought = [r for r in sample.rows if r.account == "8510" and sample.committee(r.node) == committee]
        if bought:
            sums = [sum(getattr(r, period) for r in bought) for period in ("outcome", "budget", "forecast", "proposal")]
            sample.rows.append(Row("finansforvaltningen", "8490", "900", committee, *sums, locked=True))


def add_central_finance(sample: Sample) -> None:
    for account, *amounts in org.CENTRAL:
        sample.rows.append(Row("finansforvaltningen", account, "900", "", *[tkr * 1_000 for tkr in amounts]))


def add_company(sample: Sample) -> None:
    for account, activity, *amounts in texts.COMPANY_ROWS:
        sample.rows.append(Row("djursholms-ab", account, activity, "", *[tkr * 1_000 for tkr in amounts]))


def fix_proposals(sample: Sample) -> None:
    """Capital costs of new investments, in the rows that the units can't change."""
    for (node, account), tkr in texts.NEW_CAPITAL.items():
        row = sample.find(node, account)
        row.proposal = row.budget + tkr * 1_000


# -- frames --------------------------------------------------------------------------------------------------------

RULES = ("political", "demography", "price", "change", "capital")
BY_VOLUME = ("utbildningsnamnden", "socialnamnden")


def committees(sample: Sample) -> list[str]:
    return [node for node in sample.nodes if sample.kind(node) == "committee"]


def own_frames(sample: Sample) -> dict[str, dict[str, int]]:
    """Each node's own part in tkr: last year's and the five rules. Their sum covers its proposals and a little more."""
    frames = {}
    for node in sample.nodes:
        rows = sample.of(node)
        if not rows or sample.committee_of_money(node) is None:
            continue
        previous = sum(r.sign * r.budget for r in rows) // 1_000
        proposed = sum(r.sign * r.proposed for r in rows)
        gross = sum(r.proposed for r in rows if r.sign > 0) // 1_000
        parts = dict.fromkeys(RULES, 0)
        parts["political"] = texts.POLITICAL.get(node, (0,))[0]
        parts["capital"] = sum(tkr for (who, _), tkr in texts.NEW_CAPITAL.items() if who == node)
        if node in texts.ZERO_FRAMES:
            frames[node] = {"previous": 0} | parts
            continue
        parts["price"] = round(previous * 0.027)
        target = -(-proposed // 1_000) + parts["political"]
        if node in texts.TIGHT:
            target -= texts.TIGHT[node]
        elif sample.kind(node) == "unit":
            target += round(gross * sample.random.uniform(0.0004, 0.002))
        else:
            target += round(abs(target) * sample.random.uniform(0.0005, 0.002))
        rest = target - previous - sum(parts.values())
        demographic = (
            sample.committee(node) in BY_VOLUME and sample.kind(node) != "administration" and node not in texts.TIGHT
        )
        parts["demography" if demographic else "change"] = rest
        frames[node] = {"previous": previous} | parts
    return frames


def whole_frames(sample: Sample, own: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """A node's frame covers everything below it by decision."""
    whole = {}
    for node in sample.nodes:
        below = [own[n] for n in sample.subtree(node) if n in own]
        if node != "kommun" and below:
            whole[node] = {key: sum(part[key] for part in below) for key in ("previous", *RULES)}
    return whole


# -- writing -------------------------------------------------------------------------------------------------------


def write(name: str, header: str, rows) -> None:
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(["" if value is None else value for value in row] for row in rows)


def write_all(sample: Sample) -> None:
    own = own_frames(sample)
    frames = whole_frames(sample, own)
    answers = danderyd_answers.answers(sample, own)
    growth = 100 * (
        sum(sum(frames[c].values()) for c in committees(sample))
        / sum(frames[c]["previous"] for c in committees(sample))
        - 1
    )
    write(
        "round.csv",
        "field value",
        [(key, value.format(growth=f"{growth:.1f}".replace(".", ","))) for key, value in texts.ROUND],
    )
    write("phases.csv", "phase name stage kind layout deadline", texts.PHASES)
    write("nodes.csv", "node name kind parent line_parent in_municipality note", sample.nodes.values())
    write("contacts.csv", "node role function email", texts.contacts(sample))
    write("chain.csv", "item kind klass name text", texts.CHAIN)
    write("mapping.csv", "area source", texts.MAPPING)
    write("documents.csv", "document name kind level node review", texts.DOCUMENTS)
    write("groups.csv", "group side index index_1 index_2 note", org.GROUPS)
    write("accounts.csv", "account name group internal statement", org.ACCOUNTS)
    write("activities.csv", "activity name area", org.ACTIVITIES)
    names = {node: values[1] for node, values in sample.nodes.items()}
    inside = [(n, names[n], "yes") for n, v in sample.nodes.items() if v[5] == "yes" and n != "kommun"]
    outside = [(n, names[n], "no") for n, v in sample.nodes.items() if v[5] == "no"]
    write("counterparties.csv", "counterparty name internal", [*inside, *outside, *texts.EXTERNAL])
    write(
        "frames.csv",
        "node previous political demography price change capital",
        [(n, *f.values()) for n, f in frames.items()],
    )
    write(
        "opening.csv",
        "node account activity counterparty outcome budget forecast proposal locked",
        [
            (
                r.node,
                r.account,
                r.activity,
                r.counterparty,
                r.outcome,
                r.budget,
                r.forecast,
                r.proposal,
                "yes" if r.locked else "no",
            )
            for r in sample.rows
        ],
    )
    position = {node: place for place, node in enumerate(sample.nodes)}
    sample.staff.sort(key=lambda one: position[one[0]])
    write("staff.csv", "node category account posts pay overhead overhead_account", sample.staff)
    write("goals.csv", "goal node area parent text", texts.GOALS)
    write(
        "indicators.csv",
        "indicator node goal name unit direction current target frequency weight aggregation",
        texts.indicators(sample),
    )
    write("assignments.csv", "assignment node giver text due form", texts.ASSIGNMENTS)
    write("volumes.csv", "volume node activity name outcome budget proposal", texts.volumes(org))
    write("prices.csv", "activity component own independent", texts.PRICES)
    write("demography.csv", "ages outcome current budget plan_1 plan_2 note", texts.DEMOGRAPHY)
    write("financial_goals.csv", "goal text measure target", texts.FINANCIAL_GOALS)
    write("risk_scales.csv", "scale score name meaning", texts.RISK_SCALES)
    write("calendar.csv", "date what who source", texts.CALENDAR)
    write("comparisons.csv", "code name activities net_cost source", comparisons())
    for old in (HERE / "answers").glob("*.csv"):
        old.unlink()
    for node, lines in answers.items():
        write(f"answers/{node}.csv", "table row column typed", lines)


def comparisons() -> list[tuple]:
    found = []
    with (HERE / "published.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            details = " ".join(sorted(code for code, _ in org.SPLIT.get(row["code"], [(row["code"], 0)])))
            found.append((row["code"], row["name"], details, row["net_cost_tkr"], "SCB TAB4199, RS-fördelad"))
    return found


def main() -> None:
    sample = build()
    write_all(sample)
    check_danderyd.check()
    danderyd_answers.summary(sample)


if __name__ == "__main__":
    main()
