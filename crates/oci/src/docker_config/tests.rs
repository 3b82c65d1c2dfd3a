//! Which credential a configuration gives, and what makes it malformed.

use super::*;

fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic { username: username.to_owned(), password: password.to_owned() }
}

fn config(auths: &str) -> DockerConfig {
    DockerConfig::parse_json(format!(r#"{{"auths":{{{auths}}}}}"#).as_bytes()).unwrap()
}

fn of_entry(entry: &str) -> Option<Credential> {
    select(&[config(&format!(r#""ghcr.io":{entry}"#))], "ghcr.io", "app")
}

fn problem(entry: &str) -> String {
    DockerConfig::parse_json(format!(r#"{{"auths":{{"ghcr.io":{entry}}}}}"#).as_bytes())
        .unwrap_err()
        .to_string()
}

#[test]
fn an_entry_holds_one_of_four_credentials() {
    assert_eq!(of_entry(r#"{"username":"user","password":"secret"}"#), Some(basic("user", "secret")));
    assert_eq!(of_entry(r#"{"auth":"dXNlcjpzZTpjcmV0"}"#), Some(basic("user", "se:cret")));
    assert_eq!(
        of_entry(r#"{"auth":"dXNlcjpzZWNyZXQ=","username":"x","password":"y"}"#),
        Some(basic("user", "secret"))
    );
    assert_eq!(of_entry(r#"{"auth":"dXNlcjpzZWNyZXQ"}"#), Some(basic("user", "secret")));
    assert_eq!(of_entry(r#"{"auth":"dXNlcjpz\nZWNyZXQ=\n"}"#), Some(basic("user", "secret")));
    assert_eq!(
        of_entry(r#"{"auth":"","username":"user","password":"secret","email":"e"}"#),
        Some(basic("user", "secret"))
    );
    assert_eq!(
        of_entry(r#"{"identitytoken":"refresh","username":"user","password":"secret"}"#),
        Some(Credential::IdentityToken {
            token: "refresh".to_owned(),
            basic: Some(("user".into(), "secret".into()))
        })
    );
    assert_eq!(
        of_entry(r#"{"registrytoken":"bearer","identitytoken":"x"}"#),
        Some(Credential::RegistryToken("bearer".to_owned()))
    );
    for nothing in [
        "{}",
        "null",
        r#"{"username":"user"}"#,
        r#"{"username":"user","password":""}"#,
        r#"{"auth":"dXNlcjo="}"#,
    ] {
        assert_eq!(of_entry(nothing), Some(Credential::Anonymous), "{nothing}");
    }
}

#[test]
fn the_longest_path_wins_and_then_the_first_configuration() {
    let entry = |user: &str| format!(r#"{{"username":"{user}","password":"p"}}"#);
    let first = config(&format!(
        r#""ghcr.io":{},"ghcr.io/team":{},"*.example.com":{}"#,
        entry("host"),
        entry("team"),
        entry("glob")
    ));
    let second = config(&format!(
        r#""https://ghcr.io":{},"ghcr.io/team/app":{},"a.example.com":{}"#,
        entry("late"),
        entry("app"),
        entry("exact")
    ));
    let configs = [first, second];

    assert_eq!(select(&configs, "ghcr.io", "other"), Some(basic("host", "p")));
    assert_eq!(select(&configs, "ghcr.io", "team/web"), Some(basic("team", "p")));
    assert_eq!(select(&configs, "ghcr.io", "team/app"), Some(basic("app", "p")));
    assert_eq!(select(&configs, "a.example.com", "x"), Some(basic("exact", "p")));
    assert_eq!(select(&configs, "b.example.com", "x"), Some(basic("glob", "p")));
    assert_eq!(select(&configs, "quay.io", "x"), None);
}

#[test]
fn the_legacy_file_is_the_bare_map() {
    let config =
        DockerConfig::parse_legacy(br#"{"ghcr.io":{"username":"user","password":"secret"}}"#).unwrap();

    assert_eq!(select(&[config], "ghcr.io", "app"), Some(basic("user", "secret")));
}

#[test]
fn a_file_without_auths_is_empty() {
    let config = DockerConfig::parse_json(br#"{"credsStore":"desktop","auths":null}"#).unwrap();

    assert_eq!(select(&[config], "ghcr.io", "app"), None);
}

#[test]
fn a_malformed_entry_is_named_in_upstreams_words() {
    assert_eq!(
        problem(r#"{"auth":"%%%"}"#),
        "unable to decode auth field: illegal base64 data at input byte 0"
    );
    assert_eq!(
        problem(r#"{"auth":"dXNl*jpz"}"#),
        "unable to decode auth field: illegal base64 data at input byte 4"
    );
    assert_eq!(
        problem(r#"{"auth":"bm9jb2xvbg=="}"#),
        "unable to decode auth field: must be formatted as base64(username:password)"
    );
}

#[test]
fn nothing_of_a_malformed_file_is_repeated() {
    for bytes in [
        r#"{"auths":{"ghcr.io":"s3cret"}}"#,
        r#"{"auths":{"ghcr.io":{"password":{"s3cret":1}}}}"#,
        r#"{"auths":"s3cret"}"#,
        "s3cret",
        "",
    ] {
        let error = DockerConfig::parse_json(bytes.as_bytes()).unwrap_err();
        assert!(matches!(error, DockerConfigError::Shape { .. }), "{bytes}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{bytes}");
    }
    let debug = format!("{:?}", config(r#""ghcr.io":{"username":"user","password":"s3cret"}"#));
    assert!(!debug.contains("s3cret") && debug.contains("ghcr.io"));
}

#[test]
fn a_malformed_file_is_pointed_into() {
    let error = DockerConfig::parse_json(b"{\"auths\":{\n\"ghcr.io\":{\"username\":7}}}").unwrap_err();

    assert_eq!(error.to_string(), "malformed docker config at line 2, column 23");
}
