//! Durations as Go writes them, the way `interval` and `timeout` are given.

use std::time::Duration;

/// The longest duration that Go can hold, in nanoseconds.
const LONGEST: u128 = i64::MAX as u128;
/// Even of an hour the digits behind these are less than a nanosecond.
const DECIMAL_PLACES: usize = 18;

/// Why a text is no duration, in Go's words; the text itself is shown quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It is empty, has no digits where some must be, is negative or longer than 292 years.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number has no unit.
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    /// A unit is none of `ns`, `us`, `ms`, `s`, `m`, `h`.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// What stands where the unit should.
        unit: String,
        /// The whole text.
        text: String,
    },
}

/// Reads a duration such as `1h30m`, `500ms` or `1.5s`; what is finer than a nanosecond is dropped.
///
/// # Errors
/// [`DurationError`]. Negative durations are errors: nothing in the API can mean one.
pub fn go_duration(text: &str) -> Result<Duration, DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanoseconds: u128 = 0;
    while !rest.is_empty() {
        let (whole, after_whole) = digits(rest);
        let (fraction, after_number) = after_whole.strip_prefix('.').map_or(("", after_whole), digits);
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = after_number.find(|character: char| character == '.' || character.is_ascii_digit());
        let (unit, after_unit) = after_number.split_at(end.unwrap_or(after_number.len()));
        let scale = nanoseconds_in(unit).ok_or_else(|| wrong_unit(unit, text))?;
        nanoseconds += amount(whole, fraction, scale).ok_or_else(invalid)?;
        if nanoseconds > LONGEST {
            return Err(invalid());
        }
        rest = after_unit;
    }
    u64::try_from(nanoseconds).map(Duration::from_nanos).map_err(|_| invalid())
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn nanoseconds_in(unit: &str) -> Option<u128> {
    match unit {
        "ns" => Some(1),
        "us" | "\u{b5}s" | "\u{3bc}s" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        "m" => Some(60 * 1_000_000_000),
        "h" => Some(3_600 * 1_000_000_000),
        _ => None,
    }
}

fn wrong_unit(unit: &str, text: &str) -> DurationError {
    if unit.is_empty() {
        return DurationError::MissingUnit(text.to_owned());
    }
    DurationError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() }
}

/// The nanoseconds in `whole.fraction` units, none if Go could not hold them.
fn amount(whole: &str, fraction: &str, scale: u128) -> Option<u128> {
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let total = whole.checked_mul(scale).filter(|total| *total <= LONGEST)?;
    let (numerator, denominator) =
        fraction.bytes().take(DECIMAL_PLACES).fold((0, 1), |(numerator, denominator), digit| {
            (numerator * 10 + u128::from(digit - b'0'), denominator * 10)
        });
    Some(total + numerator * scale / denominator)
}
