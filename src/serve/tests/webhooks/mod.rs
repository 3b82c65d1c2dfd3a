//! The webhook server over real sockets, with the Receiver behind it: what is taken, from whom, and whom it wakes.

mod accepted;
mod cluster;
mod floods;
mod issuer;
mod late;
mod limits;
mod namespaces;
mod proofs;
mod questions;
mod refused;
mod rotation;
mod secrecy;
mod senders;
mod sending;
mod stage;
mod standby;
mod tokens;
mod trap;
