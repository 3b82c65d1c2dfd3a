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
async fn whoever_wants_news_shares_the_next_flight_and_not_the_one_that_was_sent() {
    let flights: Flights<&str, usize> = Flights::default();
    let (asked, gate) = (AtomicUsize::new(0), Notify::new());
    let lead = async || {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        gate.notified().await;
        Ok::<_, ()>(number)
    };
    let mut sent = Box::pin(flights.join("key", lead()));
    assert!(futures::poll!(sent.as_mut()).is_pending());
    let mut rider = Box::pin(flights.join("key", lead()));
    assert!(futures::poll!(rider.as_mut()).is_pending());
    let mut asking: Vec<_> = (0..10).map(|_| Box::pin(flights.join_unsent("key", lead()))).collect();
    for one in &mut asking {
        assert!(futures::poll!(one.as_mut()).is_pending());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "one flight at a time");

    gate.notify_one();
    assert_eq!((sent.await, rider.await), (Ok(0), Ok(0)));
    gate.notify_one();
    assert_eq!(join_all(asking).await, vec![Ok(1); 10]);
    assert!(flights.is_empty());
}

#[tokio::test]
async fn a_flight_that_waits_behind_another_survives_the_loss_of_its_leader() {
    let flights: Flights<&str, usize> = Flights::default();
    let mut sent = Box::pin(flights.join("key", std::future::pending::<Result<usize, ()>>()));
    assert!(futures::poll!(sent.as_mut()).is_pending());
    let mut leader = Box::pin(flights.join_unsent("key", async { Ok::<_, ()>(1) }));
    assert!(futures::poll!(leader.as_mut()).is_pending());
    let mut waiter = Box::pin(flights.join_unsent("key", async { Ok::<_, ()>(2) }));
    assert!(futures::poll!(waiter.as_mut()).is_pending());

    drop(leader);
    drop(sent);

    assert_eq!(waiter.await, Ok(2));
    assert!(flights.is_empty());
}

#[tokio::test]
async fn a_flight_that_has_landed_takes_nobody() {
    let flights: Flights<&str, usize> = Flights::default();
    assert_eq!(flights.join("key", async { Ok::<_, ()>(1) }).await, Ok(1));
    assert_eq!(flights.join("key", async { Ok::<_, ()>(2) }).await, Ok(2));
}
