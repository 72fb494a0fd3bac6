"""How Dagster runs on one machine: its home folder, its storage, its workers and its services.

- `runtime`: which of two runtimes is used: `local` (the modules below) or `stock` (Dagster's own).
- `configuration`: the text of a home's ``dagster.yaml``; the source is ``dagster.yaml`` beside it.
- `instance`: opens a Dagster home.
- `workers`, `locks`: lock files that show which runs and services are alive; a lock on a folder.
- `services`: serves a home: its web server, its daemon and its code server.
- `supervisor`, `child`, `lifeline`: starts services again that ended; a service as a process that
  ends with its supervisor.
- `service_state`, `service_log`: who serves a home, and the logs of bounded size.
- `pruning`: deletes the records of old runs.
- `run_storage`, `event_log`, `sqlite`: runs, events and ticks in pooled SQLite connections.
- `launcher`, `preload`: runs as forks of a process that has the libraries in memory.
- `daemon`: Dagster's daemon with shorter loops.

All use of Dagster's private modules is in `run_storage`, `event_log`, `sqlite`, `launcher`,
`preload` and `daemon`; nothing else in `lakehouse` imports them. What a run computes does not
belong here.
"""
