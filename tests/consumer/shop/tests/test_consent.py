import pytest


def test_no_page_leaks_in_any_state(client, consent):
    consent.crawl(client)


def test_the_film_waits_for_consent(client, consent):
    response = client.get("/film")
    consent.assert_no_leak(response)
    consent.assert_cookie_blocked(response, "_ga")
    consent.assert_banner(response)


@pytest.mark.consent(allow=["interactivity"])
def test_the_film_plays_after_consent(client, consent):
    response = client.get("/film")
    consent.assert_no_leak(response)
    assert "<iframe" in response.text
