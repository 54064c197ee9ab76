"""An insurer's two systems: claims over REST, in pages, and premiums over SOAP, with data as untidy as it is in life.

Nothing here knows of the gateway; ``python -m examples.insurer`` starts both.
"""

from __future__ import annotations

from examples.systems import Asked, Reply, System, as_json, as_soap, elements, soap_call

SPACE = "urn:premiums"
PAGE = 3
CLAIMS = [
    {"claimNo": "S-1", "policyNo": "000123 ", "branch": "MOTOR", "status": "open", "amount": "1.234,50"},
    {"claimNo": "S-2", "policyNo": "000123", "branch": "motor ", "status": "closed", "amount": "80,00"},
    {"claimNo": "S-3", "policyNo": "000123 ", "branch": "HOME", "status": "open", "amount": None},
    {"claimNo": "S-4", "policyNo": None, "branch": "HOME", "status": "open", "amount": "15,90"},
    {"claimNo": "S-5", "policyNo": "000999 ", "branch": "HOME", "status": "open", "amount": "7,00"},
    {"claimNo": "S-6", "policyNo": " 000124", "branch": "HOME", "status": "closed", "amount": "10.000,00"},
    {"claimNo": "S-7", "policyNo": "unknown", "branch": "HOME", "status": "open", "amount": "pending"},
]
PREMIUMS = [
    {"policyNumber": "124       ", "branchCode": "HOME", "yearly": "99.00", "paidUntil": "2026-12-31"},
    {"policyNumber": "124       ", "branchCode": "HOME", "yearly": "95.00", "paidUntil": "2025-12-31"},
    {"policyNumber": "123       ", "branchCode": "HOME", "yearly": "88.20", "paidUntil": None},
    {"policyNumber": "123       ", "branchCode": "HOME", "yearly": "88.20", "paidUntil": None},
    {"policyNumber": "123       ", "branchCode": "Motor", "yearly": "412.30", "paidUntil": "2027-03-31"},
]


def claims(asked: Asked) -> Reply:
    """``GET /claims``: three at most, and the position of the next ones."""
    rows = [row for row in CLAIMS if asked.first("status") in {None, row["status"]}]
    begin = int(asked.first("cursor") or 0)
    end = begin + min(int(asked.first("limit") or PAGE), PAGE)
    following = str(end) if end < len(rows) else None
    given = "&".join(f"{name}={value}" for name, values in sorted(asked.query.items()) for value in values)
    said = f"GET {asked.path}{'?' if given else ''}{given}"
    return as_json({"data": {"items": rows[begin:end], "next": following}}, said)


def premiums(asked: Asked) -> Reply:
    """``GetPremiums``: it reads numbers as numbers, heeds no case, and answers in an order of its own."""
    operation, keys = soap_call(asked.body)
    wanted = {(key["number"].strip().lstrip("0"), key["branch"].strip().casefold()) for key in keys}
    found = [
        row for row in PREMIUMS
        if (str(row["policyNumber"]).strip(), str(row["branchCode"]).casefold()) in wanted
    ]  # fmt: skip
    said = ", ".join(sorted(f"{key['number']}/{key['branch']}" for key in keys))
    return as_soap(SPACE, operation, "".join(elements("premium", row) for row in found), f"{operation} {said}")


def systems(first_port: int = 0) -> dict[str, System]:
    """Both, not yet started."""
    return {
        "claims": System(claims, first_port),
        "premiums": System(premiums, first_port and first_port + 1),
    }


def exports(made: dict[str, System]) -> dict[str, str]:
    """What ``isthmus.yaml`` reads from the environment."""
    return {f"{name.upper()}_URL": system.url for name, system in made.items()}
