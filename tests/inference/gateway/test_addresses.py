"""Only engines inside may be used."""

import pytest

from inference.gateway.addresses import AddressRefused, checked_url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8091",
        "http://localhost:8091",
        "http://[::1]:8091",
        "http://10.1.2.3",
        "http://172.31.0.9:80",
        "https://192.168.1.5:8443/base/",
        "http://[fd00::7]:9",
        "http://[::ffff:10.0.0.1]:9",
    ],
)
def test_an_address_inside_is_taken(url):
    assert checked_url("OSTROV_LLM_URL", url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8:8091",
        "http://172.32.0.1",
        "http://169.254.169.254/",
        "http://0.0.0.0:8091",
        "http://100.64.0.1",
        "http://[2001:4860:4860::8888]",
        "http://[::ffff:8.8.8.8]",
        "http://224.0.0.1",
        "http://134744072:80",
        "ftp://127.0.0.1",
        "127.0.0.1:8091",
        "http://",
        "http://user@127.0.0.1",
        "http://127.0.0.1:99999",
        "http://no-such-name.invalid",
    ],
)
def test_an_address_outside_is_refused_and_the_setting_is_named(url):
    with pytest.raises(AddressRefused) as refused:
        checked_url("OSTROV_LLM_URL", url)
    assert "OSTROV_LLM_URL" in str(refused.value)
