//! Whether a key of a Docker configuration means a repository (spec 4.2).

/// Names of Docker Hub, all of which mean the same registry.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// A key without its scheme, and without the API version that keys for Docker Hub end with.
pub(crate) fn normalized(key: &str) -> String {
    let (host, path) = split(key);
    format!("{host}{path}")
}

/// Whether `key` is for the repository `path` on `registry`: labels of the host may be globs, the port must be
/// equal, and the path of the key a beginning of `path`.
pub(crate) fn matches(key: &str, registry: &str, path: &str) -> bool {
    let (host, prefix) = split(key);
    if !path.starts_with(prefix.trim_start_matches('/')) {
        return false;
    }
    let is_hub = |host: &str| DOCKER_HUB.iter().any(|name| name.eq_ignore_ascii_case(host));
    if is_hub(host) && is_hub(registry) {
        return true;
    }
    let ((host, port), (name, registry_port)) = (host_and_port(host), host_and_port(registry));
    if port != registry_port {
        return false;
    }
    let (patterns, labels): (Vec<_>, Vec<_>) = (host.split('.').collect(), name.split('.').collect());
    patterns.len() == labels.len()
        && patterns.iter().zip(&labels).all(|(pattern, label)| glob(pattern.as_bytes(), label.as_bytes()))
}

fn split(key: &str) -> (&str, &str) {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let (host, path) = key.find('/').map_or((key, ""), |slash| key.split_at(slash));
    let unversioned =
        |version| path.strip_prefix(version).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let path = unversioned("/v1").or_else(|| unversioned("/v2")).unwrap_or(path);
    (host, if path == "/" { "" } else { path })
}

fn host_and_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

/// `*` stands for any characters, `?` for one; time is at most the product of both lengths.
fn glob(pattern: &[u8], label: &[u8]) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while of < label.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, of));
                at += 1;
                continue;
            }
            Some(byte) if *byte == b'?' || byte.eq_ignore_ascii_case(&label[of]) => {
                at += 1;
                of += 1;
                continue;
            }
            Some(_) | None => {}
        }
        let Some((back, taken)) = star else {
            return false;
        };
        star = Some((back, taken + 1));
        at = back + 1;
        of = taken + 1;
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_match_as_kubernetes_matches_them() {
        for (key, registry, path, expected) in [
            ("ghcr.io", "ghcr.io", "team/app", true),
            ("https://ghcr.io", "ghcr.io", "team/app", true),
            ("http://127.0.0.1:5000/", "127.0.0.1:5000", "app", true),
            ("127.0.0.1:5000", "127.0.0.1:5001", "app", false),
            ("127.0.0.1", "127.0.0.1:5000", "app", false),
            ("GHCR.io", "ghcr.IO", "app", true),
            ("ghcr.io/team", "ghcr.io", "team/app", true),
            ("ghcr.io/team", "ghcr.io", "other/app", false),
            ("ghcr.io/team/app/more", "ghcr.io", "team/app", false),
            ("*.example.com", "registry.example.com", "app", true),
            ("*.example.com", "a.registry.example.com", "app", false),
            ("*.example.com", "example.com", "app", false),
            ("reg*-eu.example.com:5000", "registry-eu.example.com:5000", "app", true),
            ("r?g.example.com", "reg.example.com", "app", true),
            ("*", "ghcr.io", "app", false),
            ("https://index.docker.io/v1/", "index.docker.io", "library/app", true),
            ("https://index.docker.io/v1", "docker.io", "library/app", true),
            ("docker.io", "index.docker.io", "library/app", true),
            ("registry-1.docker.io", "index.docker.io", "library/app", true),
            ("docker.io/library", "index.docker.io", "library/app", true),
            ("docker.io/other", "index.docker.io", "library/app", false),
            ("example.com/v2/team", "example.com", "team/app", true),
            ("example.com/v2team", "example.com", "team/app", false),
            ("[::1]:5000", "[::1]:5000", "app", true),
            ("[::1]", "[::1]:5000", "app", false),
            ("", "ghcr.io", "app", false),
        ] {
            assert_eq!(matches(key, registry, path), expected, "{key} for {registry}/{path}");
        }
    }

    #[test]
    fn a_glob_of_many_stars_takes_no_longer_than_both_lengths_allow() {
        let pattern = "*a".repeat(1000);
        let label = "b".repeat(5000);

        assert!(!matches(&pattern, &label, "app"));
    }

    #[test]
    fn keys_are_sorted_without_scheme_and_version() {
        assert_eq!(normalized("https://index.docker.io/v1/"), "index.docker.io");
        assert_eq!(normalized("http://ghcr.io/team/"), "ghcr.io/team/");
    }

    proptest::proptest! {
        #[test]
        fn any_key_matches_itself_as_a_registry_or_is_no_host(host in "[a-z*?.:\\[\\]]{0,20}", path in "[a-z/]{0,10}") {
            let is_version = path.starts_with("/v1") || path.starts_with("/v2");
            let key = format!("{host}/{path}");
            proptest::prop_assert!(matches(&key, &host, path.trim_start_matches('/')) || is_version);
        }
    }
}
