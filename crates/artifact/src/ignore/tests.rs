//! The matcher against what upstream's matcher decides.

use std::cell::Cell;

use super::pattern::Pattern;
use super::wildcard::Wildcard;
use super::{Budget, Rules, Section, Subject, UserPatterns};
use crate::error::Error;

#[derive(serde::Deserialize)]
struct Oracle {
    paths: Vec<String>,
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    patterns: Vec<String>,
    excluded: Vec<String>,
}

fn rules(text: &str) -> Rules {
    let mut patterns = UserPatterns::default();
    patterns.add(text.as_bytes(), b"");
    patterns.into_rules(Subject::Sources)
}

fn unlimited() -> Budget<'static> {
    Budget::new(u64::MAX, &|| false)
}

fn excluded(rules: &Rules, path: &str) -> bool {
    let (path, is_directory) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
    rules.exclude(path.as_bytes(), is_directory, &mut unlimited()).unwrap()
}

#[test]
fn every_verdict_of_the_recorded_matcher_is_ours_too() {
    let oracle: Oracle =
        serde_json::from_str(include_str!("../../tests/fixtures/gitignore_oracle.json")).unwrap();
    assert!(oracle.cases.len() > 60 && oracle.paths.len() > 40);

    for case in oracle.cases {
        let mut patterns = UserPatterns::default();
        patterns.add(case.patterns.join("\n").as_bytes(), b"");
        let rules = Rules(patterns.0);
        let ours: Vec<&String> = oracle.paths.iter().filter(|path| excluded(&rules, path)).collect();
        assert_eq!(ours, case.excluded.iter().collect::<Vec<_>>(), "{:?}", case.patterns);
    }
}

