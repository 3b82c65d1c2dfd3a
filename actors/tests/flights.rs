//! Single-flight: one leads, all ride, and a leader that is lost is replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use sluice_actors::flights::Flights;
use tokio::sync::Notify;

#[tokio::test]
async fn of_equal_questions_at_one_time_one_goes_out() {
    let flights: Flights<&str, usize> = Flights::default();
    let asked = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(Notify::new());
    let riders = (0..20).map(|_| {
        let (asked, gate) = (Arc::clone(&asked), Arc::clone(&gate));
        flights.join("key", async move {
            asked.fetch_add(1, Ordering::SeqCst);
            gate.notified().await;
            Ok::<_, ()>(7)
        })
    });
    let opening = async { gate.notify_one() };
    let (answers, ()) = tokio::join!(join_all(riders), opening);

    assert_eq!(answers, vec![Ok(7); 20]);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert!(flights.is_empty());
}

#[tokio::test]
async fn a_leader_without_an_answer_leaves_the_lead_to_the_next() {
    let flights: Flights<&str, usize> = Flights::default();
    let gate = Notify::new();
    let first = flights.join("key", async {
        gate.notified().await;
        Err("out of time")
    });
    let second = flights.join("key", async { Ok::<_, &str>(2) });
    let opening = async { gate.notify_one() };

    let (first, second, ()) = tokio::join!(first, second, opening);
    assert_eq!((first, second), (Err("out of time"), Ok(2)));
}

#[tokio::test]
async fn a_cancelled_leader_leaves_the_lead_to_the_next() {
    let flights: Flights<&str, usize> = Flights::default();
    let mut leader = Box::pin(flights.join("key", std::future::pending::<Result<usize, ()>>()));
    assert!(futures::poll!(leader.as_mut()).is_pending());
    let mut waiter = Box::pin(flights.join("key", async { Ok::<_, ()>(3) }));
    assert!(futures::poll!(waiter.as_mut()).is_pending());

    drop(leader);

    assert_eq!(waiter.await, Ok(3));
    assert!(flights.is_empty());
}

#[tokio::test]
async fn a_flight_that_has_landed_takes_nobody() {
    let flights: Flights<&str, usize> = Flights::default();
    assert_eq!(flights.join("key", async { Ok::<_, ()>(1) }).await, Ok(1));
    assert_eq!(flights.join("key", async { Ok::<_, ()>(2) }).await, Ok(2));
}
