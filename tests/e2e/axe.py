"""What holds of every page that a person looks at: axe-core finds nothing, and nothing sticks out."""

from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Page

AXE: Final = (Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js").read_text()
RUN_AXE: Final = """async (runOnly) => {
    const { violations } = await axe.run(document, { runOnly, resultTypes: ["violations"], preload: false });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => [id, node.target.join(" "), node.failureSummary]));
}"""
ALL: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS: Final = ["color-contrast", "link-in-text-block"]
LOOKS: Final[list[tuple[int, int, Literal["light", "dark"], list[str]]]] = [
    (1440, 900, "light", ALL),
    (1440, 900, "dark", COLOURS),
    (390, 844, "dark", ALL),
]
SMALL_PHONE: Final = {"width": 360, "height": 740}
STICKS_OUT: Final = """() => {
    const wide = document.documentElement.scrollWidth;
    if (wide <= innerWidth) return [];
    const isBeyond = (e) => e.getBoundingClientRect().right > innerWidth + 1;
    const beyond = [...document.body.querySelectorAll("*")].filter(isBeyond);
    return [`${wide} px wide`, ...beyond.slice(0, 5).map((e) => e.outerHTML.slice(0, 120))];
}"""
FORM: Final = """() => ({
    h1: [...document.querySelectorAll("h1")].filter((e) => e.checkVisibility() && !e.closest(".prose")).length,
    lang: document.documentElement.lang,
    title: document.title.replace(/\\s+/g, " ").split("·")[0].trim() !== "",
})"""


def expect_accessible(page: Page) -> None:
    """Wide and narrow, light and dark. Leaves the page narrow and dark."""
    page.evaluate(AXE)  # as the browser's console does: the content security policy is for what the page loads
    problems: list[Any] = []
    for width, height, theme, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        problems += [(width, theme, *problem) for problem in page.evaluate(RUN_AXE, rules)]
    assert not problems, "\n".join(map(str, problems))


def expect_whole(page: Page) -> None:
    """It has a title, a language and one heading of the first rank beside an answer's own; a phone shows all of it."""
    page.set_viewport_size(SMALL_PHONE)  # type: ignore[arg-type]
    out, form = page.evaluate(STICKS_OUT), page.evaluate(FORM)
    assert not out, out
    assert form == {"h1": 1, "lang": "en", "title": True}, form
