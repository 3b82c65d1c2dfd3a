//! The manifests of a user's first page, which the tour and the cluster tests apply as they are.

use std::path::Path;

use serde_json::{Value, json};
use sluice_crds::{go_duration, read_spec};

fn examples() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut found: Vec<_> = fs_err::read_dir(folder)
        .expect("there are examples")
        .map(|entry| {
            let path = entry.expect("it is listed").path();
            let text = fs_err::read_to_string(&path).expect("an example can be read");
            assert!(text.starts_with("# "), "{} does not say what it is", path.display());
            (
                path.display().to_string(),
                serde_yaml::from_str(&text).expect("an example is one YAML document"),
            )
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

fn repositories() -> Vec<(String, Value)> {
    examples().into_iter().filter(|(_, object)| object["kind"] == "OCIRepository").collect()
}

#[test]
fn every_example_is_an_object_of_the_api() {
    for (path, object) in repositories() {
        let spec = read_spec(object.get("spec")).expect(&path);

        assert!(go_duration(&spec.interval).is_ok(), "{path}");
        assert!(spec.url.starts_with("oci://ghcr.io/example/"), "{path}");
    }
}

#[test]
fn the_examples_show_a_range_a_tag_and_a_branch_in_both_versions() {
    let shown: Vec<_> = repositories()
        .into_iter()
        .map(|(_, object)| (object["apiVersion"].clone(), object["spec"]["ref"].clone()))
        .collect();

    let (older, newer) = ("source.toolkit.fluxcd.io/v1beta2", "source.toolkit.fluxcd.io/v1");
    let expected = [
        (json!(newer), json!({ "branch": "main" })),
        (json!(older), json!({ "semver": ">=1.0.0 <2.0.0" })),
        (json!(newer), json!({ "tag": "v1.0.0" })),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn the_secret_that_the_examples_name_is_one_of_them() {
    let secrets: Vec<_> = examples().into_iter().filter(|(_, object)| object["kind"] == "Secret").collect();
    let [(_, secret)] = secrets.as_slice() else { panic!("there is one Secret") };
    let config = secret["stringData"][".dockerconfigjson"].as_str().expect("it holds a docker config");
    let config: Value = serde_json::from_str(config).expect("a docker config is JSON");

    assert!(config["auths"]["ghcr.io"]["password"].is_string());
    for (path, object) in repositories() {
        assert_eq!(object["spec"]["secretRef"]["name"], secret["metadata"]["name"], "{path}");
    }
}
