"""The words of dates and times, Russian and English."""

from inference.text.tokens import vocabulary

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

DAY_UNITS = vocabulary("день дня дней дню сутки суток денек day days")
WEEK_UNITS = vocabulary("неделя неделю недели недель неделе недельку неделек week weeks")
MONTH_UNITS = vocabulary("месяц месяца месяцев месяце month months")
YEAR_UNITS = vocabulary("год года лет году year years")
QUARTER_UNITS = vocabulary("квартал квартала квартале quarter")
HOUR_UNITS = vocabulary("час часа часов часик часика hour hours")
MINUTE_UNITS = vocabulary("минута минуту минуты минут минуток minute minutes")

NEXT = vocabulary(
    "следующий следующего следующему следующем следующую следующей следующая следующее будущий будущую "
    "будущей будущем будущего next"
)
THIS = vocabulary("этот эту этой этом этого этому эта ближайший ближайшую ближайшей ближайшее ближайшему this coming")
END = vocabulary("конец конца концу конце end")
BEGINNING = vocabulary("начало начала началу начале beginning start early")
BY_DAY = vocabulary("до к ко на с со после на by on before until till for after")

MORNING = vocabulary("утра утром утро morning am")
AFTERNOON = vocabulary("дня днем afternoon pm")
EVENING = vocabulary("вечера вечером вечер evening tonight")
NIGHT = vocabulary("ночи night")
PARTS_OF_DAY = MORNING | AFTERNOON | EVENING

# Hours of the genitive ordinals in "в половине третьего", "полтретьего".
HALF_PREFIX = "пол"
HOUR_ORDINALS = {
    "первого": 1, "второго": 2, "третьего": 3, "четвертого": 4, "пятого": 5, "шестого": 6, "седьмого": 7,
    "восьмого": 8, "девятого": 9, "десятого": 10, "одиннадцатого": 11, "двенадцатого": 12,
}  # fmt: skip
NOON = frozenset({"полдень", "полудня", "полудню", "noon", "midday"})
LUNCH = frozenset({"обед", "обеда", "обеду"})
