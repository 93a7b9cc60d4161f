//! Reading a body within bounds.

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use std::time::Duration;

/// The most bytes of a body that is answered.
pub(crate) const MOST: usize = 1 << 20;

/// The most bytes that are read and thrown away, so that a client that is still writing gets to
/// read our answer.
const MOST_DISCARDED: usize = 16 << 20;

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoBody {
    /// It is larger than [`MOST`].
    TooLarge,
    /// The client went away or took too long.
    Broken,
}

/// Reads a body whole.
pub(crate) async fn read(body: Body) -> Result<Bytes, NoBody> {
    tokio::time::timeout(PATIENCE, read_patiently(body)).await.unwrap_or(Err(NoBody::Broken))
}

async fn read_patiently(body: Body) -> Result<Bytes, NoBody> {
    let mut chunks = body.into_data_stream();
    let Some(first) = chunks.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(|_| NoBody::Broken)?;
    let mut length = first.len();
    let Some(second) = chunks.next().await else {
        return if length <= MOST { Ok(first) } else { Err(NoBody::TooLarge) };
    };
    let mut whole = first.to_vec();
    let mut next = Some(second);
    while let Some(chunk) = next {
        let chunk = chunk.map_err(|_| NoBody::Broken)?;
        length = length.saturating_add(chunk.len());
        if length <= MOST {
            whole.extend_from_slice(&chunk);
        } else {
            whole = Vec::new();
        }
        if length > MOST_DISCARDED {
            return Err(NoBody::TooLarge);
        }
        next = chunks.next().await;
    }
    if length <= MOST { Ok(whole.into()) } else { Err(NoBody::TooLarge) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::cases;
    use futures_util::stream;
    use proptest::prelude::*;
    use std::io;

    async fn of(chunks: Vec<Result<Vec<u8>, io::Error>>) -> Result<Bytes, NoBody> {
        read(Body::from_stream(stream::iter(chunks))).await
    }

    #[tokio::test]
    async fn a_body_is_put_together() {
        assert_eq!(of(vec![]).await.unwrap(), "");
        assert_eq!(of(vec![Ok(b"abc".to_vec())]).await.unwrap(), "abc");
        assert_eq!(of(vec![Ok(b"a".to_vec()), Ok(b"b".to_vec()), Ok(b"c".to_vec())]).await.unwrap(), "abc");
    }

    #[tokio::test]
    async fn one_mebibyte_is_the_most() {
        assert_eq!(of(vec![Ok(vec![b'x'; MOST])]).await.unwrap().len(), MOST);
        assert_eq!(of(vec![Ok(vec![b'x'; MOST - 1]), Ok(vec![b'x'])]).await.unwrap().len(), MOST);
        assert_eq!(of(vec![Ok(vec![b'x'; MOST + 1])]).await, Err(NoBody::TooLarge));
        assert_eq!(of(vec![Ok(vec![b'x'; MOST]), Ok(vec![b'x'])]).await, Err(NoBody::TooLarge));
    }

    #[tokio::test]
    async fn a_larger_body_is_read_to_its_end_up_to_sixteen() {
        let read = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = read.clone();
        let chunks = stream::iter(0..64).map(move |_| {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok::<_, io::Error>(vec![b'x'; MOST])
        });
        assert_eq!(super::read(Body::from_stream(chunks)).await, Err(NoBody::TooLarge));
        assert_eq!(read.load(std::sync::atomic::Ordering::Relaxed), 17);
    }

    #[tokio::test]
    async fn a_client_that_goes_away_has_sent_nothing() {
        let gone = || Err(io::Error::other("gone"));
        assert_eq!(of(vec![gone()]).await, Err(NoBody::Broken));
        assert_eq!(of(vec![Ok(b"a".to_vec()), gone()]).await, Err(NoBody::Broken));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_too_slow_has_sent_nothing() {
        let dripping = |pause: Duration| {
            let chunks = stream::iter(0..10).then(move |_| async move {
                tokio::time::sleep(pause).await;
                Ok::<_, io::Error>(b"x".to_vec())
            });
            read(Body::from_stream(chunks))
        };
        assert_eq!(dripping(PATIENCE / 11).await.unwrap(), "xxxxxxxxxx");
        assert_eq!(dripping(PATIENCE / 9).await, Err(NoBody::Broken));
    }

    proptest! {
        #![proptest_config(cases(64))]

        #[test]
        fn a_body_is_all_of_its_chunks_or_none_however_they_are_cut(
            lengths in proptest::collection::vec(
                prop_oneof![Just(0), 1..200usize, Just(MOST / 2), Just(MOST - 1), Just(MOST), Just(MOST + 1)],
                0..6,
            ),
            breaks_off: bool,
        ) {
            let chunk = |(at, length): (usize, &usize)| vec![u8::try_from(at).unwrap(); *length];
            let chunks: Vec<_> = lengths.iter().enumerate().map(chunk).collect();
            let whole = chunks.concat();
            let end = breaks_off.then(|| Err(io::Error::other("gone")));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let read = runtime.block_on(of(chunks.into_iter().map(Ok).chain(end).collect()));
            if breaks_off {
                prop_assert_eq!(read, Err(NoBody::Broken));
            } else if whole.len() <= MOST {
                prop_assert!(read.is_ok_and(|read| read == whole));
            } else {
                prop_assert_eq!(read, Err(NoBody::TooLarge));
            }
        }
    }
}