/// Upstream's table: pattern, domain, path, as what (`f`ile, `d`irectory), and `E`xclude, `I`nclude or `N`one.
const VECTORS: &str = "\
!vul?ano||value/vulkano/tail|f|I
value|head/middle/tail|head/middle|fd|N
value|head/middle/tail|head/middle/tail|fd|N
value|head/middle/tail|head/middle/_tail_/value|fd|N
middle/|value/volcano|value/volcano/middle/tail|f|E
volcano/|value/volcano|value/volcano/tail|d|N
value||value/tail|fd|E
value||head/value/tail|fd|E
value||head/value|fd|E
value/||value/tail|f|E
value/||head/value/tail|f|E
value/||head/value|d|E
value/||head/value|f|N
value||head/val/tail|fd|N
val||head/value/tail|fd|N
v*o||value/vulkano/tail|fd|E
vul?ano||value/vulkano/tail|fd|E
v[ou]l[kc]ano||value/volcano|fd|E
v[ou]l[||value/vol[|fd|N
/value/vul?ano||value/vulkano/tail|fd|E
middle/tail/|value/volcano|value/volcano/middle/tail|d|E
volcano/tail|value/volcano|value/volcano/tail|fd|N
value/vul?ano||value/vulkano/tail|fd|E
value/vulkano||value/volcano|fd|N
value/vul?ano||value|fd|N
/value/volcano||value/value/volcano|fd|N
**/*lue/vol?ano||value/volcano/tail|fd|E
**/*lue/vol?ano||head/value/volcano/tail|fd|E
**/*lue/vol?ano||head/value/Volcano/tail|fd|N
**/*lue/vol?ano/||head/value/volcano/tail|f|E
**/*lue/vol?ano/||head/value/volcano|d|E
**/*lue/vol?ano/||head/value/Colcano|d|N
**/*lue/vol?ano/||head/value/volcano|f|N
/*lue/vol?ano/**||value/volcano/tail/moretail|fd|E
/*lue/vol?ano/**||value/volcano|f|E
/*lue/**/vol?ano||value/volcano|fd|E
/*lue/**/vol?ano||value/middle/volcano|fd|E
/*lue/**/vol?ano||value/middle1/middle2/volcano|fd|E
/*lue/**/vol?ano/||value/middle1/middle2/volcano|d|E
/*lue/**/vol?ano/||value/middle1/middle2/volcano|f|N
/*lue/**/vol?ano/||value/middle1/middle2/volcano/tail|f|E
/*lue/**foo/vol?ano||value/foo/volcano/tail|fd|N
**/head/v[ou]l[kc]ano||value/head/volcano|fd|E
**/head/v[ou]l[||value/head/vol[|fd|N
/value/**/v[ou]l[||value/head/vol[|fd|N
**/android/**/GeneratedPluginRegistrant.java||packages/flutter_tools/lib/src/android/gradle.dart|fd|N
";

#[test]
fn patterns_decide_within_their_domain() {
    assert_eq!(VECTORS.lines().count(), 46);
    for vector in VECTORS.lines().chain(["v[ou]l[kc]ano|value/volcano|value/volcano/vulkano|fd|E"]) {
        let [pattern, domain, path, kinds, verdict] = vector.split('|').collect::<Vec<_>>()[..] else {
            panic!("malformed vector {vector}");
        };
        let section = Section::new(domain.as_bytes(), vec![Pattern::parse(pattern.as_bytes())]);
        let components: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
        for kind in kinds.chars() {
            let decisive = section.decisive(path.as_bytes(), &components, kind == 'd', &mut unlimited());
            let ours = match decisive.unwrap().map(Pattern::includes) {
                Some(true) => "I",
                Some(false) => "E",
                None => "N",
            };
            assert_eq!(ours, verdict, "{vector} as {kind}");
        }
    }
}

#[test]
fn of_two_patterns_that_match_the_later_one_decides() {
    let rules = rules("**/middle/v[uo]l?ano\n!volcano\n");

    assert!(excluded(&rules, "head/middle/vulkano"));
    assert!(!excluded(&rules, "head/middle/volcano"));
}

#[test]
fn a_child_is_included_again_unless_that_line_is_a_comment() {
    let include = rules("ignore-dir/*\n!ignore-dir/include\n");
    let comment = rules("ignore-dir/*\n#!ignore-dir/include\n");

    for rules in [&include, &comment] {
        assert!(excluded(rules, "ignore-dir/file.yaml"));
        assert!(!excluded(rules, "file.yaml"));
    }
    assert!(!excluded(&include, "ignore-dir/include"));
    assert!(excluded(&comment, "ignore-dir/include"));
}

#[test]
fn patterns_of_a_directory_hold_only_below_it() {
    let mut patterns = UserPatterns::default();
    patterns.add(b"# of the domain\nignore-dir/*\n", b"dom/ain");
    let rules = patterns.into_rules(Subject::Sources);

    assert!(excluded(&rules, "dom/ain/ignore-dir/file.yaml"));
    assert!(!excluded(&rules, "ignore-dir/file.yaml"));
    assert!(!excluded(&rules, "dom/other/ignore-dir/file.yaml"));
}

#[test]
fn the_defaults_know_version_control_binaries_pipelines_and_tools() {
    let defaults = rules("");

    for path in [
        ".git/config",
        ".gitignore",
        "image.jpg",
        "archive.tar.gz",
        ".github/workflows/workflow.yaml",
        "subdir/.flux.yaml",
        "subdir2/.sops.yaml",
    ] {
        assert!(excluded(&defaults, path), "{path}");
    }
    for path in ["workload.yaml", "subdir/workload.yaml", "README.txt"] {
        assert!(!excluded(&defaults, path), "{path}");
    }
    assert!(!excluded(&rules("!*.jpg"), "image.jpg"));
}

fn matches(pattern: &[u8], name: &[u8]) -> bool {
    Wildcard::parse(pattern).position(&[name], &mut 0).is_some()
}

#[test]
fn wildcards_read_as_in_go() {
    let cases = [
        ("*", "", true),
        ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXbYbZ", false),
        ("[a-c]?", "bé", true),
        ("[^a]", "a", false),
        ("[!a]", "!", true),
        ("[!a]", "b", false),
        ("{a,b}", "a", false),
        ("\\*", "*", true),
        ("\\*", "x", false),
        ("[\\]]", "]", true),
        ("[*]", "*", true),
        ("[]a]", "a", false),
        ("[a-]", "a", false),
        ("[a", "a", false),
        ("a\\", "a", false),
        ("??", "é", false),
        ("*[^é]", "é", true),
    ];
    for (pattern, name, expected) in cases {
        assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
    }
    assert!(matches(b"?", &[0xff]));
    assert!(!matches(&[b'[', 0xff, b']'], &[0xff]));
}

fn steps(pattern: &str, path: &str) -> u64 {
    let components: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
    let mut steps = 0;
    Pattern::parse(pattern.as_bytes()).matches(&components, false, &mut steps);
    steps
}

#[test]
fn a_pattern_of_many_stars_is_decided_at_once() {
    let (pattern, name) = ("*a".repeat(10_000), "a".repeat(255));

    assert!(!matches(pattern.as_bytes(), name.as_bytes()));
    assert!(steps(&pattern, &name) < 4000);
}

#[test]
fn a_usual_pattern_takes_few_steps_for_each_component() {
    for pattern in
        ["*.jpg", "values.yaml", "build-*.log", "/charts/*/tests", "**/.sops.yaml", "[Bb]in", "!keep"]
    {
        let steps = steps(pattern, "environments/production/cluster-one/apps/frontend/deployment-patch.yaml");
        assert!((1..100).contains(&steps), "{pattern}: {steps}");
    }
}

#[test]
fn no_pattern_takes_more_than_is_counted() {
    let name = "a".repeat(255);
    let (path, components) = (vec![&name[..]; 16].join("/"), 16);
    let run = "a".repeat(64);
    let cases = [
        (format!("*{run}b"), components),
        (format!("*{run}b?"), components * 190 * 8),
        (format!("**/*{run}?b*"), components * 190 * 8),
        (format!("*[^{run}]b?"), components * 255 * 64),
        (format!("*{}b?", "?".repeat(64)), components * 190 * 64 * 8),
        (format!("{}b?", "*".repeat(1000)), components * 1000),
        (format!("{}*", "/".repeat(1000)), 1000),
        (format!("{}c", &name[1..]), components * 15),
    ];
    for (pattern, least) in cases {
        assert!(steps(&pattern, &path) >= least, "{pattern}: {}", steps(&pattern, &path));
    }
}

#[test]
fn a_budget_is_for_all_names_together() {
    let rules = rules("*a?\nb");
    let needed = |names: usize| {
        let passes = |limit: u64| {
            let mut budget = Budget::new(limit, &|| false);
            (0..names).all(|_| rules.exclude(b"some/name", false, &mut budget).is_ok())
        };
        (0..100_000).find(|limit| passes(*limit)).unwrap()
    };

    assert!(needed(1) > 16 * 6, "six patterns, those of version control included");
    assert_eq!(needed(10), 10 * needed(1));
}

#[test]
fn a_budget_asks_between_patterns_whether_to_go_on() {
    let rules = rules(&format!("*{}b?\n", "a".repeat(64)).repeat(1000));
    let asked = Cell::new(0);
    let exclude = |questions: u32| {
        let cancelled = || asked.replace(asked.get() + 1) == questions;
        rules.exclude(&[b'a'; 255], false, &mut Budget::new(u64::MAX, &cancelled))
    };

    assert!(!exclude(u32::MAX).unwrap());
    let questions = asked.replace(0);
    assert!(matches!(exclude(0), Err(Error::Cancelled)));

    assert!(questions > 0);
    assert_eq!(asked.get(), 1);
}

#[test]
fn the_name_of_a_directory_is_held_once_for_all_its_patterns() {
    let mut patterns = UserPatterns::default();
    patterns.add("a\n".repeat(1000).as_bytes(), b"some/directory");
    patterns.add(b"# nothing\n", b"other");

    let held: Vec<_> =
        patterns.0.iter().map(|section| (&section.prefix[..], section.patterns.len())).collect();
    assert_eq!(held, [(&b"some/directory/"[..], 1000)]);
}

#[test]
fn comments_and_blank_lines_are_no_patterns_and_leave_the_defaults_alone() {
    let rules = rules("# *.yaml\n\n \t\r\n");

    assert!(excluded(&rules, "a.png"));
    assert!(excluded(&rules, "sub/.sops.yaml"));
    assert!(!excluded(&rules, "a.yaml"));
}

#[test]
fn one_pattern_of_the_user_leaves_only_version_control_excluded() {
    let rules = rules("custom\r\n");

    assert!(excluded(&rules, "custom"));
    assert!(excluded(&rules, ".git/config"));
    assert!(!excluded(&rules, "a.png"));
}

#[test]
fn a_chart_is_whole_unless_the_user_says_otherwise() {
    let whole = UserPatterns::default().into_rules(Subject::Chart);
    let mut patterns = UserPatterns::default();
    patterns.add(b"*.png", b"");
    let said = patterns.into_rules(Subject::Chart);

    assert!(!excluded(&whole, ".gitignore"));
    assert!(excluded(&said, ".gitignore"));
}

#[test]
fn a_line_that_is_too_long_ends_its_file() {
    let longest = "x".repeat(65_535);

    assert!(excluded(&rules(&format!("{longest}\nfoo\n")), "foo"));
    assert!(!excluded(&rules(&format!("{longest}x\nfoo\n")), "foo"));
    assert!(excluded(&rules(&format!("bar\n{longest}x\nfoo\n")), "bar"));
}

#[test]
fn trailing_spaces_go_unless_one_is_escaped() {
    assert!(excluded(&rules("foo  "), "foo"));
    assert!(excluded(&rules("foo\\ "), "foo "));
    assert!(excluded(&rules("#x\n\\#h"), "#h"));
}
