"""The bundler joins our modules into one script, and refuses what it does not understand."""

from pathlib import Path

import pytest
from django.test import override_settings

from playground.sharing.exports.bundle import CannotBundle, bundle_scripts, bundle_styles


@pytest.fixture
def bundle(tmp_path: Path) -> "object":
    def build(**files: str) -> str:
        for name, text in files.items():
            (tmp_path / f"{name}.js").write_text(text)
        bundle_scripts.cache_clear()
        with override_settings(STATICFILES_DIRS=[("t", tmp_path)]):
            from django.contrib.staticfiles import finders

            finders.get_finder.cache_clear()
            try:
                return bundle_scripts("t/main.js")
            finally:
                finders.get_finder.cache_clear()
                bundle_scripts.cache_clear()

    return build


def test_a_module_comes_after_what_it_imports_and_only_once(bundle: object) -> None:
    script = bundle(  # type: ignore[operator]
        main='import { a as x } from "./a.js";\nimport "./b.js";\nconsole.log(x);\n',
        a='import { b } from "./b.js";\nexport const a = b + 1;\n',
        b="export function b() {}\nexport class C {}\n",
    )
    assert script.index("// t/b.js") < script.index("// t/a.js") < script.index("// t/main.js")
    assert script.count("// t/b.js") == 1
    assert "const { a: x } = m1;" in script
    assert "return { b, C };" in script


@pytest.mark.parametrize(
    "source",
    ["export default 1;\n", 'import x from "./a.js";\n', 'export * from "./a.js";\n', 'const m = import("./a.js");\n'],
)
def test_what_it_does_not_understand_is_refused(bundle: object, source: str) -> None:
    with pytest.raises(CannotBundle):
        bundle(main=source, a="")  # type: ignore[operator]


def test_a_circle_is_refused(bundle: object) -> None:
    with pytest.raises(CannotBundle):
        bundle(main='import "./a.js";\n', a='import "./main.js";\n')  # type: ignore[operator]


def test_our_player_can_be_bundled_with_its_styles() -> None:
    script = bundle_scripts("js/sharing/offline.js")
    assert "customElements.define" in script
    assert "</script" not in script
    styles = bundle_styles(("tokens", "button"))
    assert styles.startswith("@layer reset")
    assert "@layer tokens {" in styles
    assert "@import" not in styles
