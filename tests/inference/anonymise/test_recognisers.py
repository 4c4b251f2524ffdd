"""Recognisers on their borders: check digits, naming words, spoken and shouted text, what is no personal data."""

import pytest

from inference.anonymise import Masker
from inference.anonymise.account import fits
from inference.anonymise.snils import is_valid


def found(text, language="auto"):
    return [(span.kind, span.text) for span in Masker(language).mask(text).spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("карта 4111 1111 1111 1111", [("bank_card", "4111 1111 1111 1111")]),
        ("карта 4111 1111 1111 1112", [("bank_card", "4111 1111 1111 1112")]),
        ("позиция 4111 1111 1111 1112", []),
        ("паспорт серия 45 10 № 123456", [("passport", "45 10 № 123456")]),
        ("права 45 10 123456", [("driver_licence", "45 10 123456")]),
        ("ИНН 7707083893, заказ 7707083893", [("inn", "7707083893")]),
        ("вод. удостоверение серии 63 11 № 775208", [("driver_licence", "63 11 № 775208")]),
        ("паспорт водителя: серия 63 11 № 775208", [("passport", "63 11 № 775208")]),
        ("Passports GF482916 and YB1047723 were checked", [("passport", "GF482916"), ("passport", "YB1047723")]),
        ("INN/KPP 6314927372/783901001", [("inn", "6314927372")]),
        ("договор номер двести пятнадцать дробь три", [("contract_number", "двести пятнадцать дробь три")]),
        ("мама пятьдесят восьмого года рождения", [("birth_date", "пятьдесят восьмого года")]),
        ("IBAN CH93 0076 2011 6238 5295 7 is ours", [("iban", "CH93 0076 2011 6238 5295 7")]),
        ("Pick up from P.O. Box 17, Nakuru", [("address", "P.O. Box 17, Nakuru")]),
        ("по договору № 12/7-К от 01.02.2025", [("contract_number", "12/7-К")]),
        ("родилась 01.02.1990, договор от 01.02.2020", [("birth_date", "01.02.1990")]),
        ("вод.уд. 64 30 771822", [("driver_licence", "64 30 771822")]),
        ("Удостоверение водителя 02 18 664530", [("driver_licence", "02 18 664530")]),
        ("E12345678 is his passport number", [("passport", "E12345678")]),
        ("Agreement dated 3 May, ref. MSA-2024/118", [("contract_number", "MSA-2024/118")]),
        ("Piazza Navona 3, 00186 Roma", [("address", "Piazza Navona 3, 00186 Roma")]),
        ("RR 2 Box 152, Smithville, MO 64089", [("address", "RR 2 Box 152, Smithville, MO 64089")]),
        ("Unit 5, Riverside Park, Leeds LS10 1RR", [("address", "Unit 5, Riverside Park, Leeds LS10 1RR")]),
        ("300 George Street, Sydney NSW 2000", [("address", "300 George Street, Sydney NSW 2000")]),
        ("88 Elm Street, Halifax, NS B3H 4R2", [("address", "88 Elm Street, Halifax, NS B3H 4R2")]),
        ("The flight via Moscow 2 hours late", []),
        ("ul. Lenina, d. 5, kv. 12", [("address", "ul. Lenina, d. 5, kv. 12")]),
        ("IBAN DE89 3702 0044 0532 0130 00.", [("iban", "DE89 3702 0044 0532 0130 00")]),
        ("написать на ivanov точка petr собака mail точка ru", [("email", "ivanov точка petr собака mail точка ru")]),
        ("Скидка 15 %, сумма 1 250 000 рублей, 20.03.2025 в 10:30, сервер 10.0.0.12", []),
        ("Гуляли по Тверской улице в Москве в мае", []),
        ("ship 1 200 000 units to Leeds in May", []),
        ("ИНН 7707083893 и 7736050003", [("inn", "7707083893"), ("inn", "7736050003")]),
        ("ОГРН1027700132195 в печати", [("ogrn", "1027700132195")]),
        ("sort code is thirty ten fifty five", [("account", "thirty ten fifty five")]),
        (
            "passport number is five one double three nine eight oh four",
            [("passport", "five one double three nine eight oh four")],
        ),
        (
            "four one one one one one one one one one one one one one one one",
            [("bank_card", "four one one one one one one one one one one one one one one one")],
        ),
        ("пишите petrov (собака) zavod (точка) ru", [("email", "petrov (собака) zavod (точка) ru")]),
        ("The Old Mill, Station Road, Ely CB7 4DJ", [("address", "The Old Mill, Station Road, Ely CB7 4DJ")]),
        ("тер. СНТ Луч, уч. 8, Раменский г.о.", [("address", "тер. СНТ Луч, уч. 8, Раменский г.о.")]),
        ("на вторую советскую восемнадцать", [("address", "вторую советскую восемнадцать")]),
        ("на вторую половину двадцать рублей", []),
        ("горячая линия 8-800-100-20-30", [("phone", "8-800-100-20-30")]),
        ("contract no. PB 2024-17", [("contract_number", "PB 2024-17")]),
        ("договор № от 12.03.2024", []),
        ("a 12-month contract, agreement 12-month", []),
        ("born '79 in Leeds", [("birth_date", "'79")]),
        ("жена с семьдесят девятого года", [("birth_date", "семьдесят девятого года")]),
        ("фирма с семьдесят девятого года", []),
    ],
)
def test_a_value_is_what_its_check_and_its_name_say(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("меня зовут марина петрова", ["марина петрова"]),
        ("С уважением,\nЖолдасбек Ыскакова", ["Жолдасбек Ыскакова"]),
        ("Kind regards,\nThorvald", ["Thorvald"]),
        ("Best regards,\nSupport Team", []),
        ("Приехал Ван дер Берг", ["Ван дер Берг"]),
        ("Пришли Зыков, Рябых и Лемешко.", ["Зыков", "Рябых", "Лемешко"]),
        ("Отгрузки идут в Москву, Казань и Пермь.", []),
        ("Dagny and Peter will come", ["Dagny", "Peter"]),
        ("Approved by: Zubin Harrakesh", ["Zubin Harrakesh"]),
        ("ЗВОНИЛ ИВАНОВ ПЁТР СЕРГЕЕВИЧ", ["ИВАНОВ ПЁТР СЕРГЕЕВИЧ"]),
        ("Подписали И. С. Петров и Сидорова А. Б.", ["И. С. Петров", "Сидорова А. Б."]),
        ("my name is robert miller", ["robert miller"]),
        ("Mr. O'Brien and J. Smith", ["O'Brien", "J. Smith"]),
        ("Договор обсудил Robert Miller", ["Robert Miller"]),
        ("Call Иван Петров in Moscow", ["Иван Петров"]),
        ("у вики спроси когда отгрузка", ["вики"]),
        ("Передай Вере, что счёт готов.", ["Вере"]),
        ("вера в успех и надежда на рост", []),
        ("Лев на логотипе нравится всем.", []),
        ("thanks mark, i'll mark it as done", ["mark"]),
        ("Minutes by Chidi N. Eze", ["Chidi N. Eze"]),
    ],
)
def test_people_are_found_without_capitals_with_initials_and_in_the_other_script(text, names):
    assert [value for kind, value in found(text) if kind == "person"] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('Orion "North" Ltd has signed', ['Orion "North" Ltd']),
        ('Поставщик "Север" ООО отгрузил', ['"Север" ООО']),
        ("ИП Иванов И.И. подписал", ["ИП Иванов И.И."]),
        ("Звонил в Спецстройтранс, сказали завтра", ["Спецстройтранс"]),
        ("поставка шкафов, автосервис закрыт", []),
        ("платит ФГБОУ ВО «Северный институт»", ["ФГБОУ ВО «Северный институт»"]),
        ("ГБУЗ МО «Лесная больница» молчит", ["ГБУЗ МО «Лесная больница»"]),
        ("Паспорт выдан ГУ МВД России по г. Москве", []),
        ("Пермводоканал прислал акт", ["Пермводоканал"]),
        ("Vestas A/S and Tanaka K.K. want samples", ["Vestas A/S", "Tanaka K.K."]),
        ("The buyer is Zhejiang Huayou Co., Ltd.", ["Zhejiang Huayou Co., Ltd"]),
        ("St. Mary's Hospital asked for a refund", ["St. Mary's Hospital"]),
        ("under the Master Services Agreement", []),
        ("i work for harbor freight solutions we ordered twelve", ["harbor freight solutions"]),
    ],
)
def test_organisations_are_found_with_the_form_behind_and_without_one(text, names):
    assert [value for kind, value in found(text) if kind == "organisation"] == names


def test_sentences_of_two_languages_are_each_read_in_their_own():
    text = "Звонил Сергей Котов из ООО «Лира».\nRobert Miller from Northwind Traders replied."
    assert [value for _, value in found(text)] == ["Сергей Котов", "ООО «Лира»", "Robert Miller", "Northwind Traders"]


def test_invisible_letters_and_strange_digits_hide_nothing_and_places_are_right():
    text = "тел. +7\u200b 916\u00a0123\u201145\u201167, ИНН ７７０７０８３８９３, Ма\u0301рина Петрова"
    masked = Masker("ru").mask(text)
    assert [span.kind for span in masked.spans] == ["phone", "inn", "person"]
    assert all(text[span.start : span.end] == span.text for span in masked.spans)


def test_a_russian_account_is_checked_against_the_bank():
    client, bank = "40702810038000017240", "044525225"
    correspondent = "30101810400000000225"
    assert fits(client, bank)
    assert fits(correspondent, bank)
    assert not fits(client, "044525974")
    assert not fits("40702810138000017240", bank)
    assert not fits(correspondent, "044030653")
    assert not fits("123", bank)


def test_a_snils_is_checked_by_its_last_two_digits():
    assert is_valid("11223344595")
    assert not is_valid("11223344594")
