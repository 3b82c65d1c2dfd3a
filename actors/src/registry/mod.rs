//! Registry: turns, health and cool-downs of one origin.

mod messages;

pub use messages::{
    Admit, Census, Conduct, HostRecovered, Line, TakeCensus, Turn, TurnReturned, Urgency, Witness,
};
