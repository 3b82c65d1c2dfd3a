//! A repository as messages about it name it, so that two spellings of one place are equal.

use crate::repository::Repository;

/// What Docker Hub is called, in URLs and by itself.
const DOCKER_HUB: [&str; 5] =
    ["index.docker.io", "docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com"];

/// A registry's host and port and a path on it: lower-case, without the port that HTTPS implies, Docker Hub under one
/// name. It is compared and never dialled.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    host: String,
    path: String,
}

impl Place {
    /// The place of this path on this `host[:port]`.
    #[must_use]
    pub fn new(host: &str, path: &str) -> Self {
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix(":443").unwrap_or(&host);
        let hub = DOCKER_HUB.contains(&host);
        let host = if hub { DOCKER_HUB[0] } else { host };
        let implied = if hub && !path.contains('/') { "library/" } else { "" };
        Self { host: host.to_owned(), path: format!("{implied}{}", path.to_ascii_lowercase()) }
    }

    /// The place of a repository.
    #[must_use]
    pub fn of(repository: &Repository) -> Self {
        Self::new(repository.registry(), repository.path())
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.host, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;
    use crate::Repository;

    #[test]
    fn spellings_of_one_place_are_equal_and_ports_tell_places_apart() {
        let place = |url: &str| Place::of(&Repository::parse_url(url).unwrap());

        assert_eq!(place("oci://GHCR.io/acme/app"), Place::new("ghcr.io:443", "Acme/app"));
        assert_eq!(place("oci://alpine"), Place::new("registry-1.docker.io", "alpine"));
        assert_eq!(place("oci://docker.io/acme/app"), Place::new("docker.io", "acme/app"));
        assert_ne!(place("oci://ghcr.io:5000/acme/app"), place("oci://ghcr.io/acme/app"));
        assert_ne!(place("oci://ghcr.io/library/app"), place("oci://ghcr.io/app"));
    }
}
