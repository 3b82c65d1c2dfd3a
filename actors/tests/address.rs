//! Where artifacts are served (spec 7.3, D13).

use sluice_actors::storage::Address;

#[test]
fn a_plain_address_is_one_of_http_and_a_scheme_that_is_given_stays() {
    let path = "ocirepository/team/app/sha256:ab.tar.gz";
    for (address, base) in [
        ("localhost:9090", "http://localhost:9090"),
        (
            "source-controller.flux-system.svc.cluster.local.",
            "http://source-controller.flux-system.svc.cluster.local.",
        ),
        ("http://adv.example.com", "http://adv.example.com"),
        ("https://adv.example.com/", "https://adv.example.com"),
    ] {
        let address = Address::new(address);

        assert_eq!(address.url(path), format!("{base}/{path}"));
        assert_eq!(address.url(&format!("/{path}")), format!("{base}/{path}"));
        assert_eq!(address.latest(path), format!("{base}/ocirepository/team/app/latest.tar.gz"));
    }
}
