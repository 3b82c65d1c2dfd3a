//! The Registry actor through its messages alone: no network, and time that stands still unless a test moves it.

#[cfg(test)]
#[path = "registry/cooling.rs"]
mod cooling;
#[cfg(test)]
#[path = "registry/measured.rs"]
mod measured;
#[cfg(test)]
#[path = "registry/outage.rs"]
mod outage;
#[cfg(test)]
#[path = "registry/support.rs"]
mod support;
#[cfg(test)]
#[path = "registry/turns.rs"]
mod turns;
