"""The words from which the sample company is made. All names are invented; phones and domains are reserved for examples."""

from __future__ import annotations

TEAMS = ("Sales", "Support")

# username, full name, team, role, locale
ACCOUNTS = (
    ("staff", "Анна Смирнова", "Sales", "staff", "en"),
    ("head", "Пётр Орлов", "Sales", "head", "en"),
    ("admin", "Михаил Лебедев", None, "administrator", "en"),
    ("officer", "Вера Соколова", None, "officer", "en"),
    ("oleg", "Олег Быков", "Sales", "staff", "ru"),
    ("irina", "Ирина Котова", "Support", "staff", "ru"),
    ("david", "David Moore", "Support", "staff", "en"),
)
PERSONAS = 4  # the first accounts, one a persona, are printed when the demo is up
PASSWORD = "ostrov-demo"  # noqa: S105 - the demo's own, printed at every start

# name, aliases, unit, price in roubles
PRODUCTS = (
    ("Centrifugal pump NC-50", ["центробежный насос", "насос НЦ-50", "centrifugal pump"], "pcs", 186000),
    ("Submersible pump SP-8", ["погружной насос", "скважинный насос", "submersible pump"], "pcs", 94000),
    (
        "Screw compressor VK-15",
        ["винтовой компрессор", "компрессор ВК-15", "screw compressor", "compressor"],
        "pcs",
        742000,
    ),
    ("Air receiver R-500", ["ресивер", "воздухосборник", "air receiver"], "pcs", 118000),
    ("Power cable 3x50", ["силовой кабель", "кабель ВВГ", "power cable"], "m", 1450),
    ("Control cable 7x1.5", ["контрольный кабель", "control cable"], "m", 210),
    ("Ball valve DN80", ["шаровой кран", "кран шаровый", "ball valve"], "pcs", 12400),
    ("Gate valve DN150", ["задвижка", "клиновая задвижка", "gate valve"], "pcs", 31800),
    ("Cartridge filter F-10", ["картриджный фильтр", "фильтр тонкой очистки", "cartridge filter"], "pcs", 6900),
    ("Frequency converter FC-22", ["частотный преобразователь", "частотник", "frequency converter"], "pcs", 158000),
    ("Electric motor 22 kW", ["электродвигатель", "мотор 22 киловатта", "electric motor"], "pcs", 97500),
    ("Heat exchanger PT-40", ["теплообменник", "пластинчатый теплообменник", "heat exchanger"], "pcs", 268000),
    ("Pressure sensor DD-16", ["датчик давления", "pressure sensor"], "pcs", 8300),
    ("Flow meter RM-100", ["расходомер", "flow meter"], "pcs", 64200),
    ("Diesel generator DG-100", ["дизельный генератор", "дизель-генератор", "diesel generator"], "pcs", 1340000),
    ("LED floodlight 200 W", ["прожектор", "светодиодный прожектор", "floodlight"], "pcs", 7600),
    ("Switchboard SH-12", ["распределительный щит", "электрощит", "switchboard"], "pcs", 143000),
    ("Bearing unit UCP-210", ["подшипниковый узел", "подшипник", "bearing"], "pcs", 4200),
    ("Service contract, year", ["сервисный договор", "договор на обслуживание", "service contract"], "year", 240000),
    ("Commissioning", ["пусконаладка", "пусконаладочные работы", "commissioning"], "visit", 85000),
)

