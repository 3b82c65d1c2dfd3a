//! The program as a whole: what holds between its parts.

mod architecture;
mod failures;
mod helm;
