"""Places that English business text names most; a place alone is neither a person nor a firm nor an address."""

from typing import Final

PLACES: Final = frozenset(
    "kent lincoln israel jordan kenya jackson tula perm ufa omsk samara rostov krasnodar chelyabinsk voronezh volgograd tver yaroslavl "
    "london paris berlin moscow leeds manchester chicago boston texas california england scotland wales germany russia france spain italy china india japan "
    "europe asia africa america usa uk dublin ireland canada toronto sydney australia dubai madrid rome vienna warsaw prague kyiv minsk kazan samara york "
    "washington seattle denver austin dallas houston atlanta miami detroit philadelphia birmingham liverpool bristol glasgow edinburgh cardiff oxford "
    "cambridge munich hamburg frankfurt zurich geneva amsterdam brussels lisbon stockholm oslo helsinki copenhagen istanbul singapore tokyo beijing shanghai "
    "delhi mumbai bangalore novosibirsk petersburg yekaterinburg sochi portland phoenix nashville brooklyn manhattan queens florida ohio nevada utah arizona "
    "alabama alaska arkansas connecticut delaware hawaii idaho indiana iowa kansas kentucky louisiana maine maryland massachusetts mississippi missouri montana "
    "nebraska hampshire oklahoma pennsylvania tennessee vermont wyoming dakota carolina ontario quebec manitoba saskatchewan queensland "
    "oregon colorado virginia georgia michigan illinois wisconsin minnesota jersey mexico brazil turkey poland netherlands belgium switzerland sweden norway "
    "finland denmark austria portugal greece ukraine belarus kazakhstan sheffield nottingham newcastle belfast cork galway".split()
)
NATIONALITIES: Final = frozenset(
    "irish scottish welsh english british american dutch swiss polish turkish indian italian european canadian australian ukrainian russian german french "
    "spanish chinese japanese korean brazilian mexican swedish norwegian finnish danish austrian portuguese greek belgian kazakh belarusian african asian".split()
)
