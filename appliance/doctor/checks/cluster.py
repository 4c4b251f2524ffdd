"""How the PostgreSQL cluster is set: what protects the data, what waits for a restart, roles, ages, indexes."""

from __future__ import annotations

from appliance.doctor.check import Check
from appliance.doctor.database import Facts, facts_of
from appliance.doctor.host import Host
from appliance.doctor.result import Fail, Inapplicable, Ok, Result, Warn
from appliance.doctor.said import Said, listed, same

SAFE = {"data_checksums": "on", "fsync": "on", "full_page_writes": "on"}
OF_A_SERVER = {"archive_mode": "on", "listen_addresses": ""}
POWERS = {"super": "SUPERUSER", "bypass": "BYPASSRLS", "create_role": "CREATEROLE", "create_db": "CREATEDB"}
WARN_AGE, FAIL_AGE = 1_000_000_000, 1_600_000_000
REPOSITORY = "/usr/local/lib/ostrov/archive-wal.d/repository"
WITHOUT_REPOSITORY = "/etc/ostrov/archive-without-repository"
NEEDS = ("database.answers",)
RESTART = same("systemctl restart postgresql@17-main")


def look_at_settings(host: Host) -> Result:
    """Compare what protects the data with what it must be."""
    settings = facts_of(host)["settings"]
    wanted = {**SAFE, **(OF_A_SERVER if host.place.server else {})}
    if host.place.networked:
        del wanted["listen_addresses"]  # who comes in from where is decided by certificates and by the packet filter
    wrong = [same(f"{name} = '{settings.get(name)}'") for name, value in wanted.items() if settings.get(name) != value]
    if wrong and not host.place.server:
        return Warn(
            listed(wrong), Said("A demo may live with it; a server may not.", "Для демо допустимо, для сервера нет.")
        )
    if wrong:
        remedy = Said(
            "ansible-playbook site.yml --tags postgresql (checksums: pg_checksums --enable, with the cluster stopped)",
            "ansible-playbook site.yml --tags postgresql (суммы: pg_checksums --enable при остановленном кластере)",
        )
        return Fail(listed(wrong), remedy)
    return Ok(same(", ".join(f"{name}={settings[name] or 'none'}" for name in wanted)))


def look_at_pending(host: Host) -> Result:
    """Name settings that were written and do not hold yet: a lost restart leaves no other trace."""
    pending = facts_of(host)["pending_restart"]
    if pending:
        return Fail(listed(pending), RESTART)
    return Ok(Said("None.", "Нет."))


def look_at_roles(host: Host) -> Result:
    """Name powers that no role of ours may have."""
    roles = facts_of(host)["roles"]
    strong = [(role["name"], POWERS[power]) for role in roles for power in POWERS if role[power]]
    missing = {"ostrov_owner", "ostrov_web", "ostrov_gateway"} - {role["name"] for role in roles}
    if missing:
        remedy = Said("ansible-playbook site.yml --tags postgresql", "ansible-playbook site.yml --tags postgresql")
        names = ", ".join(sorted(missing))
        return Fail(Said(f"There is no role {names}.", f"Нет роли {names}."), remedy)
    if strong:
        name, power = strong[0]
        told = [same(f"{name}: {power}") for name, power in strong]
        return Fail(listed(told), same(f"sudo -u postgres psql -c 'ALTER ROLE {name} NO{power}'"))
    return Ok(Said("None of our roles has special powers.", "Особых прав у наших ролей нет."))


def look_at_age(host: Host) -> Result:
    """Say how far the oldest transaction is from the end of the numbers."""
    return judge_age(facts_of(host)["ages"][0])


def judge_age(oldest: Facts) -> Result:
    """Judge the oldest database: its name and the age of its oldest transaction."""
    told = Said(
        f"{oldest['name']}: {oldest['age']:,} transactions old",
        f"{oldest['name']}: возраст {oldest['age']:,} транзакций",
    )
    remedy = same(f"sudo -u postgres vacuumdb --freeze --analyze --dbname={oldest['name']}")
    if oldest["age"] > FAIL_AGE:
        return Fail(told, remedy)
    return Warn(told, remedy) if oldest["age"] > WARN_AGE else Ok(told)


