"""Sources that few pages hold, each withheld on its own, and what a base or a withheld element leaves behind (DESIGN §6)."""

from __future__ import annotations

import pytest

from consent_guard.limits import HELD_VALUE_BYTES

from .documents import SERVICES, WHOLE, Parts, kept, once, rewritten, rules

PIXEL = "https://px.ads.example/a"
XML = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'


@pytest.mark.parametrize("rel", ["fluid-icon", "FLUID-ICON", "x fluid-icon"])
def test_an_icon_for_a_single_site_browser_is_fetched_as_any_icon(rel: str) -> None:
    assert rewritten(f'<link rel="{rel}" href={PIXEL}>x') == "x"
    assert kept(f'<link rel="{rel}" href=/icon.png>x')


@pytest.mark.parametrize("name", ["href", "xlink:href"])
def test_the_path_of_a_motion_is_fetched_in_html_and_in_xml(name: str) -> None:
    """SVG 2 §5.5"""
    motion = "<animateMotion><mpath {}/></animateMotion></svg>"
    gated, own = motion.format(f'{name}="{PIXEL}#p"'), motion.format(f'{name}="#p"')
    assert PIXEL not in rewritten(f"<p><svg>{gated}")
    assert PIXEL not in rewritten(f"{XML}{gated}", syntax="xml")
    assert kept(f"<p><svg>{own}")
    assert kept(f"{XML}{own}", syntax="xml")
    assert kept(f"{XML}{gated}", syntax="xml", allowed=SERVICES)


@pytest.mark.parametrize("tag", ["img", "script", "a"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_attribution_in_a_tag_too_long_to_be_held_is_withheld(tag: str, quote: str) -> None:
    """R4, R5"""
    pad = f" data-x={quote}{'x' * HELD_VALUE_BYTES}{quote}"
    gated = f"<{tag}{pad} attributionsrc={quote}/own {PIXEL}{quote}>x</{tag}>".encode()
    for size in (WHOLE, 1 << 16, 999_983):
        assert PIXEL.encode() not in once(gated, sizes=size)
        assert once(gated, sizes=size, allowed=SERVICES) == gated
    plain = f"<{tag}{pad} attributionsrc={quote}/own /other{quote}>x</{tag}>".encode()
    assert once(plain) == plain


def test_where_a_gated_base_was_made_inert_addresses_fall_back_to_the_documents_own() -> None:
    """WHATWG 4.2.3: what the base led away from a rule of ours leads to it again."""
    own = rules("/stats/")
    base, image = "<base href=https://www.shared.example/captcha/>", "<img alt=x src=/stats/p.gif>"
    assert kept(base.replace("captcha", "plain") + image, compiled=own)
    out = rewritten(base + image, compiled=own)
    assert "/stats/" not in out
    assert "www.shared.example" not in out
    assert kept(base + image, compiled=own, allowed={"captcha"})


@pytest.mark.parametrize("name", ["href", "xlink:href", "src"])
@pytest.mark.parametrize("space", ["svg", "math"])
def test_nothing_is_put_in_where_an_element_is_left_out_with_its_content(space: str, name: str) -> None:
    """DESIGN §6: a script is gone with its content, which one parser reads as markup."""
    inside = "<iframe src=//www.video.example/e></iframe>"
    out = rewritten(f"<p><{space}><script {name}={PIXEL}>{inside}</script></{space}><b>y</b>", parts=Parts())
    assert "video" not in out
    assert "[placeholder" not in out
    assert "<b>y</b>" in out
