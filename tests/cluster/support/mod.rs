//! What the cluster tests stand on: servers as child processes, a client, and the manifests of `examples/`.

pub(crate) mod api;
pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod certificates;
pub(crate) mod chart;
pub(crate) mod controlplane;
pub(crate) mod files;
pub(crate) mod gate;
pub(crate) mod gitea;
pub(crate) mod image;
pub(crate) mod inventory;
pub(crate) mod manifest;
pub(crate) mod namespace_controller;
pub(crate) mod operator;
pub(crate) mod ports;
pub(crate) mod process;
pub(crate) mod registry;
pub(crate) mod release;
pub(crate) mod scene;
pub(crate) mod scripted;
pub(crate) mod tools;
pub(crate) mod waiting;
