//! What a caller gives to be held is held until the evaluation has ended.

use std::sync::Mutex;

use hydrograph_storage::samples::Samples;
use hydrograph_storage::source::{
    LabelQuestion, SampleReader, SelectRequest, Series, SeriesPart, SeriesSet, Source, SourceError,
};
use hydrograph_storage::time_range::TimeRange;
use tokio::sync::{mpsc, oneshot};

use super::*;

/// One series; whoever reads it tells so and waits until told to go on.
struct Slow(Arc<Gate>);

struct Gate {
    reading: mpsc::Sender<()>,
    go: Mutex<Option<oneshot::Receiver<()>>>,
}

impl SampleReader for Gate {
    fn read(&self, _: u32, _: TimeRange, _: &mut Samples) -> Result<(), SourceError> {
        self.reading.blocking_send(()).unwrap();
        let go = self.go.lock().unwrap().take().unwrap();
        go.blocking_recv().unwrap();
        Ok(())
    }
}

#[async_trait::async_trait]
impl Source for Slow {
    async fn select(&self, _: &SelectRequest) -> Result<Vec<SeriesSet>, SourceError> {
        let labels = Labels::from_pairs([("__name__", "up")]);
        let parts = vec![SeriesPart { reader: self.0.clone(), id: 0 }];
        Ok(vec![SeriesSet { series: vec![Series { labels, parts }] }])
    }

    async fn label_strings(
        &self,
        _: &SelectRequest,
        _: &LabelQuestion,
    ) -> Result<Vec<String>, SourceError> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn a_turn_lasts_as_long_as_the_evaluation() {
    let (reading, mut is_reading) = mpsc::channel(1);
    let (go, may_go) = oneshot::channel();
    let (turn, mut turn_over) = oneshot::channel::<()>();
    let source = Arc::new(Slow(Arc::new(Gate { reading, go: Mutex::new(Some(may_go)) })));
    let request = QueryRequest {
        tenant: Arc::from("anonymous"),
        text: "up".to_owned(),
        expr: promql::parse("up", Options::default()).unwrap(),
        range: QueryRange::Instant { t_ms: 0 },
        lookback_ms: None,
        limits: limits(1 << 20),
        turn: Some(Box::new(turn)),
    };
    let engine = Engine::new(source, EngineOptions::default());
    let client = tokio::spawn(async move { engine.run(request).await });
    is_reading.recv().await.unwrap();
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    assert_eq!(turn_over.try_recv(), Err(oneshot::error::TryRecvError::Empty));
    go.send(()).unwrap();
    assert!(turn_over.await.is_err(), "dropped with the evaluation");
}
