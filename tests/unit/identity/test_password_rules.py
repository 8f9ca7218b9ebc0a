"""What a password must be."""

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.identity.password_rules import LONGEST, SHORTEST, check_password

RELATED = ("ada.lovelace@example.com", "Ada Lovelace", "Analytical Engines")


@pytest.mark.parametrize("password", ["correct horse", "ääääöööööüüü", "x y" * 20, "Ada likes engines"])
def test_length_is_what_counts(password):
    assert check_password(password, related=RELATED) == password


@pytest.mark.parametrize(
    "password",
    [
        "short", "x" * (LONGEST + 1), "aaaaaaaaaaaa", "abababababab", "password1234", "Password-1234",
        "Qwertyuiop",
        "ADA.LOVELACE@example.com", "ada.lovelace", "AdaLovelace", "analytical engines", "Analytical-Engines",
    ],
)  # fmt: skip
def test_what_is_tried_first_is_refused(password):
    with pytest.raises(Invalid) as caught:
        check_password(password, field="new_password", related=RELATED)
    assert caught.value.errors[0].field == "new_password"


def test_a_tenant_may_ask_for_more_but_not_for_less():
    with pytest.raises(Invalid):
        check_password("correct horse", shortest=16)
    with pytest.raises(Invalid):
        check_password("x y z w", shortest=4)
    assert len("correct horse") >= SHORTEST
