"""Stops if anything in the sample "danderyd" does not tie. Reads nothing but the CSV files.

Run it with ``python samples/check_danderyd.py``; ``make_danderyd.py`` runs it last.
"""

import csv
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent / "danderyd"
TOTAL = 2_174_709_000  # SCB TAB4199, Danderyd 2024, all 32 rows, kr
PERIODS = ("outcome", "budget", "forecast")
MAY_BE_NEGATIVE = {"8050"}  # the final settlement of tax


class Tables:
    """All tables as read, with the look-ups that the checks need."""

    def __init__(self) -> None:
        self.rows = {path.stem: _read(path) for path in sorted(HERE.glob("*.csv"))}
        self.nodes = {row["node"]: row for row in self.rows["nodes"]}
        self.accounts = {row["account"]: row for row in self.rows["accounts"]}
        self.groups = {row["group"]: row for row in self.rows["groups"]}
        self.activities = {row["activity"] for row in self.rows["activities"]}
        self.parties = {row["counterparty"]: row for row in self.rows["counterparties"]}
        self.frames = {
            row["node"]: {key: int(value) for key, value in row.items() if key != "node"} for row in self.rows["frames"]
        }

    def path(self, node: str) -> list[str]:
        """From the node up to, not including, the root."""
        found = []
        while node and self.nodes[node]["kind"] != "municipality":
            found.append(node)
            node = self.nodes[node]["parent"]
        return found

    def top(self, node: str) -> str:
        return self.path(node)[-1]

    def kind(self, node: str) -> str:
        return self.nodes[node]["kind"]

    def sign(self, account: str) -> int:
        return 1 if self.groups[self.accounts[account]["group"]]["side"] == "cost" else -1

    def proposed(self, row) -> int:
        if row["proposal"]:
            return int(row["proposal"])
        return round(int(row["budget"]) * (1 + float(self.groups[self.accounts[row["account"]]["group"]]["index"])))


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def check() -> None:
    """Everything below, in order."""
    tables = Tables()
    for one in (check_rows, check_references, check_published, check_trade, check_frames, check_answers):
        one(tables)


def check_rows(t: Tables) -> None:
    keys = [(r["node"], r["account"], r["activity"], r["counterparty"]) for r in t.rows["opening"]]
    assert len(keys) == len(set(keys)), "a budget row occurs twice"
    for row in t.rows["opening"]:
        assert row["node"] in t.nodes and row["account"] in t.accounts and row["activity"] in t.activities, row
        assert not row["counterparty"] or row["counterparty"] in t.parties, row
        if t.accounts[row["account"]]["internal"] == "yes":
            assert t.parties[row["counterparty"]]["internal"] == "yes" and row["locked"] == "yes", row
        for period in PERIODS:
            assert int(row[period]) >= 0 or row["account"] in MAY_BE_NEGATIVE, (row, period)
        assert int(row["budget"]) % 1_000 == 0, row


def check_references(t: Tables) -> None:
    for row in t.rows["nodes"]:
        assert row["parent"] in t.nodes or row["kind"] == "municipality", row
        assert row["line_parent"] in t.nodes or row["kind"] == "municipality", row
    assert {row["group"] for row in t.rows["accounts"]} <= set(t.groups)
    chain = {row["item"]: row for row in t.rows["chain"]}
    goals = {row["goal"]: row for row in t.rows["goals"]}
    assert len(chain) == len(t.rows["chain"]) and len(goals) == len(t.rows["goals"])
    for row in t.rows["goals"]:
        assert (row["area"] in chain) != (row["parent"] in goals), row
    for table, columns in {
        "goals": ["node"],
        "indicators": ["node"],
        "assignments": ["node", "giver"],
        "staff": ["node"],
        "contacts": ["node"],
        "volumes": ["node"],
        "frames": ["node"],
    }.items():
        for row in t.rows[table]:
            assert all(row[column] in t.nodes for column in columns), row
    for row in t.rows["indicators"]:
        assert row["goal"] in goals, row
    for table, key in {"indicators": "indicator", "assignments": "assignment"}.items():
        keys = [(row["node"], row[key]) for row in t.rows[table]]
        assert len(keys) == len(set(keys)), table
    for row in t.rows["staff"]:
        assert row["account"] in t.accounts and row["overhead_account"] in t.accounts, row
        booked = [r["account"] for r in t.rows["opening"] if r["node"] == row["node"]]
        assert booked.count(row["account"]) == 1 == booked.count(row["overhead_account"]), row
    for row in t.rows["volumes"] + t.rows["prices"]:
        assert row["activity"] in t.activities, row
    for row in t.rows["mapping"]:
        assert chain[row["area"]]["kind"] == "area" and row["source"] in chain, row


