"""A type token that ends in Secret is no assignment, and what is assigned to a secret's name still is none to show."""

from __future__ import annotations

import pytest

from policy.redaction import redacted


@pytest.mark.parametrize(
    "text",
    [
        "urn:pulumi:prod::demo::kubernetes:core/v1:Secret::db is refused",
        "the type kubernetes:core/v1:Secret: allowed EU",
        "of azure-native:keyvault:Secret: allowed EU",
    ],
)
def test_type_tokens_stay_whole(text: str) -> None:
    assert redacted(text, []) == text


@pytest.mark.parametrize("text", ["secret: hunter2", "Password=hunter2", "demo:db: Password=hunter2", "Token: hunter2"])
def test_what_is_assigned_to_a_secret_s_name_is_not_shown(text: str) -> None:
    assert "hunter2" not in redacted(text, [])
