//! The API as clients see it: its definition, its leniency, its durations.

mod definition;
mod duration;
mod examples;
mod reading;
