//! The least that an operator can do in a cold start of the fleet's `mixed`, and for a nudge, with the crates that the program is made
//! of: one read of the Secret, the requests to the registry, one file and the writes of each object. It makes no archive, knows no
//! limits and mends nothing. `benches/performance/run` starts it as the fleet's operator: `bare DATA ARTIFACTS HEALTH`, a folder and two
//! addresses.

mod cluster;
mod registry;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context;
use futures::TryStreamExt;
use kube::runtime::{WatchStreamExt, watcher};
use tokio::sync::{OnceCell, Semaphore};

use cluster::{Cluster, Repository, due, requested};
use registry::Registry;

/// That of the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Objects under way at once, as those of the floor.
const AT_ONCE: usize = 16;

struct Bare {
    cluster: Cluster,
    data: PathBuf,
    turns: Semaphore,
    registries: RefCell<HashMap<String, Rc<OnceCell<Registry>>>>,
}

fn main() -> anyhow::Result<()> {
    sluice::arbiter().block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let words: Vec<_> = std::env::args().filter(|word| !word.starts_with("--")).collect();
    let [_, data, artifacts, health] = words.as_slice() else {
        anyhow::bail!("bare DATA ARTIFACTS HEALTH: a folder and two addresses");
    };
    let folder = web::Data::new(PathBuf::from(data));
    let files =
        HttpServer::new(move || App::new().app_data(folder.clone()).route("/{name}", web::get().to(serve)));
    actix_web::rt::spawn(files.workers(1).bind(artifacts)?.run());
    let ready = HttpServer::new(|| App::new().default_service(web::to(HttpResponse::Ok)));
    actix_web::rt::spawn(ready.workers(1).bind(health)?.run());

    let cluster = Cluster::connect(artifacts).await?;
    let objects = cluster.repositories();
    let bare = Rc::new(Bare {
        cluster,
        data: data.into(),
        turns: Semaphore::new(AT_ONCE),
        registries: RefCell::default(),
    });
    let mut begun = HashSet::new();
    let mut seen = std::pin::pin!(watcher(objects, watcher::Config::default()).applied_objects());
    while let Some(object) = seen.try_next().await? {
        if due(&object) && begun.insert((object.metadata.uid.clone(), requested(&object).cloned())) {
            let bare = Rc::clone(&bare);
            actix_web::rt::spawn(async move {
                if let Err(error) = bare.take(&object).await {
                    eprintln!("{:?}: {error:#}", object.metadata.name);
                }
            });
        }
    }
    Ok(())
}

async fn serve(data: web::Data<PathBuf>, name: web::Path<String>) -> std::io::Result<HttpResponse> {
    let bytes = tokio::fs::read(data.join(name.as_str())).await?;
    Ok(HttpResponse::Ok().content_type("application/gzip").body(bytes))
}

impl Bare {
    /// One object that is new or was asked for, from its Secret to its event.
    async fn take(&self, object: &Repository) -> anyhow::Result<()> {
        let turn = self.turns.acquire().await?;
        let (host, repository) =
            object.spec.url.trim_start_matches("oci://").split_once('/').context("url")?;
        let authority = self.cluster.authority(object).await?;
        let registry = Rc::clone(self.registries.borrow_mut().entry(host.to_owned()).or_default());
        let registry = registry.get_or_try_init(|| Registry::find(host, authority.as_deref())).await?;
        let range = object.spec.reference.as_ref().is_some_and(|reference| reference.semver.is_some());
        let known = object.status.as_ref().is_some_and(|status| status.artifact.is_some());
        let pull = registry.pull(repository, range, known, &self.data);
        let (pulled, object) = tokio::try_join!(pull, self.cluster.put_on_finalizer(object))?;
        self.cluster.write_status(&object, &pulled).await?;
        drop(turn);
        self.cluster.write_event(&object, &pulled).await
    }
}
