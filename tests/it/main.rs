//! The program as a whole: what holds between its parts.

mod architecture;
mod failures;
mod flows;
mod helm;
mod inventory;
