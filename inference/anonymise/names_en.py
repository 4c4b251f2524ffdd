"""Names in Latin letters: lists of a census, names of other countries, words that are names only in company."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

import names as census

from inference.text.tokens import vocabulary

# Shares of the population, per cent: rarer first names of the list are mostly words and surnames.
LEAST_SHARE_FIRST, LEAST_SHARE_SMALL = 0.001, 0.012
# First names that are also words, months or places: they need a surname, a title or a greeting beside them.
AMBIGUOUS: Final = vocabulary(
    "will mark may april june august grace hope faith joy rose bill frank jack art chase chance drew gene grant guy jean jay lane major max miles page "
    "pat penny rich rob rod ray sandy sue summer sunny van ward young long dale dean earl duke prince lance norm olive pearl ruby amber crystal ivy iris "
    "lily daisy violet holly heather ginger angel star candy cherry precious princess royal see so in an my love do le man tam ha mi la ok many golden "
    "dusty stormy misty charity patience mercedes lexus asia china india london paris austin houston dallas jackson madison brooklyn sydney florence "
    "virginia georgia carolina dakota montana savannah chelsea kent lincoln washington israel jordan kenya cheyenne francisco santiago diego denver "
    "orlando memphis phoenix camden trinity destiny king queen hunter mason carter parker cooper taylor tyler porter archer fisher reed brook brooks cliff "
    "glen forest stone rusty buddy sonny bud chip skip rocky sage robin jade jewel melody harmony aurora dawn eve autumn winter tuesday wednesday wilder "
    "case dee kit lee les lou lyn mac mel ty val vi wes win wiley worth hung long chi dong kim so sang tu ma no ya you the that than mode than signe loan "
    "blanch delta echo era fe fern galaxy jama janay january june lean liberty lore love lucky magnolia march mark marine maple may merry mana mission "
    "nova ocean oda ola opal page pa paz pilar queen rea regine reyes ruth sage season sha shay shin sierra sol spring storm sun tiny treasure true "
    "ty una unity valentine vada vita wava west wind windy yuri zen zona armand boyd brand brant buck cash chad clay cole colt cruz curt dash elder "
    "emery emory ernest garland garnet garth general genesis gray hank harden harlan heath hong huey huge ike isle jed jet josh judge kip lamar land "
    "lavender lewis lowell lynn man marlin master merrill micah minh monte murray newton noble odd orange otis otto palmer pedro pierce preston price "
    "quincy ramon red reid rex river rush rusty sammy season shade shirt shelby sky solomon son stanford stanley star sterling stewart thanh tommy trent "
    "trey tri truman tuan vance vaughn vernon vince wade walker wally warner warren wells west weldon wendell whitney wilbur willow winston "
    "ben sam dan don ed al ally alex hal tim tom ron jim bob joe"
) - vocabulary(
    "ruth ernest ben sam dan tim tom ron jim bob joe alex ed stanley lewis warren vernon vince preston murray sammy tommy ramon pedro trent otto chad josh"
)
MORE_FIRST: Final = vocabulary(
    "ivan igor oleg olga dmitry dmitri dmitriy sergey sergei alexei alexey aleksei aleksey aleksandr alexandr aleksander mikhail nikolai nikolay vladimir "
    "andrei andrey yuri yuriy anatoly boris pavel maxim maksim kirill ilya roman konstantin viktor viktoria victoria svetlana natalia nataliya natalya "
    "tatiana tatyana ekaterina yekaterina elena yelena irina marina galina ludmila lyudmila oksana anastasia anastasiya polina daria darya ksenia kseniya "
    "yulia yuliya anna vera nina zoya larisa valentina evgeny yevgeny evgeniy evgenia artem artyom denis gleb timur ruslan rustam ildar arman aigul "
    "gulnara katya masha sasha misha dima vanya petya kolya priya rajesh anil sanjay vijay ravi amit rahul arjun deepak suresh ramesh mahesh ganesh lakshmi "
    "anjali neha pooja kavita sunita meera divya ananya aarav rohan vikram nikhil manish ashok harish karthik kumar wei li ming hao jun xin yan ying fang "
    "xiaoming jing hui lei chen yuki haruto kenji hiroshi takashi akira sakura naoko yoko keiko satoshi minho jihoon soyeon mohammed muhammad mohamed "
    "ahmed ahmad ali hassan hussein omar youssef yusuf ibrahim khalid fatima aisha layla zainab mariam noor samir tariq karim rashid bilal hamza imran "
    "usman farah amina oluwaseun oluwadamilola chinedu ngozi adaeze emeka ifeoma chioma kwame kofi ama abena amara thabo sipho nomsa wanjiru kamau "
    "juan jose carlos luis miguel javier alejandro fernando pablo diego sofia lucia carmen pilar jorge rafael hector francois pierre jean-pierre "
    "jean-luc antoine etienne camille chloe mathilde amelie luc olivier thierry giovanni giuseppe marco luca matteo alessandro francesca giulia chiara "
    "hans klaus jurgen juergen dieter wolfgang heinz helga ingrid greta heike uwe stefan matthias lars sven bjorn anders magnus astrid freya jan piotr "
    "krzysztof tomasz marek agnieszka katarzyna malgorzata zofia jakub janusz wojciech petr jiri tomas zdenek milan goran dragan zoran mehmet mustafa "
    "emre elif zeynep ayse burak cem deniz siobhan niamh aoife saoirse ciaran eoin oisin padraig callum hamish angus euan rhys gareth dafydd cerys "
    "imogen alistair alastair nigel graham gemma poppy tamsin rupert giles fiona kirsty zara esme isla ava mia zoe aria luna liam noah ethan aiden "
    "jayden logan elijah oliver theo leo hugo felix oscar archie alfie harvey finn isaac caleb nate kayla hailey kaylee brianna aaliyah mackenzie "
    "stanislav vladislav yaroslav rostislav svyatoslav vyacheslav bogdan taras ostap mykola oleksandr volodymyr yevhen nadezhda lyubov raisa tamara zinaida "
    "galina lidia margarita alla inna zhanna snezhana alina alisa milana ulyana vasilisa arina yana diana elvira albina venera rimma rufina damir marat "
    "rinat ramil airat nikita danila daniil egor matvey yegor fyodor fedor timofey semyon grigory gennady leonid lev valery vitaly stepan zakhar platon "
    "gayane ashot tigran armen artur karen suren levan giorgi irakli zurab nino tamar aziz bekzod dilnoza gulnora nursultan askar dauren "
    "nguyen thanh linh huong minh duc "
    "yevgenia yevgeniya evgeniya aleksandra ksenya nadya natasha tanya vitaliy valeriy valeriya gennadiy arkady arkadiy fyodor lyuba zhenya kostya vova "
    "volodya grisha mitya tolya alyosha lyosha seryozha"
)
# Words that stand capitalised after a first name and are no surname.
NO_SURNAMES: Final = vocabulary(
    "the a an and or but if in on at to from of for with by about as is are was were be been has have had do does did will would can could should may "
    "might must shall not no yes he she it they we you i his her its their our your my me him them us who what when where why how this that these those "
    "said says called calls asked asks told tells wants wanted needs needed confirmed confirms will'll sent sends wrote writes agreed promised thanks "
    "thank hi hello dear regards best kind sincerely please monday tuesday wednesday thursday friday saturday sunday january february march april june "
    "july august september october november december today tomorrow yesterday now then here there just also still again already soon later email phone "
    "mobile tel fax order invoice contract agreement company group team office sales support department manager director also re fw fwd calling speaking "
    "over really very so because after before since until while during into onto over under up down out off back mentioned explained requested ordered "
    "paid bought signed left came went got gave gets goes comes knows knew likes loves prefers lives works worked moved joined born account number card "
    "available happy interested sorry fine okay ok right sure good great too well much more less regarding and/or crm ceo cto cfo vp hr it inc ltd llc "
    "plc gmbh corp co from's passport dob street road avenue lane drive house have've i'm i'll we're let let's one two three four five six seven eight "
    "nine ten first second third next last new old any some every each both all another other such only own same than though although however"
)
SURNAME_ENDING: Final = (
    "ov", "ova", "ev", "eva", "yov", "sky", "skiy", "skii", "skaya", "enko", "chuk", "yan", "shvili", "dze", "ovich", "evich", "ovna", "evna", "in", "ina",
)  # fmt: skip


def folded(word: str) -> str:
    """A name in small letters without accents, as the lists have it."""
    low = word.lower()
    return (
        low
        if low.isascii()
        else "".join(letter for letter in unicodedata.normalize("NFD", low) if not unicodedata.combining(letter))
    )


@cache
def _shares(*files: str) -> dict[str, float]:
    """Each name of some census lists with its largest share of the population, per cent."""
    shares: dict[str, float] = {}
    for file in files:
        for line in Path(census.full_path(file)).read_text(encoding="ascii").splitlines():
            name, share = line.split()[:2]
            shares[name.lower()] = max(float(share), shares.get(name.lower(), 0.0))
    return shares


@cache
def first_names() -> frozenset[str]:
    """First names that a capital letter is enough for, ambiguous ones among them."""
    shares = _shares("dist.male.first", "dist.female.first")
    return (
        frozenset(name for name, share in shares.items() if share >= LEAST_SHARE_FIRST and len(name) > 1) | MORE_FIRST
    )


@cache
def sure_first_names() -> frozenset[str]:
    """First names that are nothing else."""
    return first_names() - AMBIGUOUS


@cache
def small_first_names() -> frozenset[str]:
    """First names that are so usual that they are seen without a capital letter."""
    shares = _shares("dist.male.first", "dist.female.first")
    usual = {name for name, share in shares.items() if share >= LEAST_SHARE_SMALL}
    short = {name for name in usual | MORE_FIRST if len(name) < 4}
    return frozenset(
        (usual | MORE_FIRST) - AMBIGUOUS - short
        | {
            "abdul",
            "liz",
            "sue",
            "jen",
            "ali",
            "raj",
            "ken",
            "ron",
            "ivan",
            "igor",
            "oleg",
            "olga",
            "tom",
            "jim",
            "bob",
            "joe",
            "tim",
            "dan",
            "sam",
            "ben",
            "ann",
            "amy",
        }
    )


@cache
def surnames() -> frozenset[str]:
    """Surnames of the census."""
    return frozenset(_shares("dist.all.last"))
