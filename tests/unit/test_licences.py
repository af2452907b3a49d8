"""The page of licences says what is installed."""

from __future__ import annotations

from tests.licences import PAGE, packages, render


def test_the_page_is_what_the_packages_say() -> None:
    assert PAGE.read_text("utf-8") == render(), "run: make licences"


def test_the_packages_with_duties_are_named() -> None:
    bound = {package.name for package in packages() if package.duty}
    assert {"certifi", "docxtpl", "pikepdf", "pylopdf-fonts-zh-cn", "python-stdnum"} <= bound
