"""Parts without business words: database, access, outbox, jobs, errors, clock, paging, i18n, features."""
