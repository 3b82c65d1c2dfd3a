//! Single values, in the syntax that upstream's flags have.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use artifact::digest::Algorithm;
use url::Url;

use super::RunArguments;

/// A Go duration.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    sluice_crds::go_duration(text).map_err(|error| error.to_string())
}

/// A Go boolean.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// Bytes, plain or with the suffix `Ki`, `Mi`, `Gi` or `Ti`.
pub(super) fn byte_size(text: &str) -> Result<u64, String> {
    let units = [("Ki", 1_u64 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40)];
    let (digits, unit) = units
        .iter()
        .find_map(|(suffix, unit)| text.strip_suffix(suffix).map(|digits| (digits, *unit)))
        .unwrap_or((text, 1));
    let number = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let bytes =
        number.and_then(|digits| digits.parse::<u64>().ok()).and_then(|number| number.checked_mul(unit));
    bytes.ok_or_else(|| "expected a number of bytes such as 4Ki, 50Mi, 1Gi or 1048576".to_owned())
}

pub(super) fn algorithm(name: &str) -> Result<Algorithm, String> {
    name.parse().map_err(|_| {
        format!("--artifact-digest-algo: '{name}' is none of sha1, sha256, sha384, sha512, blake3")
    })
}

pub(super) fn events_address(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return Err("--events-addr: an URL has no white space".to_owned());
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Some(url)),
        Ok(_) => Err("--events-addr: expected an http or https URL".to_owned()),
        Err(error) => Err(format!("--events-addr: expected an http or https URL: {error}")),
    }
}

/// An address to listen at; `0` and the empty text stand for none.
pub(super) fn listener(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty() && text != "0")
}

/// What a flag says, else a variable of the environment that is not empty, else the default (spec 7.1).
pub(super) fn given<T: Clone + From<String>>(
    flag: Option<&T>,
    variable: &str,
    default: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> T {
    let fallback = || environment(variable).filter(|value| !value.is_empty());
    flag.cloned().unwrap_or_else(|| fallback().unwrap_or_else(|| default.to_owned()).into())
}

/// Docker's configuration file of this process: in `$DOCKER_CONFIG`, else in `.docker` at home (spec 4.2).
pub(super) fn docker_config(environment: &dyn Fn(&str) -> Option<String>) -> Option<Arc<Path>> {
    let given = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let directory = given("DOCKER_CONFIG").or_else(|| Some(given("HOME")?.join(".docker")))?;
    Some(directory.join("config.json").into())
}

/// The address in artifact URLs (spec 7.1): the advertised one, else one made of where the file server listens.
pub(super) fn advertised(
    advertised: String,
    listening: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<String, String> {
    if !advertised.is_empty() {
        return Ok(advertised);
    }
    let (host, port) = listening
        .rsplit_once(':')
        .filter(|(_, port)| port.parse::<u16>().is_ok())
        .ok_or_else(|| format!("--storage-addr: '{listening}' is no host:port; write for example :9090"))?;
    let host = match host {
        "" => "localhost".to_owned(),
        "0.0.0.0" => given(None, "HOSTNAME", &machine(), environment),
        host => host.to_owned(),
    };
    Ok(format!("{host}:{port}"))
}

/// What this machine calls itself.
fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The only namespace to watch.
pub(super) fn namespace(
    arguments: &RunArguments,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<String>, String> {
    if arguments.watch_all_namespaces || arguments.manifests.is_some() {
        return Ok(None);
    }
    let namespace = environment("RUNTIME_NAMESPACE").filter(|namespace| !namespace.is_empty());
    let missing =
        "--watch-all-namespaces=false needs the namespace in the environment variable RUNTIME_NAMESPACE";
    namespace.map(Some).ok_or_else(|| missing.to_owned())
}

/// Whether an object can have this name: a DNS subdomain.
pub(super) fn is_object_name(text: &str) -> bool {
    const LONGEST: usize = 253;
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= LONGEST && text.split('.').all(label)
}

/// The feature gates that are set, as they were written.
pub(super) fn gates(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|gate| !gate.is_empty())
}

/// What is wrong with `--feature-gates` (spec 8.7).
pub(super) fn feature_gates(text: &str) -> Vec<String> {
    let known = ["CacheSecretsAndConfigMaps", "ObjectLevelWorkloadIdentity"];
    gates(text)
        .filter_map(|gate| {
            let (name, value) = gate.split_once('=').unwrap_or((gate, ""));
            if !known.contains(&name.trim()) {
                return Some(format!("--feature-gates: feature-gate '{name}' not supported"));
            }
            let unreadable = truth(value.trim()).is_err();
            unreadable.then(|| format!("--feature-gates: {name} must be true or false"))
        })
        .collect()
}
