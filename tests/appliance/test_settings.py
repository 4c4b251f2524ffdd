"""Settings come from the environment, or from files that it names."""

from __future__ import annotations

import pytest

from appliance.settings import GatewaySettings, SettingsError, WebSettings, read

KEY = "a-key-of-more-than-sixteen-characters"


def test_a_setting_is_read_from_the_file_that_its_variable_names(tmp_path):
    place = tmp_path / "gateway_key"
    place.write_text(f"  {KEY}\n")
    assert read(GatewaySettings, {"OSTROV_GATEWAY_KEY_FILE": str(place)}).gateway_key == KEY


def test_a_number_in_a_file_is_a_number(tmp_path):
    place = tmp_path / "threads"
    place.write_text("3\n")
    assert read(WebSettings, {"OSTROV_WEB_THREADS_FILE": str(place)}).web_threads == 3


def test_a_value_and_a_file_at_once_are_refused_and_both_are_named(tmp_path):
    place = tmp_path / "key"
    place.write_text(KEY)
    with pytest.raises(SettingsError, match="OSTROV_GATEWAY_KEY and OSTROV_GATEWAY_KEY_FILE are both set"):
        read(GatewaySettings, {"OSTROV_GATEWAY_KEY": KEY, "OSTROV_GATEWAY_KEY_FILE": str(place)})


def test_an_empty_name_of_a_file_names_none():
    assert read(GatewaySettings, {"OSTROV_GATEWAY_KEY": KEY, "OSTROV_GATEWAY_KEY_FILE": ""}).gateway_key == KEY


def test_a_file_that_is_not_there_is_named_with_the_reason():
    with pytest.raises(SettingsError, match=r"OSTROV_GATEWAY_KEY_FILE='/nowhere/key' cannot be read \(No such file"):
        read(GatewaySettings, {"OSTROV_GATEWAY_KEY_FILE": "/nowhere/key"})


def test_a_file_that_holds_no_text_is_refused_without_quoting_it(tmp_path):
    place = tmp_path / "key"
    place.write_bytes(b"\xff\xfe\x00secret")
    with pytest.raises(SettingsError, match="does not hold text in UTF-8") as refused:
        read(GatewaySettings, {"OSTROV_GATEWAY_KEY_FILE": str(place)})
    assert "secret" not in str(refused.value)


def test_a_setting_that_is_itself_the_name_of_a_file_stays_a_name(tmp_path):
    place = str(tmp_path / "secret_key")
    assert read(WebSettings, {"OSTROV_SECRET_KEY_FILE": place}).secret_key_file == place


def test_a_wrong_value_in_a_file_names_the_variable(tmp_path):
    place = tmp_path / "port"
    place.write_text("many\n")
    with pytest.raises(SettingsError, match="OSTROV_WEB_PORT='many' is not a valid int"):
        read(WebSettings, {"OSTROV_WEB_PORT_FILE": str(place)})
