"""The CRM: entities, access control, search, pages, REST API, events and jobs."""
