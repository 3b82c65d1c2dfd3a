//! Decisions: the life of a repository as a pure machine, failures, schedule and the summary of a status.
