//! Durations in the language of Go.

use std::time::Duration;

use sluice_crds::go_duration;

#[test]
fn durations_mean_what_they_say_and_nothing_below_a_nanosecond() {
    let cases = [
        ("0", 0),
        ("+0", 0),
        ("0s", 0),
        ("1ns", 1),
        ("1us", 1_000),
        ("1\u{b5}s", 1_000),
        ("1\u{3bc}s", 1_000),
        ("500ms", 500_000_000),
        ("1.5s", 1_500_000_000),
        ("1.s", 1_000_000_000),
        (".5s", 500_000_000),
        ("+5s", 5_000_000_000),
        ("5m", 300_000_000_000),
        ("1h30m", 5_400_000_000_000),
        ("1h15m30.918273645s", 4_530_918_273_645),
        ("30m1h", 5_400_000_000_000),
        ("0.000000001s", 1),
        ("0.0000000019s", 1),
        ("0.3333333333333333333h", 1_199_999_999_999),
        ("0.100000000000000000000h", 360_000_000_000),
        ("0.9223372036854775807h", 3_320_413_933_267),
        ("9223372036854775807ns", 9_223_372_036_854_775_807),
        ("9223372036854775.807us", 9_223_372_036_854_775_807),
        ("2562047h47m16.854775807s", 9_223_372_036_854_775_807),
    ];
    for (text, nanoseconds) in cases {
        assert_eq!(go_duration(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
    }
}

#[test]
fn what_is_no_duration_is_refused_in_gos_words() {
    let cases = [
        ("", r#"time: invalid duration """#),
        ("+", r#"time: invalid duration "+""#),
        ("-1s", r#"time: invalid duration "-1s""#),
        (".", r#"time: invalid duration ".""#),
        (".s", r#"time: invalid duration ".s""#),
        ("s", r#"time: invalid duration "s""#),
        ("1 minute", r#"time: unknown unit " minute" in duration "1 minute""#),
        ("3", r#"time: missing unit in duration "3""#),
        ("1h3", r#"time: missing unit in duration "1h3""#),
        ("1d", r#"time: unknown unit "d" in duration "1d""#),
        ("1.5.5s", r#"time: missing unit in duration "1.5.5s""#),
        ("9223372036854775808ns", r#"time: invalid duration "9223372036854775808ns""#),
        ("2562048h", r#"time: invalid duration "2562048h""#),
        (
            "99999999999999999999999999999999999999999h",
            "time: invalid duration \"99999999999999999999999999999999999999999h\"",
        ),
    ];
    for (text, words) in cases {
        assert_eq!(go_duration(text).unwrap_err().to_string(), words);
    }
}

#[test]
fn a_sum_of_many_parts_ends_at_what_go_can_hold() {
    let longest = "2562047h".to_owned() + &"1m".repeat(47);
    assert!(go_duration(&longest).is_ok());

    assert!(go_duration(&(longest + "1m")).is_err());
}
