//! The actors and the messages that they exchange.
//!
//! | Message | From -> To |
//! |---|---|
//! | `ObjectChanged` | watch -> Watcher |
//! | `SpecObserved` | Watcher -> Repository |
//! | `DependencyChanged` | watch -> Watcher |
//! | `DependencyShown` | Watcher -> Repository |
//! | `DependenciesNamed` | Repository -> Watcher |
//! | `HookChanged` | watch -> Receiver |
//! | `Deliver` | webhook server -> Receiver |
//! | `Refused` | webhook server -> Receiver |
//! | `Lead` | program -> Receiver |
//! | `HandOver` | program -> Receiver |
//! | `Nudge` | Receiver -> Watcher |
//! | `Nudged` | Watcher -> Repository |
//! | `Inspect` | Repository -> Storage |
//! | `Admit` | Repository -> Registry |
//! | `Resolve` | Repository -> Resolver |
//! | `Verify` | Repository -> Verifier |
//! | `Describe` | Repository -> Fetcher |
//! | `Claim` | Repository -> Storage |
//! | `Fetch` | Repository -> Fetcher |
//! | `Publish` | Repository -> Storage |
//! | `StatusObserved` | Repository -> StatusWriter |
//! | `WriteStatus` | Repository, Watcher -> StatusWriter |
//! | `Announce` | Repository -> StatusWriter |
//! | `AddFinalizer` | Repository -> StatusWriter |
//! | `RemoveFinalizer` | Repository -> StatusWriter |
//! | `Forget` | Repository -> StatusWriter |
//! | `Flush` | program -> StatusWriter |
//! | `Purge` | Repository -> Storage |
//! | `ArtifactDamaged` | Storage -> Watcher -> Repository |
//! | `HostRecovered` | Registry -> Repository |
//! | `TurnReturned` | turn -> Registry |
//! | `HostAnswered` | line of a probe -> Registry |
//! | `TakeCensus` | program -> Registry |
//! | `RepositoryStopped` | Repository -> Watcher |
//! | `ObjectVanished` | Watcher -> Repository |
//! | `Drain` | Watcher -> Repository |
//! | `StopWatching` | program -> Watcher |

pub mod cluster;
mod dependency;
pub mod failure;
pub mod fetcher;
pub mod fields;
pub mod flights;
mod key;
mod known;
mod merge_patch;
mod object;
mod packed;
mod queue;
pub mod receiver;
mod recorder;
pub mod registry;
pub mod repository;
pub mod resolver;
mod scope;
mod seen;
mod sources;
pub mod status_writer;
pub mod storage;
#[cfg(feature = "testing")]
pub mod testing;
pub mod translate;
pub mod verifier;
pub mod watcher;

pub use dependency::{Dependency, DependencyKind, dependencies};
pub use key::Key;
pub use known::Known;
pub use object::{FINALIZER, Object};
pub use recorder::{End, Recorder};
pub use scope::{Budget, FinalizerSender, Scope};
pub use seen::Seen;
pub use sources::{Sources, Tag};