RU_FORMS = ("ООО", "АО", "ООО", "ПАО", "ИП", "ООО")
RU_FIRST = (
    "Урал", "Волга", "Сибирь", "Невский", "Балт", "Тверь", "Орион", "Вектор", "Гранит", "Кама", "Алтай", "Север", "Меридиан",
    "Прогресс", "Ладога", "Регион", "Квант", "Сфера", "Восток", "Исток", "Рубин", "Титан", "Заря", "Маяк", "Полюс", "Эталон",
)  # fmt: skip
RU_SECOND = (
    "промсталь", "строй", "энерго", "маш", "снаб", "пищепром", "водоканал", "химпром", "лес", "агро", "транс", "монтаж",
    "сервис", "логистик", "фарм", "текстиль", "бетон", "прибор",
)  # fmt: skip
EN_FIRST = (
    "Baltic", "Nordic", "Green Valley", "Harbour", "Silver Creek", "Oakridge", "Northgate", "Eastwood", "Clearwater",
    "Redstone", "Bluefield", "Granite", "Summit", "Lakeside", "Ironbridge", "Westport", "Maple", "Sterling",
)  # fmt: skip
EN_SECOND = (
    "Foods", "Hospital", "Engineering", "Logistics", "Steel", "Dairy", "Timber", "Chemicals", "Shipyard", "Textiles",
    "Utilities", "Brewery", "Pharma", "Construction", "Farms", "Power",
)  # fmt: skip
INDUSTRIES = (
    ("Metallurgy", "Металлургия"), ("Construction", "Строительство"), ("Energy", "Энергетика"),
    ("Food", "Пищевая промышленность"), ("Water supply", "Водоснабжение"), ("Chemistry", "Химия"),
    ("Forestry", "Лесная промышленность"), ("Agriculture", "Сельское хозяйство"), ("Logistics", "Логистика"), ("Healthcare", "Здравоохранение"), ("Pharmaceuticals", "Фармацевтика"), ("Textile", "Текстиль"),
)  # fmt: skip
RU_CITIES = (
    "Москва", "Санкт-Петербург", "Екатеринбург", "Казань", "Нижний Новгород", "Самара", "Пермь", "Челябинск", "Тверь",
    "Новосибирск", "Уфа", "Ярославль",
)  # fmt: skip
EN_CITIES = ("London", "Manchester", "Dublin", "Rotterdam", "Gdansk", "Riga", "Helsinki", "Hamburg", "Bristol", "Leeds")
LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h", "ц": "ts",
    "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip
