//! Names: repositories, tags, digests, revisions, version constraints and the choice of a tag.
