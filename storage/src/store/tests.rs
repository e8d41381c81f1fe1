use std::sync::Arc;

use bytes::Bytes;
use expect_test::expect;

use super::local::LocalStore;
use super::memory::{Fault, MemoryStore};
use super::{Created, Store, StoreError};

async fn keeps_the_law(store: &dyn Store) {
    assert!(matches!(store.get("a/x").await, Err(StoreError::NotFound { .. })));
    assert!(matches!(store.open("a/x"), Err(StoreError::NotFound { .. })));
    assert_eq!(store.create("a/x", Bytes::from_static(b"one")).await.unwrap(), Created::Yes);
    assert_eq!(store.create("a/x", Bytes::from_static(b"two")).await.unwrap(), Created::Exists);
    assert_eq!(store.get("a/x").await.unwrap(), "one");
    store.put("a/x", Bytes::from_static(b"three")).await.unwrap();
    store.put("a/b/deep", Bytes::new()).await.unwrap();
    store.put("c", Bytes::from_static(b"0123456789")).await.unwrap();
    assert_eq!(store.list("").await.unwrap(), ["a/b/deep", "a/x", "c"]);
    assert_eq!(store.list("a/").await.unwrap(), ["a/b/deep", "a/x"]);
    assert_eq!(store.list("a/x").await.unwrap(), ["a/x"]);
    assert!(store.list("b/none").await.unwrap().is_empty());

    let file = store.open("c").unwrap();
    store.delete("c").await.unwrap();
    store.delete("c").await.unwrap();
    assert!(matches!(store.open("c"), Err(StoreError::NotFound { .. })));
    assert_eq!((file.len(), file.is_empty()), (10, false));
    assert_eq!(file.read_at(3..5).unwrap(), "34");
    assert!(matches!(file.read_at(3..11), Err(StoreError::Corrupt { .. })));
    assert!(matches!(file.read_at(u64::MAX - 1..u64::MAX), Err(StoreError::Corrupt { .. })));
}

#[tokio::test]
async fn memory() {
    keeps_the_law(&MemoryStore::new()).await;
}

#[tokio::test]
async fn local() {
    let folder = tempfile::tempdir().unwrap();
    keeps_the_law(&LocalStore::open(folder.path().join("new/store")).unwrap()).await;
}

#[tokio::test]
async fn of_many_who_create_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    let attempts: Vec<_> = (0..16u8)
        .map(|nth| {
            let store = store.clone();
            tokio::spawn(async move { store.create("m/1", Bytes::from(vec![nth; 9])).await })
        })
        .collect();
    let mut winners = Vec::new();
    for (nth, attempt) in (0u8..).zip(attempts) {
        if attempt.await.unwrap().unwrap() == Created::Yes {
            winners.push(nth);
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(store.get("m/1").await.unwrap(), vec![winners[0]; 9]);
}

#[tokio::test]
async fn what_a_crash_left_without_a_name_is_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".tmp")).unwrap();
    std::fs::write(folder.path().join(".tmp/0"), "torn").unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    store.create("x", Bytes::from_static(b"whole")).await.unwrap();
    assert_eq!(store.list("").await.unwrap(), ["x"]);
    assert_eq!(std::fs::read_dir(folder.path().join(".tmp")).unwrap().count(), 0);
}

#[tokio::test]
#[should_panic(expected = "is made of folders and a file")]
async fn a_name_does_not_leave_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _ = LocalStore::open(folder.path()).unwrap().get("../etc").await;
}

#[tokio::test]
async fn errors_say_one_fact_each() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    store.put("x", Bytes::new()).await.unwrap();
    expect!["no object y"].assert_eq(&store.get("y").await.unwrap_err().to_string());
    let error = store.put("x/y", Bytes::new()).await.unwrap_err();
    expect!["store unavailable for x/y"].assert_eq(&error.to_string());
}

#[tokio::test]
async fn faults_hit_the_next_calls_in_order() {
    let store = Arc::new(MemoryStore::new());
    store.inject([Fault::None, Fault::Refused, Fault::AnswerLost, Fault::Full]);
    let one = || Bytes::from_static(b"1");
    assert_eq!(store.create("a", one()).await.unwrap(), Created::Yes);
    assert!(matches!(store.create("b", one()).await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(store.create("c", one()).await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(store.create("d", one()).await, Err(StoreError::Full { .. })));
    assert_eq!(store.names(), ["a", "c"]);
    assert!(store.forget("a") && !store.forget("a"));
    assert_eq!(store.list("").await.unwrap(), ["c"]);
}