RU_MEN = (
    "Алексей",
    "Сергей",
    "Дмитрий",
    "Иван",
    "Николай",
    "Андрей",
    "Павел",
    "Максим",
    "Игорь",
    "Роман",
    "Виктор",
    "Юрий",
)
RU_WOMEN = (
    "Марина",
    "Ольга",
    "Елена",
    "Наталья",
    "Татьяна",
    "Светлана",
    "Юлия",
    "Екатерина",
    "Дарья",
    "Людмила",
    "Ксения",
)
RU_SURNAMES = (
    "Петров", "Иванов", "Кузнецов", "Соколов", "Попов", "Волков", "Морозов", "Зайцев", "Павлов", "Семёнов", "Голубев",
    "Виноградов", "Фёдоров", "Михайлов", "Беляев", "Тарасов", "Комаров", "Киселёв", "Макаров", "Андреев", "Ковалёв", "Ильин",
    "Гусев", "Титов", "Кузьмин", "Баранов", "Куликов", "Степанов", "Яковлев", "Романов",
)  # fmt: skip
EN_NAMES = (
    "Robert", "Helen", "James", "Emma", "Oliver", "Sophie", "Daniel", "Laura", "Thomas", "Grace", "Henry", "Alice", "George",
    "Ruth", "Peter", "Clara", "Simon", "Julia", "Martin", "Nora",
)  # fmt: skip
EN_SURNAMES = (
    "Miller", "Carter", "Walker", "Bennett", "Hughes", "Turner", "Foster", "Reed", "Coleman", "Griffin", "Palmer", "Stone",
    "Barrett", "Doyle", "Harper", "Lloyd", "Marsh", "Norton", "Quinn", "Sawyer",
)  # fmt: skip
POSITIONS = (
    ("Head of procurement", "Начальник отдела снабжения"), ("Chief engineer", "Главный инженер"), ("Director", "Директор"),
    ("Power engineer", "Главный энергетик"), ("Buyer", "Менеджер по закупкам"), ("Mechanic", "Главный механик"),
    ("Accountant", "Главный бухгалтер"), ("Plant manager", "Директор по производству"), ("Technologist", "Технолог"),
)  # fmt: skip
# Talk of the trade: kind, then subject and body in English and in Russian; {product}, {quantity}, {name}, {when} are filled
# in. The last two also suit services.
TALKS = (
    (
        "email",
        "Request for an offer",
        "Dear colleagues, please send us an offer for {quantity} {unit} of {product} with delivery to our site. "
        "We plan to decide by {when}. Kind regards, {name}",
        "Запрос предложения",
        "Добрый день! Просим прислать предложение: {product}, {quantity} {unit}, с доставкой до объекта. "
        "Решение планируем принять до {when}. С уважением, {name}",
    ),
    (
        "call",
        "Price and delivery time",
        "{name} asked for the price and the delivery time of {product}. The site will be ready by {when}. "
        "A discount for {quantity} {unit} was discussed.",
        "Цена и срок поставки",
        "{name}: вопрос о цене и сроке поставки, позиция «{product}». Объект будет готов к {when}. "
        "Обсудили скидку за количество ({quantity} {unit}).",
    ),
    (
        "meeting",
        "Visit to the plant",
        "We walked through the pump station. The old equipment leaks; they consider {product}. "
        "{name} will confirm the quantity ({quantity} {unit}) by {when}.",
        "Выезд на объект",
        "Осмотрели насосную станцию. Старое оборудование течёт, рассматривают замену: {product}. "
        "{name} подтвердит количество ({quantity} {unit}) до {when}.",
    ),
    (
        "email",
        "Complaint about a delivery",
        "Hello, one box arrived with a damaged housing, the item is {product}. "
        "We ask you to replace it before {when}. {name}",
        "Рекламация по поставке",
        "Здравствуйте. В поставке один корпус пришёл повреждённым, позиция: {product}. "
        "Просим заменить до {when}. {name}",
    ),
    (
        "call",
        "Service visit",
        "{name} reports noise in the equipment: {product}. An engineer was promised by {when}; "
        "the serial number is on the plate.",
        "Вызов инженера",
        "{name}: посторонний шум, оборудование — {product}. Обещали инженера до {when}, серийный номер на табличке.",
    ),
    (
        "message",
        "Drawing received",
        "{name} sent the drawing for {product}. The flange differs, we have to check it with the factory.",
        "Прислали чертёж",
        "Получен чертёж от клиента ({name}), позиция: {product}. Фланец отличается, нужно сверить с заводом.",
    ),
    (
        "note",
        "Decision makers",
        "The decision is made by the director together with {name}. They compare two suppliers of {product}; "
        "what matters most is the warranty.",
        "Кто принимает решение",
        "Решение принимает директор, мнение готовит {name}. Сравнивают двух поставщиков ({product}); "
        "главное для них — гарантия.",
    ),
    (
        "call",
        "Payment",
        "{name} says that the invoice for {product} will be paid by {when}. "
        "Asked to send the closing documents by e-mail.",
        "Оплата",
        "{name}: счёт за «{product}» оплатят до {when}. Просьба прислать закрывающие документы на почту.",
    ),
)
SERVICE_TALKS = TALKS[-2:]
SERVICE_UNITS = frozenset({"year", "visit"})
TASKS = (
    ("Send the offer for {product}", "Отправить предложение на {product}"),
    ("Call {name} about the decision", "Позвонить: {name}, спросить о решении"),
    ("Check the stock of {product}", "Проверить наличие: {product}"),
    ("Prepare the contract", "Подготовить договор"),
    ("Agree the visit of the engineer", "Согласовать выезд инженера"),
    ("Remind of the invoice", "Напомнить об оплате счёта"),
)