def check_published(t: Tables) -> None:
    """The outcome 2024 of the committees equals the published net cost, to the krona."""
    outcome: dict[str, int] = defaultdict(int)
    for row in t.rows["opening"]:
        if t.kind(t.top(row["node"])) == "committee":
            outcome[row["activity"]] += t.sign(row["account"]) * int(row["outcome"])
    published = {row["code"]: int(row["net_cost_tkr"]) * 1_000 for row in t.rows["published"]}
    found = {row["code"]: sum(outcome[code] for code in row["activities"].split()) for row in t.rows["comparisons"]}
    assert found == published
    assert sum(found.values()) == sum(outcome.values()) == TOTAL


def check_trade(t: Tables) -> None:
    """Internal income equals internal cost, per pair of committees and period."""
    for period in (*PERIODS, "proposal"):
        pairs: dict[tuple[str, str], int] = defaultdict(int)
        for row in t.rows["opening"]:
            if t.accounts[row["account"]]["internal"] == "yes":
                amount = t.proposed(row) if period == "proposal" else int(row[period])
                buyer, seller = t.top(row["node"]), t.top(row["counterparty"])
                sign = t.sign(row["account"])
                pairs[(buyer, seller) if sign > 0 else (seller, buyer)] += sign * amount
        assert not any(pairs.values()), (period, dict(pairs))


def check_frames(t: Tables) -> None:
    """Last year's frame is last year's budget for the whole of the node; own part and children tie by that."""
    budget: dict[str, int] = defaultdict(int)
    for row in t.rows["opening"]:
        for node in t.path(row["node"]):
            budget[node] += t.sign(row["account"]) * int(row["budget"])
    assert set(t.frames) == {node for node in budget if t.kind(t.top(node)) == "committee"}
    for node, frame in t.frames.items():
        assert frame["previous"] * 1_000 == budget[node], node


def check_answers(t: Tables) -> None:
    """Every typed row exists, and what is typed keeps every node within its frame, alone and with those below."""
    laid: dict[str, int] = defaultdict(int)
    own: dict[str, int] = defaultdict(int)
    for row in t.rows["opening"]:
        own[row["node"]] += t.sign(row["account"]) * t.proposed(row)
    for path in sorted((HERE / "answers").glob("*.csv")):
        own[path.stem] += typed_kr(t, path.stem, _read(path))
    for node, amount in own.items():
        for above in t.path(node):
            laid[above] += amount
    for node, frame in t.frames.items():
        below = [child for child in t.frames if t.nodes[child]["parent"] == node]
        alone = sum(frame.values()) - sum(sum(t.frames[child].values()) for child in below)
        assert sum(frame.values()) * 1_000 - laid[node] >= 0, (node, laid[node])
        assert alone * 1_000 - own[node] >= 0, (node, own[node])


def typed_kr(t: Tables, node: str, lines: list[dict[str, str]]) -> int:
    """What the answers of one node add to its net cost, kr."""
    cells = [(line["table"], line["row"], line["column"]) for line in lines]
    assert len(cells) == len(set(cells)) and all(line["typed"] for line in lines), node
    if t.kind(node) == "unit":
        assert len(lines) <= 25, (node, len(lines))
    staff = {f"s{place}": row for place, row in enumerate((r for r in t.rows["staff"] if r["node"] == node), 1)}
    known = {
        "budget": {
            "-".join(filter(None, (r["account"], r["activity"], r["counterparty"])))
            for r in t.rows["opening"]
            if r["node"] == node and r["locked"] != "yes"
        },
        "staff": set(staff),
        "indicators": {r["indicator"] for r in t.rows["indicators"] if r["node"] == node},
        "assignments": {r["assignment"] for r in t.rows["assignments"] if r["node"] == node},
        "volumes": {r["volume"] for r in t.rows["volumes"] if r["node"] == node},
        "answer": {"accept"},
        "mission": {"why", "what", "whom"},
        "signoff": {"done", "who", "status", "minutes", "decided", "message"},
    }
    accounts = {
        (line["table"], line["row"]): line["typed"].split(" ")[0] for line in lines if line["column"] == "account"
    }
    amount = 0
    for line in lines:
        table, row, column, typed = line["table"], line["row"], line["column"], line["typed"]
        free = row[0] == "n" and row[1:].isdigit()
        assert free or row in known[table], (node, line)
        if (table, column) in (("budget", "change"), ("adjustments", "budget")):
            account = accounts[table, row] if free else row.split("-")[0]
            amount += t.sign(account) * int(typed.replace(" ", "")) * 1_000
        elif (table, column) == ("staff", "change"):
            one = staff[row]
            salary = float(typed.replace(",", ".")) * int(one["pay"]) * 12
            amount += round(salary) + round(salary * float(one["overhead"]))
        elif column == "account":
            code, name = typed.split(" ", 1)
            assert t.accounts[code]["name"] == name, (node, line)
    return amount


if __name__ == "__main__":
    check()
    print("danderyd: everything ties")