def look_at_indexes(host: Host) -> Result:
    """Name indexes whose building was broken off: they cost writes and serve nobody."""
    broken = [str(row["name"]) for row in facts_of(host)["indexes"]]
    if broken:
        return Warn(listed(broken), same(f"psql -U ostrov_owner ostrov -c 'REINDEX INDEX CONCURRENTLY {broken[0]}'"))
    return Ok(Said("All are valid.", "Все исправны."))


def look_at_archive(host: Host) -> Result:
    """Say whether PostgreSQL hands its log over for backups."""
    facts = facts_of(host)
    if facts["settings"]["archive_mode"] == "off":
        if not host.place.server:
            return Inapplicable(Said("A demo archives nothing.", "Демо ничего не архивирует."))
        return Fail(
            Said("archive_mode is off.", "archive_mode выключен."), same("ansible-playbook site.yml --tags postgresql")
        )
    if not host.machine.path(REPOSITORY).exists() and host.machine.path(WITHOUT_REPOSITORY).exists():
        return Inapplicable(
            Said("There is no repository yet: see backup.recent.", "Хранилища ещё нет: см. backup.recent.")
        )
    state, now = facts["archiver"][0], facts["connections"][0]["now"]
    failed, archived = state["failed_at"] or 0, state["archived_at"] or 0
    if failed > archived:
        minutes = (now - failed) / 60
        observed = Said(
            f"It failed {state['failed_count']} times, last {minutes:.0f} min ago at {state['last_failed_wal']}.",
            f"Сбоев: {state['failed_count']}, последний {minutes:.0f} мин назад на {state['last_failed_wal']}.",
        )
        return Fail(observed, same("journalctl -u postgresql@17-main -n 50 | grep -i archive"))
    if not archived:
        return Ok(Said("Nothing had to be archived yet.", "Архивировать ещё нечего было."))
    minutes = (now - archived) / 60
    return Ok(Said(f"Last handed over {minutes:.0f} min ago.", f"Последняя передача {minutes:.0f} мин назад."))


CHECKS = (
    Check(
        "database.settings",
        Said("Data is protected by the cluster's settings", "Настройки кластера защищают данные"),
        Said(
            "checksums, fsync and full_page_writes on; on a server also archiving, and no network address.",
            "Включены контрольные суммы, fsync и full_page_writes; на сервере ещё архивирование и нет сетевых адресов.",
        ),
        "ISO 27001 A.8.9",
        look_at_settings,
        NEEDS,
        server=False,
    ),
    Check(
        "database.restart",
        Said("No setting waits for a restart", "Нет настроек, ждущих перезапуска"),
        Said("pending_restart is false everywhere.", "pending_restart нигде не стоит."),
        "ISO 27001 A.8.9",
        look_at_pending,
        NEEDS,
        server=False,
    ),
    Check(
        "database.roles",
        Said("Our roles have no special powers", "У наших ролей нет особых прав"),
        Said("No SUPERUSER, BYPASSRLS, CREATEROLE or CREATEDB.", "Нет SUPERUSER, BYPASSRLS, CREATEROLE, CREATEDB."),
        "ISO 27001 A.8.2; CIS v8 5.4",
        look_at_roles,
        NEEDS,
        server=False,
    ),
    Check(
        "database.age",
        Said("Transaction numbers will last", "Номера транзакций не кончаются"),
        Said("Under 1,000,000,000 transactions of age.", "Возраст меньше 1 000 000 000 транзакций."),
        "ISO 27001 A.8.6",
        look_at_age,
        NEEDS,
        server=False,
    ),
    Check(
        "database.indexes",
        Said("All indexes are valid", "Все индексы исправны"),
        Said("No index was left half-built.", "Нет недостроенных индексов."),
        "ISO 27001 A.8.9",
        look_at_indexes,
        NEEDS,
        server=False,
    ),
    Check(
        "backup.archive",
        Said("The database's log is handed over", "Журнал базы передаётся в архив"),
        Said("The last attempt to archive succeeded.", "Последняя попытка архивирования успешна."),
        "ISO 27001 A.8.13; CIS v8 11.2",
        look_at_archive,
        NEEDS,
        server=False,
    ),
)
