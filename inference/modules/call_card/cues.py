"""The words that give an intent or a mood away, Russian and English; the definitions stand in the card."""

import re

from appliance.contract.modules import Intent

_INTENTS: dict[Intent, tuple[tuple[float, str], ...]] = {
    "purchase": (
        (2.0, (
            r"\b(?:заказать|заказываем|закажем|купить|приобрести|закупить|оформить (?:новый )?заказ|"
            r"закупаем|покупаем|берем|оформляйте|докупить|дозаказать|забронировать|взять)\b"
        )),
        (3.0, r"\bre-?order\b"),
        (2.0, r"\b(?:i|we)(?:'d| would) like to (?:book|reserve|hire|rent)\b"),
        (2.6, r"\b(?:we|i)(?:'d| would) like (?:\d+|[a-z]+(?:ty|teen|hundred|thousand|ten|dozen))\b"),
        (1.5, r"\b(?:we|i) want (?:to (?:order|buy|get)|\d+)\b"),
        (1.2, (
            r"\b(?:нужен|нужна|нужно|нужны|требу\w+ся|необходим\w*|надо)\b"
            r"(?!\W+(?:\w+\W+)?(?!(?:\w*дцать|пять|десять|девять)\b)\w+(?:[аиеуяы]ть|ться|тись|йти)\b)"
        )),
        (2.0, (
            r"\b(?:place (?:an |a new |another )?order|to order|to buy|to purchase|we'll take|"
            r"order (?:\d+|\w+ more|another)|i'd like to order)\b"
        )),
        (1.0, r"\b(?:we|i) need (?!to\b|help|support|assist|you|your|a (?:hand|refund|call|meeting|demo|quote))"),
        (1.2, (
            r"\b(?:we|i) need (?:\d+|[a-z]+(?:y|teen|hundred|thousand|ten|dozen|two|three|"
            r"four|five|six|seven|eight|nine))\b"
        )),
    ),
    "quote_request": (
        (2.5, (
            r"коммерческо\w+ предложени\w+|\bкп\b|прайс|просчита\w+|рассчита\w+ стоимость|"
            r"расчет стоимости|запрос цен\w*"
        )),
        (2.0, (
            r"сколько (?:\w+ ){0,3}?(?:сто[ия]\w+|обойд\w+)|какая (?:у вас )?(?:цена|"
            r"стоимость)|по какой цене|узнать (?:цен|стоимост)\w+|цен[ыау] на|интересу\w+ (?:цен\w+|"
            r"стоимость)|\bстоимость\b"
        )),
        (1.8, r"\bваше предложение|дороговато|your (?:proposal|offer)\b"),
        (1.5, r"\b(?:looking for (?:a |an )?(?:supplier|vendor|price)|интересу(?:ет|ют|емся)\b)"),
        (2.5, r"\b(?:quote|quotation|price list|pricing|estimate|proposal)\b"),
        (2.0, (
            r"how much (?:is|are|would|does|do|will)|what(?:'s| is| are) (?:the|your) (?:price|"
            r"cost|rate)s?|price (?:for|of|on)\b"
        )),
    ),
    "support": (
        (2.5, (
            r"не работа\w+|сломал\w*|перестал\w*|не включа\w+|ошибк\w+|не запуска\w+|"
            r"завис\w+|не печата\w+|не откры\w+|не вид(?:ит|ят)|не грузит\w*|вылетает|"
            r"вышл?[аои]? из строя|не могу (?:войти|зайти|подключ\w+|настро\w+)"
        )),
        (1.5, (
            r"техническ\w+ поддержк\w+|техподдержк\w*|неисправн\w+|поломк\w+|настроить|"
            r"помогите (?:настро|разобр)\w+|протека\w+|шумит"
        )),
        (2.5, (
            r"(?:doesn't|does not|isn't|is not|not|stopped|won't|can't) (?:work\w*|turn on|"
            r"start\w*|respond\w*|open\w*|charge\b|recogni[sz]e\w*|print\w*|connect\w*|log\w*|boot\w*|load\w*|sync\w*)"
        )),
        (1.5, (
            r"\b(?:broken|crash\w*|error|fault\w*|technical support|tech support|troubleshoot\w*|"
            r"malfunction\w*|leaking|set up|reset|freez\w+|not responding|"
            r"(?:keeps?|kept) (?:\w+ )?\w+ing|disconnect\w*|(?:making|makes) (?:a |an )?(?:\w+ )?noise|goes? offline)\b"
        )),
    ),
    "complaint": (
        (3.0, (
            r"\b(?:жалоб\w+|пожаловаться|претензи\w+|безобрази\w+|возмущ\w+|недовол\w+|"
            r"ужасн\w+|отвратительн\w+|хамств\w*|сколько можно)"
        )),
        (1.8, (
            r"\bбрак\w*|поврежд\w+|разбит\w*|не то(?:т|, что)\b|перепутал\w*|опять|уже (?:третий|"
            r"второй|который) раз|никто не (?:перезв\w+|отве\w+|звонит|ед[еу]т\w*|приехал\w*|приезжа\w+|дела\w+)"
        )),
        (1.8, (
            r"\b(?:издевательств\w*|никуда не год\w+|(?:третий|четвертый|пятый|который) (?:день|месяц|раз)|"
            r"уже (?:\w+ ){0,2}?(?:день|дня|дней|недел\w+|месяц\w*) (?:как )?(?:жд\w+|не|нет|никто)|"
            r"(?:жд\w+) уже (?:\w+ ){0,2}?(?:день|дня|дней|недел\w+|месяц\w*))"
        )),
        (3.0, (
            r"\b(?:complain\w*|complaint|unacceptable|not acceptable|"
            r"(?:terrible|awful|horrible)(?! (?:noise|sound|smell|hurry)\w*)|disgrace\w*|"
            r"furious|disappointed|appalling|ridiculous|fed up)\b"
        )),
        (1.8, (
            r"\b(?:damaged|broken again|frustrat\w+|second (?:time|repair)|wrong (?:item|"
            r"order|product|size|model|one)s?|"
            r"defective|nobody (?:called|answered|replied)|third time|again and again|"
            r"rude)\b"
        )),
    ),
    "renewal": (
        (3.5, r"\bпродл\w+|пролонг\w+|возобнов\w+"),
        (3.5, r"\b(?:renew\w*|extend (?:our|the|my) (?:contract|subscription|licen\w+|agreement))\b"),
    ),
    "cancellation": (
        (3.5, (
            r"\b(?:отмен\w+|расторг\w+|аннулир\w+|отказаться от|отказываемся|прекратить|"
            r"отключить (?:подписк|услуг)\w+)"
        )),
        (3.5, (
            r"\b(?:cancel\w*|terminate|call off|stop (?:our|the|my) (?:contract|subscription|service|plan)|"
            r"unsubscribe|end (?:our|the|my) (?:contract|subscription))\b"
        )),
    ),
    "information": (
        (1.2, (
            r"\b(?:хотел\w* (?:бы )?(?:узнать|уточнить|спросить)|интересует вопрос|подскажите|"
            r"есть ли у вас|какие у вас|как работа\w+|график работы|режим работы|характеристик\w+)"
        )),
        (1.2, (
            r"\bвы (?:\w+ ){0,2}?(?:работаете|открыты|принимаете|находитесь|доставляете)\b|\bработаете ли\b|"
            r"\b(?:во|до|со) скольки\b|"
            r"\bare you (?:open|closed|based|located)\b|\bwhat time do you\b|"
            r"\bdo you (?:work|open|close|accept|deliver)\b|"
            r"\bwhere are you (?:based|located)\b"
        )),
        (1.2, (
            r"\b(?:i(?:'d| would) like to (?:know|ask|find out)|could you tell me|i have a question|"
            r"i was wondering|do you (?:have|sell|offer|support|ship)|what are your (?:opening )?hours|"
            r"more information|find out)\b"
        )),
    ),
    "meeting": (
        (2.8, (
            r"\b(?:встретиться|встреч[уаие]|назначить|презентаци\w+|демонстраци\w+|показать продукт|"
            r"покажите (?:нам|мне)|записаться|подъехать к вам|приехать к вам|созвониться)\b"
        )),
        (2.8, (
            r"\b(?:schedule|arrange|set up|book|have) (?:a|an|the|our) (?:\w+ )?(?:meet\w*|"
            r"demo\w*|visit|appointment|presentation|call)\b|\b(?:to|we|us) meet\b|\bdemo\b"
        )),
    ),
    "delivery": (
        (3.0, (
            r"где (?:он|она|они|оно)\b|где (?:мой|наш|моя|наша) (?:заказ|груз|посылка|товар)|"
            r"когда (?:\w+ ){0,2}?(?:привез\w+|"
            r"достав(?:ят|ите|ит|им)|придет|приедет|отгруз\w+|установ\w+|смонтир\w+)|"
            r"статус (?:заказа|доставки)|срок\w* (?:доставки|"
            r"поставки)|трек"
        )),
        (2.0, r"\b(?:доставк\w+|отгрузк\w+|груз(?:а|у|ом|е|ы|ов)?|не (?:пришел|пришла|пришло|привезли|доставили))\b"),
        (3.0, (
            r"where is (?:my|our)|when will (?:it|my|our|the|they) (?:\w+ ){0,3}(?:arrive|"
            r"be delivered|ship|come)|delivery (?:status|date|time|address)|tracking|"
            r"track (?:my|our)"
        )),
        (1.5, r"\b(?:order (?:we|i) (?:have |had )?placed|(?:i|we) placed an order|the order number)\b"),
        (1.5, r"re-?schedul\w+|перенести|перенесите"),
        (2.0, (
            r"\b(?:delivery|shipment|hasn't arrived|has not arrived|didn't arrive|not arrived|"
            r"delivered|shipped)\b"
        )),
    ),
    "payment": (
        (2.5, (
            r"\b(?:оплат\w+|оплач\w+|платеж\w*|плат[её]ж\w+|списал\w*|списани\w+|акт сверки|"
            r"возврат денег|верн(?:уть|ите) деньги|реквизит\w*|задолженност\w+|переплат\w+)"
        )),
        (1.5, r"\b(?:счет(?:а|у|ом|е)?|счет-фактур\w+|бухгалтер\w*)\b"),
        (2.5, (
            r"\b(?:payment\w*|invoice\w*|charged|billing|bill|refund|bank details|overdue|"
            r"pay (?:the|for|by)|paid)\b"
        )),
    ),
}  # fmt: skip
INTENT_CUES = {
    intent: tuple((weight, re.compile(pattern)) for weight, pattern in cues) for intent, cues in _INTENTS.items()
}

