"""Markdown as HTML: what models write, and what hostile ones write."""

import time
from html.parser import HTMLParser

import pytest

from playground.markdown import LIMIT, render_markdown

SAFE_TAGS = {
    *("a", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "input", "li"),
    *("ol", "p", "pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
SAFE_ATTRIBUTES = {
    *("href", "title", "rel", "target", "class", "start", "tabindex"),
    *("type", "checked", "disabled"),
}


class Auditor(HTMLParser):
    """Collects whatever could act: tags, attributes and link targets, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[dict[str, str | None]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _value in attrs)
        if tag == "a":
            self.links.append(dict(attrs))


def audit(html: str) -> Auditor:
    found = Auditor(html)
    assert found.tags <= SAFE_TAGS
    assert found.attributes <= SAFE_ATTRIBUTES
    for link in found.links:
        href = link.get("href")
        assert href is None or href.startswith(("http://", "https://", "mailto:")), href
        assert link["rel"] == "noopener noreferrer nofollow"
        assert link["target"] == "_blank"
    return found


CORPUS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)><embed src=javascript:alert(1)>",
    "<form action=/sessions/ method=post><button>Sign in again</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<style>body{background:url(//evil.example)}</style>",
    "<div style='position:fixed;inset:0'>over everything</div>",
    "<base href=//evil.example><link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<a href='javascript:alert(1)' onclick=alert(1)>x</a>",
    "<div hx-get=/sessions/ hx-trigger=load hx-on:load=alert(1)>x</div>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x]( javascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/accounts/sign-out)",
    "[x](#main)",
    "[x](http://ok.example 'a\" onmouseover=alert(1) \"')",
    '[x](http://ok.example/"onmouseover="alert(1))',
    "[x][r]\n\n[r]: javascript:alert(1)",
    "[x][r]\n\n[r]: <data:text/html,1> 'title'",
    "<javascript:alert(1)>",
    "<http://ok.example/\"onmouseover='alert(1)'>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "![x](http://evil.example/pixel.png?leak=1)",
    "![<img src=x onerror=alert(1)>](http://ok.example/a.png)",
    "![x](//evil.example/pixel.png)",
    "[![x](http://evil.example/a.png)](javascript:alert(1))",
    "```html\n<script>alert(1)</script>\n```",
    '```"><img src=x onerror=alert(1)>\ncode\n```',
    "```x onclick=alert(1)\ncode\n```",
    "```python\n'</span></code></pre><script>alert(1)</script>'\n```",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "| <script>alert(1)</script> | b |\n|:-:|--:|\n| <img src=x onerror=alert(1)> | c |",
    "- [x] <script>alert(1)</script>",
    "# <a name=x onclick=alert(1)>h</a>",
    "> <iframe src=javascript:alert(1)>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php system('x') ?>",
    "a\0<script\0>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>alert(1)\\</script>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
]


@pytest.mark.parametrize("text", CORPUS)
def test_nothing_hostile_comes_through(text: str) -> None:
    found = audit(render_markdown(text))

    assert "javascript" not in " ".join(str(link.get("href")) for link in found.links).lower()


@pytest.mark.parametrize("text", CORPUS)
def test_nothing_hostile_comes_through_when_it_is_cut_anywhere(text: str) -> None:
    for at in range(len(text)):
        audit(render_markdown(text[:at]))


def test_hostile_html_is_shown_as_it_was_written() -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in render_markdown("<script>alert(1)</script>")


def test_no_image_is_fetched() -> None:
    html = render_markdown(
        "![A chart](https://example.com/c.png) ![](https://example.com/d.png) ![data](data:image/png;base64,AA)"
    )

    assert "<img" not in html
    assert '<a class="prose__image" href="https://example.com/c.png"' in html
    assert ">A chart</a>" in html
    assert ">image</a>" in html


def test_what_models_write() -> None:
    html = render_markdown("# Title\n\n**bold** *it* ~~gone~~ `code`\n\n1. one\n   - nested\n2. two\n\n> quote\n\n---")

    for piece in ("<h1>Title</h1>", "<strong>", "<em>", "<code>code</code>", "<ol>", "<ul>", "<blockquote>", "<hr>"):
        assert piece in html
    audit(html)


def test_tables_are_aligned_by_class() -> None:
    html = render_markdown("|a|b|\n|:-:|--:|\n|1|2|")

    assert '<td class="prose__cell--center">1</td>' in html
    assert '<td class="prose__cell--right">2</td>' in html
    assert "style" not in html


def test_task_lists() -> None:
    html = render_markdown("- [x] done\n- [ ] open")

    assert html.count('type="checkbox"') == 2
    assert html.count('disabled="disabled"') == 2
    assert html.count('checked="checked"') == 1


def test_code_is_coloured_by_class() -> None:
    html = render_markdown("```python\nreturn 1\n```\n\n```nosuchlanguage\nreturn <1>\n```\n\n```\nplain\n```")

    assert '<span class="k">return</span>' in html
    assert '<code class="language-nosuchlanguage">return &lt;1&gt;' in html
    assert '<code class="language-text">plain' in html


def test_code_keeps_its_line_ends_and_blocks_have_none_between() -> None:
    html = render_markdown("```python\n\na = 1\n\n\nb = 2\n```\n\n- one\n- two\n\n  three")

    assert html.count("\n") == 6
    assert "</li><li>" in html


def test_links_are_marked_as_leaving() -> None:
    html = render_markdown("[x](https://example.com/?a=1&b=2) <https://example.org> [m](mailto:a@example.com)")

    assert len(audit(html).links) == 3
    assert 'href="https://example.com/?a=1&amp;b=2"' in html


@pytest.mark.parametrize("cut", ["Text.\n\n##", "Text.\n\n## ", "Text.\n\n> #", "Text.\n\n- #"])
def test_a_heading_that_has_no_words_yet_is_none(cut: str) -> None:
    assert "<h" not in render_markdown(cut)
    assert "<p>Text.</p>" in render_markdown(cut)
    assert "<h2>Words</h2>" in render_markdown(f"{cut}\n\n## Words")


def test_chinese_and_emoji() -> None:
    assert "<strong>北京</strong>" in render_markdown("**北京** 👩‍👩‍👧")


def test_an_open_fence_of_a_cut_off_answer_is_code() -> None:
    assert '<code class="language-text">never closed' in render_markdown("text\n\n```\nnever closed")


@pytest.mark.parametrize("pattern", ["[", "![", "- a\n", "a|b\n-|-\n", "*a ", "> ", "`", "<a ", "a\n", "\\", "&", "  "])
def test_a_megabyte_takes_no_seconds(pattern: str) -> None:
    text = pattern * (1_000_000 // len(pattern))
    started = time.process_time()

    html = render_markdown(text)

    assert time.process_time() - started < 5  # 0.1–0.8 s on an idle machine; unbounded it is up to 30 s
    assert html.count('class="prose__rest"') == 1


def test_a_long_answer_goes_on_as_plain_text() -> None:
    paragraph = "word " * 100 + "\n\n"
    text = paragraph * (LIMIT // len(paragraph) + 10) + "<script>the end</script>"

    html = render_markdown(text)

    audit(html)
    assert html.count("word") == text.count("word")
    assert "&lt;script&gt;the end&lt;/script&gt;" in html
    assert "shown as plain text" in html


def test_much_code_is_not_coloured_forever() -> None:
    block = "```python\n" + "x = 1\n" * 3000 + "```\n\n"

    html = render_markdown(block * 3)

    assert 0 < html.count('<span class="n">') <= 2 * 3000 + 3000
