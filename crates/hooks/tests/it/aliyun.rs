//! Deliveries of Alibaba Cloud's registry.

use hooks::Sender;

use crate::delivered::{Sent, anywhere, at, fixture, pushed};

#[test]
fn a_tag_is_a_push_on_both_hosts_of_its_region() {
    let pushes = fixture("aliyun/push.json").pushes(Sender::Aliyun);

    let repositories = [
        at("registry.cn-hangzhou.aliyuncs.com", "apps/podinfo"),
        at("registry-vpc.cn-hangzhou.aliyuncs.com", "apps/podinfo"),
    ];
    let digest = "f7256b5f19a138146f8fa517354ba5ea99a35761c2c70f0259b5680648e19959";
    assert_eq!(pushes, vec![pushed(&repositories, "6.7.1", Some(digest))]);
}

#[test]
fn what_is_no_region_makes_no_host() {
    for region in ["", "example.com/", "CN", "a.b"] {
        let repository = format!(r#"{{"region":"{region}","repo_full_name":"a/b"}}"#);
        let sent = Sent::new(format!(r#"{{"push_data":{{"tag":"1"}},"repository":{repository}}}"#));

        let pushes = sent.pushes(Sender::Aliyun);

        assert_eq!(pushes, vec![pushed(&[anywhere("a/b")], "1", None)], "{region}");
    }
}
