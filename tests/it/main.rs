//! The program as a whole: what holds between its parts.

mod architecture;
mod flows;
mod failures;
mod helm;
