//! What is drawn, on a terminal and elsewhere.

use std::sync::Arc;

use serde_json::json;
use sluice_actors::Object;

use super::Screen;

fn object(name: &str, ready: &str, revision: &str) -> Arc<Object> {
    let artifact = json!({
        "digest": "sha256:00", "lastUpdateTime": "", "metadata": {}, "path": "", "revision": revision, "url": "",
    });
    let condition = json!({
        "type": "Ready", "status": ready, "reason": "Succeeded", "message": "stored\nit", "lastTransitionTime": "",
    });
    let object = Object::parse(&json!({
        "metadata": { "name": name, "namespace": "default" },
        "status": { "conditions": [condition], "artifact": artifact },
    }));
    Arc::new(object.unwrap())
}

fn text(screen: Screen<Vec<u8>>) -> String {
    String::from_utf8(screen.out).unwrap()
}

#[test]
fn a_terminal_shows_a_table_that_is_drawn_over() {
    let mut screen = Screen::new(Vec::new(), true);
    screen.say("first").unwrap();
    screen.show(&[object("a", "False", "1.0.0@sha256:0123456789abcdef0123456789abcdef")]).unwrap();
    screen.say("second").unwrap();
    screen.show(&[object("a", "True", "1.0.1")]).unwrap();
    screen.show(&[object("a", "True", "1.0.1")]).unwrap();

    let text = text(screen);
    let (before, after) = text.split_once("second\n").unwrap();
    let table = "NAME  READY  REVISION                     MESSAGE\n\
                 a     False  1.0.0@sha256:0123456789abc\u{2026}  stored it\n";
    assert_eq!(before, format!("first\n\x1b[?7l{table}\x1b[?7h\x1b[2A\x1b[J"));
    let table = "NAME  READY  REVISION  MESSAGE\na     True   1.0.1     stored it\n";
    assert!(after.ends_with(&format!("\x1b[2A\x1b[J\x1b[?7l{table}\x1b[?7h")), "{after:?}");
}

#[test]
fn elsewhere_each_change_is_a_line() {
    let mut screen = Screen::new(Vec::new(), false);
    let steady = object("b", "True", "2.0.0");
    screen.show(&[object("a", "False", "1.0.0"), Arc::clone(&steady)]).unwrap();
    screen.show(&[object("a", "True", "1.0.1"), steady]).unwrap();

    let text = text(screen);
    let lines: Vec<&str> =
        text.lines().filter_map(|line| line.split_once(" s  ")).map(|(_, line)| line).collect();
    let expected =
        ["a: Ready=False 1.0.0 stored it", "b: Ready=True 2.0.0 stored it", "a: Ready=True 1.0.1 stored it"];
    assert_eq!(lines, expected);
    assert!(!text.contains('\x1b'));
}
