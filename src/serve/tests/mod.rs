//! The servers over real sockets, asked byte by byte.

mod client;
mod conditions;
mod files;
mod limits;
mod probes;
mod shelf;
mod webhooks;
