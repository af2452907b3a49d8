"""Who is in the example PKI: the parties and the people of the sample agreements and of the sample roster."""

from __future__ import annotations

from dataclasses import dataclass

EXAMPLE_ORGANISATION = "EXAMPLE 样例"
"""Organisation in every subject: tells people and programs that the certificate proves nothing."""

PARTY_A = "豫州市第二次全国污染源普查领导小组办公室"
PARTY_A_REPRESENTATIVE = "王建国"
PARTY_B = "豫州市绿源环境监测有限公司"
PARTY_B_REPRESENTATIVE = "李秀英"

PEOPLE: tuple[tuple[str, str], ...] = (
    ("HN0001", "张伟"),
    ("HN0002", "王芳"),
    ("HN0003", "㛃雨欣"),
    ("HN0004", "阿卜杜热合曼·买买提"),
    ("HN0005", "李娜"),
    ("HN0006", "刘洋"),
    ("HN0007", "陈静"),
    ("HN0008", "杨磊"),
    ("HN0009", "赵敏"),
    ("HN0010", "黄强"),
    ("HN0011", "周涛"),
    ("HN0012", "吴桂英"),
)
"""Staff number and name of the twelve persons who get a certificate."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who gets a signing certificate.

    Attributes:
        path: Path of the credential file below `credentials/`, without its suffix.
        name: Common name, which is exactly what the forms print.
        unit: Organisational unit in the subject.
        seal: Whether the picture is a round seal; otherwise it is a signature.
        number: Serial number in the subject, which tells people of one name apart.
    """

    path: str
    name: str
    unit: str
    seal: bool
    number: str | None = None


def default_holders(people: tuple[tuple[str, str], ...]) -> tuple[Holder, ...]:
    """Return the six fixed holders and one for each person."""
    return (
        Holder("unit-seal", PARTY_A, "单位电子印章", seal=True, number="UNIT"),
        Holder("archive-seal", PARTY_A, "档案电子印章", seal=True, number="ARCHIVE"),
        Holder("party-a-seal", PARTY_A, "单位电子印章", seal=True, number="PARTY-A"),
        Holder("party-a-representative", PARTY_A_REPRESENTATIVE, "代表人", seal=False, number="REP-A"),
        Holder("party-b-seal", PARTY_B, "单位电子印章", seal=True, number="PARTY-B"),
        Holder("party-b-representative", PARTY_B_REPRESENTATIVE, "代表人", seal=False, number="REP-B"),
        *(Holder(f"people/{number}", name, "普查人员", seal=False, number=number) for number, name in people),
    )
