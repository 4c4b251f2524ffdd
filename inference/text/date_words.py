"""The words of dates and times, Russian and English."""

_WEEKDAYS = (
    "понедельник понедельника понедельнику понедельником monday mondays",
    "вторник вторника вторнику вторником tuesday tuesdays",
    "среда среду среды среде средой wednesday wednesdays",
    "четверг четверга четвергу четвергом thursday thursdays",
    "пятница пятницу пятницы пятнице пятницей friday fridays",
    "суббота субботу субботы субботе субботой saturday saturdays",
    "воскресенье воскресенья воскресенью воскресеньем sunday sundays",
)
WEEKDAYS = {word: day for day, words in enumerate(_WEEKDAYS) for word in words.split()}

_MONTHS = (
    "январь января январю январе january jan",
    "февраль февраля февралю феврале february feb",
    "март марта марту марте march mar",
    "апрель апреля апрелю апреле april apr",
    "май мая маю мае may",
    "июнь июня июню июне june jun",
    "июль июля июлю июле july jul",
    "август августа августу августе august aug",
    "сентябрь сентября сентябрю сентябре september sept sep",
    "октябрь октября октябрю октябре october oct",
    "ноябрь ноября ноябрю ноябре november nov",
    "декабрь декабря декабрю декабре december dec",
)
MONTHS = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}

DAYS_AHEAD = {"сегодня": 0, "завтра": 1, "послезавтра": 2, "today": 0, "tonight": 0, "tomorrow": 1}

DAY_UNITS = frozenset("день дня дней дню сутки суток денек day days".split())
WEEK_UNITS = frozenset("неделя неделю недели недель неделе недельку неделек week weeks".split())
MONTH_UNITS = frozenset("месяц месяца месяцев месяце month months".split())
YEAR_UNITS = frozenset("год года лет году year years".split())
QUARTER_UNITS = frozenset("квартал квартала квартале quarter".split())
HOUR_UNITS = frozenset("час часа часов часик часика hour hours".split())
MINUTE_UNITS = frozenset("минута минуту минуты минут минуток minute minutes".split())

NEXT = frozenset(
    "следующий следующего следующему следующем следующую следующей следующая следующее будущий будущую будущей "
    "будущем будущего next".split()
)
THIS = frozenset(
    "этот эту этой этом этого этому эта ближайший ближайшую ближайшей ближайшее ближайшему this coming".split()
)
END = frozenset("конец конца концу конце end".split())
BEGINNING = frozenset("начало начала началу начале beginning start early".split())
BY_DAY = frozenset("до к ко на с со после на by on before until till for after".split())

MORNING = frozenset("утра утром утро morning am".split())
AFTERNOON = frozenset("дня днем afternoon pm".split())
EVENING = frozenset("вечера вечером вечер evening tonight".split())
NIGHT = frozenset("ночи night".split())
PARTS_OF_DAY = MORNING | AFTERNOON | EVENING

# Hours of the genitive ordinals in "в половине третьего", "полтретьего".
HALF_PREFIX = "пол"
HOUR_ORDINALS = {
    "первого": 1, "второго": 2, "третьего": 3, "четвертого": 4, "пятого": 5, "шестого": 6, "седьмого": 7,
    "восьмого": 8, "девятого": 9, "десятого": 10, "одиннадцатого": 11, "двенадцатого": 12,
}  # fmt: skip
NOON = frozenset({"полдень", "полудня", "полудню", "noon", "midday"})
LUNCH = frozenset({"обед", "обеда", "обеду"})