NEGATIVE = re.compile(
    r"\b(?:недовол\w+|ужас\w*|отвратительн\w+|безобрази\w+|возмущ\w+|возмутительн\w+|"
    r"разочарован\w*|претензи\w+|жалоб\w+|пожаловаться|"
    r"кошмар\w*|плох\w+|надоел\w*|сколько можно|хамств\w*|злит|бесит|обман\w+|"
    r"никуда не годится|неприемлем\w+|невозможно|"
    r"расстроен\w*|подвел\w*|подводите|третий раз|второй раз|третий день|до сих пор (?:не|"
    r"нет)|никто не (?:перезв\w+|отве\w+|ед[еу]т\w*|приехал\w*|приезжа\w+)|"
    r"терпени\w+|суд|верните деньги|unhappy|disappoint\w+|"
    r"(?:terrible|awful|horrible)(?! (?:noise|sound|smell|hurry)\w*)|издевательств\w*|"
    r"unacceptable|not acceptable|angry|furious|frustrat\w+|"
    r"annoy\w+|upset|ridiculous|disgrace\w*|complain\w*|complaint|worst|fed up|"
    r"appalling|rude|useless|sick of|waste of|"
    r"third time|second time this|nobody (?:called|answered|replied|answers)|"
    r"still waiting|let us down|not good enough|"
    r"not happy|not satisfied|unsatisfied|dissatisfied|"
    r"very poor|outrageous|losing (?:money|patience)|lost (?:money|patience))\b"
)
POSITIVE_STRONG = re.compile(
    r"\b(?:очень довол\w+|очень понравил\w+|великолепн\w+|"
    r"превосходн\w+|прекрасн\w+ \w+|замечательн\w+ \w+|восхитительн\w+|"
    r"очень приятно (?:с вами )?(?:работать|иметь)|"
    r"огромное (?:вам )?спасибо|спасибо (?:вам )?(?:огромное|большущее)|"
    r"рады сотруднич\w+|отличн\w+ (?:работ\w+|сервис|качеств\w+|продукт|обслуживани\w+)|"
    r"very happy|really happy|so happy|delighted|love (?:it|your|the|them|working)|"
    r"amazing|impressed|"
    r"very pleased|really pleased|great (?:service|job|work|product|experience)|very satisfied)\b"
)
POSITIVE = re.compile(
    r"\b(?:отлично|супер|здорово|класс|прекрасно|спасибо (?:вам )?большое|все устраивает|большое спасибо|"
    r"понравил\w+|рад[аы]?\b|с удовольствием|"
    r"perfect|great|lovely|brilliant|excellent|fantastic|thank you so much|thanks so much|thank you very much|"
    r"appreciate (?:it|your|the)|really helpful|so helpful|very helpful|awesome|glad|pleased|sounds good|wonderful)\b"
)
