//! The snappy block format, as remote write bodies use it.
//!
//! Law: nothing is allocated on the word of the body alone. The declared length is refused when
//! it is over the caller's limit, and when it is more than the body could possibly expand to.

use thiserror::Error;

/// The longest output of one byte of snappy: a copy of 64 bytes takes three.
const EXPANSION_MAX: usize = 22;

/// Why a body is not taken.
#[derive(Debug, Error)]
pub enum SnappyError {
    /// The body says that it is longer than the limit.
    #[error("body of {declared} bytes decompressed is over the limit of {limit}")]
    Limit {
        /// Length that the body declares.
        declared: usize,
        /// Limit of the caller.
        limit: usize,
    },
    /// The body says that it is longer than its bytes can make it.
    #[error("snappy body of {body} bytes declares {declared} bytes")]
    Lie {
        /// Length that the body declares.
        declared: usize,
        /// Length of the body.
        body: usize,
    },
    /// The body is not in snappy's block format.
    #[error("invalid snappy body")]
    Invalid(#[from] snap::Error),
}

/// Decompresses `body` into the front of `out` and returns that part.
///
/// `out` only ever grows, at most to `limit`: a buffer that is kept is not cleared again for each
/// body.
pub fn snappy_decode<'o>(
    body: &[u8],
    limit: usize,
    out: &'o mut Vec<u8>,
) -> Result<&'o [u8], SnappyError> {
    let declared = snap::raw::decompress_len(body)?;
    if declared > limit {
        return Err(SnappyError::Limit { declared, limit });
    }
    if declared > body.len().saturating_mul(EXPANSION_MAX) {
        return Err(SnappyError::Lie { declared, body: body.len() });
    }
    if out.len() < declared {
        out.resize(declared, 0);
    }
    let written = snap::raw::Decoder::new().decompress(body, &mut out[..declared])?;
    Ok(&out[..written])
}

/// Compresses a message, as a sender of remote write does.
pub fn snappy_encode(message: &[u8]) -> Result<Vec<u8>, SnappyError> {
    Ok(snap::raw::Encoder::new().compress_vec(message)?)
}

#[cfg(test)]
mod tests;
